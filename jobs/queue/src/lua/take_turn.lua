-- Gives turns at a steady rate to a whole fleet: the generic cell rate algorithm. What is kept is the
-- time at which everything that was given so far is worked off.
-- KEYS[1] that time in microseconds; ARGV[1] turns a second, ARGV[2] turns at once after a rest,
-- ARGV[3] turns that are wanted, ARGV[4] the longest wait in microseconds.
-- Answers whether they are given, and the microseconds to wait: for them, or before asking again.
-- The clock is that of Redis, so the clocks of the processes do not matter.
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval = 1000000 / ARGV[1]
local rest = ARGV[2] * interval
local longest = tonumber(ARGV[4])
local done = tonumber(redis.call('GET', KEYS[1]) or now)
-- A minute more than can be given: the clock went back, as after a failover.
if done < now or done > now + rest + longest + 60000000 then
  done = now
end
local after = done + ARGV[3] * interval
local wait = math.max(0, math.ceil(after - rest - now))
if wait > longest then
  return {0, wait}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {1, wait}
