SELECT d.id, d.job, d.at, d.verdict, d.policy_version, d.facts, i.kind, i.submitter, j.office
FROM decision d JOIN job_item i ON i.id = d.job JOIN job j ON j.id = d.job
WHERE d.id > $1 AND d.id < $2 AND d.made_by = 'policy'
ORDER BY d.id LIMIT $3
