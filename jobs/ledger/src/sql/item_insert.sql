INSERT INTO job_item (id, kind, reference, batch, submitter, person, created_at, traceparent,
    payload, payload_salt, payload_digest)
{rows}
ON CONFLICT (kind, reference) DO NOTHING
