WITH v(concern) AS ({rows})
SELECT r.concern, r.id FROM v CROSS JOIN review r
WHERE r.concern = v.concern AND r.state = 'open' AND r.joined_to IS NULL
{share_review}
