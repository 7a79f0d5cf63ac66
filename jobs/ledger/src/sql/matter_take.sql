INSERT INTO matter (topic, job)
SELECT $1, job.id FROM job WHERE job.id = $2 AND job.state = 'running' {lock}
ON CONFLICT (topic) DO UPDATE SET job = excluded.job WHERE matter.job = excluded.job
