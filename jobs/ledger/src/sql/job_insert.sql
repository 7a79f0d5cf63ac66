INSERT INTO job (id, office, batch, lane, deadline, state, attempt, claimed_attempt, failures,
    rescues, run_at, updated_at, seq)
{rows}
