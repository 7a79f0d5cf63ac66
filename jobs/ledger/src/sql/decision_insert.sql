INSERT INTO decision (id, job, batch, attempt, at, verdict, policy_version, facts_digest, rules,
    facts, findings, made_by)
{rows}
