INSERT INTO event (id, at, type, actor, office, job, job_seq, bytes) {rows}
