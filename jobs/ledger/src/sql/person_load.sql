WITH v(pseudonym) AS ({rows})
SELECT p.pseudonym, p.wrapped_key FROM v CROSS JOIN person p WHERE p.pseudonym = v.pseudonym
{keep_person}
