-- A worker that was given up and speaks again is live again, so that its jobs are watched.
INSERT INTO worker (id, name, state, started_at, heartbeat_at) VALUES ($1, $2, 'live', $3, $3)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, heartbeat_at = excluded.heartbeat_at,
    state = CASE WHEN worker.state = 'stopped' THEN worker.state ELSE 'live' END
RETURNING CASE WHEN started_at = $3 AND heartbeat_at = $3 THEN 1 ELSE 0 END
