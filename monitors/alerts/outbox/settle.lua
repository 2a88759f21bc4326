-- Take messages off a lane once they are delivered or given up, if this monitor leads.
--
-- KEYS  leader, lane, parked
-- ARGV  token, how many parked are kept, then for each message: it as it lies in the lane, it as it is parked ('' when it was delivered)
--
-- Answers how many were taken off.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local taken = 0
for at = 3, #ARGV, 2 do
  local found = redis.call('LREM', KEYS[2], 1, ARGV[at])
  taken = taken + found
  if found == 1 and ARGV[at + 1] ~= '' then
    redis.call('RPUSH', KEYS[3], ARGV[at + 1])
    redis.call('LTRIM', KEYS[3], -tonumber(ARGV[2]), -1)
  end
end
return taken
