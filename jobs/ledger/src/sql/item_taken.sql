WITH v(kind, reference) AS ({rows})
SELECT i.id, i.kind, i.reference, i.payload
FROM v CROSS JOIN job_item i WHERE i.kind = v.kind AND i.reference = v.reference
