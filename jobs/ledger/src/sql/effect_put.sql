INSERT INTO effect (job, key, name, state, attempt, result, intended_at, resolved_at, before) {rows}
ON CONFLICT (job, key) DO UPDATE SET name = excluded.name, state = excluded.state,
    attempt = excluded.attempt, result = excluded.result, intended_at = excluded.intended_at,
    resolved_at = excluded.resolved_at, before = excluded.before
