-- Become or stay the leader.
--
-- KEYS  leader
-- ARGV  token, milliseconds to live
--
-- Answers 1 when this monitor leads, else 0.

local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
