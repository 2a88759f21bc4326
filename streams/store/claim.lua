-- Claim columns of stored rows for measures, once and for good: the hash only grows.
--
-- KEYS[1]  the hash of columns: field -> column
-- ARGV[1]  the first column that may be claimed     ARGV[2]  the first that may not
-- ARGV     then for each column a field, and the column that the caller knows it by ('' for none): a Redis that forgot a
--          claim gives the same one again
--
-- Answers {'claimed', the whole hash} or, when there is no room for all of them, {'full', how many are claimed}, and
-- nothing was claimed then.

local all = redis.call('HGETALL', KEYS[1])
local held, taken, top, count = {}, {}, tonumber(ARGV[1]) - 1, 0
for at = 1, #all, 2 do
  local column = tonumber(all[at + 1])
  held[all[at]] = true
  count = count + 1
  if column then
    taken[column] = true
    top = math.max(top, column)
  end
end

local found = {}
for at = 3, #ARGV, 2 do
  if not held[ARGV[at]] then
    local column = tonumber(ARGV[at + 1])
    if not column or taken[column] then
      column = top + 1
    end
    if column >= tonumber(ARGV[2]) then
      return {'full', tostring(count)}
    end
    held[ARGV[at]], taken[column] = true, true
    top = math.max(top, column)
    found[#found + 1] = ARGV[at]
    found[#found + 1] = string.format('%.0f', column)
  end
end
for at = 1, #found, 2 do
  redis.call('HSET', KEYS[1], found[at], found[at + 1])
end
return {'claimed', redis.call('HGETALL', KEYS[1])}
