-- Who may be given the review of job $1: enabled, with one of the roles $2, $3, $4, in the office of
-- the job or above it. `barred`: submitted it or its batch, or is related to its taxpayer.
SELECT a.name,
       CAST(MAX(CASE o.role
                    WHEN 'supervisor:integrity' THEN 2
                    WHEN 'supervisor:enforcement' THEN 1
                    ELSE 0
                END) AS BIGINT) AS tier,
       CAST(CASE WHEN EXISTS (SELECT 1 FROM account_group g
                         WHERE g.name = a.name AND g.group_name = i.kind)
            THEN 1 ELSE 0 END AS BIGINT) AS specialist,
       CAST(CASE WHEN a.name = i.submitter
              OR EXISTS (SELECT 1 FROM batch b WHERE b.id = job.batch AND b.submitter = a.name)
              OR EXISTS (SELECT 1 FROM account_relation l
                         WHERE l.name = a.name AND l.person = i.person)
            THEN 1 ELSE 0 END AS BIGINT) AS barred,
       (SELECT COUNT(*) FROM review r WHERE r.assigned_to = a.name AND r.state = 'open') AS load
FROM job
JOIN job_item i ON i.id = job.id
CROSS JOIN account_role o
JOIN account a ON a.name = o.name
WHERE job.id = $1
  AND o.role IN ($2, $3, $4)
  AND a.enabled = 1
  AND (a.office = job.office OR substr(job.office, 1, length(a.office) + 1) = a.office || '/')
GROUP BY a.name, i.kind, i.submitter, i.person, job.batch
-- Specialists and the barred first: whether there are any is asked too.
ORDER BY specialist DESC, barred, load, a.name
LIMIT 500
