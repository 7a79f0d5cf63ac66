SELECT bytes, n, xid::text::bigint FROM event
WHERE (xid, n) > ($1::bigint::text::xid8, $2::bigint)
ORDER BY event.xid, event.n LIMIT $3
