INSERT INTO lease (role, holder, until) VALUES ($1, $2, $3)
ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE lease.holder = excluded.holder OR lease.until <= $4
