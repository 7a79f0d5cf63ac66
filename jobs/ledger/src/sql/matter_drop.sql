WITH v(id) AS ({rows})
DELETE FROM matter WHERE job IN (SELECT id FROM v)
