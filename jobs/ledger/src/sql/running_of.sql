SELECT id FROM job WHERE state = 'running' AND worker = $1 ORDER BY id
