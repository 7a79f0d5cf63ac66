WITH v(id, since) AS ({rows})
SELECT me.id,
    (SELECT count(*) FROM (
        SELECT i.id FROM job_item i
        WHERE i.person = me.person AND i.id >= v.since AND i.id <> me.id
        ORDER BY i.id DESC LIMIT 500
    ) h JOIN job j ON j.id = h.id WHERE j.state = 'returned'),
    (SELECT count(*) FROM (
        SELECT i.id FROM job_item i
        WHERE i.person = me.person AND i.id >= v.since AND i.id <> me.id
        ORDER BY i.id DESC LIMIT 500
    ) h WHERE EXISTS (SELECT 1 FROM review r WHERE r.job = h.id AND r.state = 'approved'))
FROM v CROSS JOIN job_item me WHERE me.id = v.id
