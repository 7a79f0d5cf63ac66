WITH v(id) AS ({rows})
SELECT b.id FROM v CROSS JOIN batch b WHERE b.id = v.id
