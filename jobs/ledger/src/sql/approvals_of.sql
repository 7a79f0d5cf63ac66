WITH v(id) AS ({rows})
SELECT a.review, a.by_user, a.on_behalf_of, a.tier, a.at FROM v CROSS JOIN review_approval a
WHERE a.review = v.id ORDER BY a.at, a.by_user
