SELECT j.id FROM wait w CROSS JOIN job j
WHERE w.topic = $1 AND j.id = w.job AND j.state = 'waiting'
LIMIT 1000
