SELECT id, bytes, xid::text::bigint, n, at FROM event
WHERE (xid, n) > ($1::bigint::text::xid8, $2::bigint)
  AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY event.xid, event.n LIMIT $3
