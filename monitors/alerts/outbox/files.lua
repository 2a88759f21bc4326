-- Tell which files this monitor uses, and ask which the others do.
--
-- KEYS  files
-- ARGV  token, what it uses, its clock in milliseconds, for how long others are kept
--
-- What is stored begins with a clock: '1795348800000|...'. Answers what the others told of late, as stored.

redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. '|' .. ARGV[2])
local stored, found = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #stored, 2 do
  local at = tonumber(string.match(stored[i + 1], '^(%d+)|'))
  if not at or tonumber(ARGV[3]) - at > tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], stored[i])
  elseif stored[i] ~= ARGV[1] then
    found[#found + 1] = stored[i + 1]
  end
end
return found
