WITH v(id) AS ({rows})
SELECT i.id, i.person, p.wrapped_key
FROM v CROSS JOIN job_item i LEFT JOIN person p ON p.pseudonym = i.person WHERE i.id = v.id
