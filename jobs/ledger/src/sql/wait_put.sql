INSERT INTO wait (job, topic, deadline, why) {rows}
ON CONFLICT (job) DO UPDATE SET topic = excluded.topic, deadline = excluded.deadline,
    why = excluded.why
