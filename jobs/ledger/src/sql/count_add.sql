INSERT INTO job_count (batch, state, shard, n) {rows}
ON CONFLICT (batch, state, shard) DO UPDATE SET n = job_count.n + excluded.n
