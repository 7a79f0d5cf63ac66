INSERT INTO review (id, job, state, rules, payload, facts, policy, opened_at) {rows}
