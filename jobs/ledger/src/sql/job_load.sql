WITH v(id) AS ({rows})
SELECT job.id, job.office, job.batch, job.lane, job.deadline, job.state, job.attempt,
       job.claimed_attempt, job.failures, job.rescues, job.run_at, job.updated_at, job.finished_at,
       job.seq, job.verdict, job.last_error, job.cancel_asked_at, job.worker
FROM v CROSS JOIN job WHERE job.id = v.id {lock}
