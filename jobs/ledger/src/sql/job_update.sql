WITH v(id, state, attempt, claimed_attempt, failures, rescues, run_at, updated_at, finished_at, seq,
       verdict, last_error, cancel_asked_at, worker) AS ({rows})
UPDATE job SET state = v.state, attempt = v.attempt, claimed_attempt = v.claimed_attempt,
    failures = v.failures, rescues = v.rescues, run_at = v.run_at, updated_at = v.updated_at,
    finished_at = v.finished_at, seq = v.seq, verdict = v.verdict, last_error = v.last_error,
    cancel_asked_at = v.cancel_asked_at, worker = v.worker, dispatched_at = NULL
FROM v WHERE job.id = v.id
