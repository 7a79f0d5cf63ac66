INSERT INTO review (id, job, state, rules, payload, facts, policy, opened_at, approvals_needed, tier,
    joined_to, concern, rules_key)
{rows}
