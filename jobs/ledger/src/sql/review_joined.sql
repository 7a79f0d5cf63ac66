WITH v(id) AS ({rows})
SELECT r.joined_to, r.id FROM v CROSS JOIN review r
WHERE r.joined_to = v.id AND r.state = 'open'
