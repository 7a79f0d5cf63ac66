WITH v(id) AS ({rows})
DELETE FROM wait WHERE job IN (SELECT id FROM v)
