-- All that stands, as of one moment.
--
-- KEYS  writes, then the hashes
--
-- Answers how many changes were written, then the fields and values of each hash.

local found = {tonumber(redis.call('GET', KEYS[1]) or 0)}
for at = 2, #KEYS do
  found[at] = redis.call('HGETALL', KEYS[at])
end
return found
