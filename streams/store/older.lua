-- The rows of past quarter hours that late events add to.
--
-- KEYS     history hashes
-- ARGV     for each of them the quarter hours of its day asked for: one byte each, 0 to 95
--
-- Answers for each key its rows, in that order; nothing in place of a row that is not there.

local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('HMGET', key, string.byte(ARGV[i], 1, -1))
end
return found
