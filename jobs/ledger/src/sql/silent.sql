-- Silent processes, and any that hold jobs without being known or live.
SELECT w.id, w.name, w.started_at, w.heartbeat_at
FROM worker w WHERE w.state = 'live' AND w.heartbeat_at < $1
UNION
SELECT held.worker, coalesce(w.name, 'unknown'), coalesce(w.started_at, 0),
       coalesce(w.heartbeat_at, 0)
FROM (SELECT DISTINCT worker FROM job WHERE state = 'running') AS held
LEFT JOIN worker w ON w.id = held.worker
WHERE held.worker IS NOT NULL AND (w.state IS NULL OR w.state <> 'live')
    AND coalesce(w.heartbeat_at, 0) < $1
