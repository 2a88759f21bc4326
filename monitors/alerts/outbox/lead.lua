-- Become or stay the leader.
--
-- KEYS  leader, writes
-- ARGV  token, milliseconds to live
--
-- A token begins with its monitor's rank, such as '2:'; one of a higher rank takes the lead from one of a lower.
-- Answers 1 when this monitor leads, else 0; and how many changes were written.

local function rank(token)
  return tonumber(string.match(token, '^(%d):')) or 1
end

local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and rank(held) >= rank(ARGV[1]) then
  return {0, 0}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, tonumber(redis.call('GET', KEYS[2]) or 0)}
