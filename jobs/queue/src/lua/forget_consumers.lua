-- Deletes readers of a group that hold nothing and have not been heard of for a while.
-- KEYS[1] stream; ARGV[1] group, ARGV[2] idle milliseconds, ARGV[3] only this reader, or ''.
-- One script, because deleting a reader that has just fetched entries would lose them.
local forgotten = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local fact = {}
  for i = 1, #consumer, 2 do
    fact[consumer[i]] = consumer[i + 1]
  end
  local meant = ARGV[3] == '' or ARGV[3] == fact.name
  if meant and fact.pending == 0 and fact.idle >= tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], fact.name)
    forgotten = forgotten + 1
  end
end
return forgotten
