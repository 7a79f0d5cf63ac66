WITH v(id) AS ({rows})
SELECT i.id, i.kind, i.reference, i.submitter, i.created_at, i.traceparent, i.payload,
       i.payload_digest
FROM v CROSS JOIN job_item i WHERE i.id = v.id
