-- Read several hashes at one moment.
--
-- KEYS  the hashes, all of one partition
--
-- Answers each hash as a list of fields and values, or its error, in the order of KEYS.

local found = {}
for at, key in ipairs(KEYS) do
  found[at] = redis.pcall('HGETALL', key)
end
return found
