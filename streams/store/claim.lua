-- Claim columns of stored rows for measures, once and for good; and say since when each is counted.
--
-- KEYS[1]  the hash of columns: field -> column, and 'since ' .. field -> '@' .. milliseconds, or 'retired'
-- ARGV[1]  the first column that may be claimed     ARGV[2]  the first that may not
-- ARGV[3]  since when what is new is counted: epoch milliseconds
-- ARGV     then for each column a field, the column that the caller knows it by ('' for none), what it knows of since
--          when ('' for always), and whether it counts it: 'new' from now on, 'counts' as before, '' not at all. A Redis
--          that forgot a claim gives the same one again.
--
-- What the caller does not count is retired: it is counted since now when somebody claims it again. No column is ever
-- given away. Answers {'claimed', the whole hash} or, when there is no room for all of them, {'full', how many are
-- claimed}, and nothing was changed then.

local all = redis.call('HGETALL', KEYS[1])
local held, since, taken, top, count = {}, {}, {}, tonumber(ARGV[1]) - 1, 0
for at = 1, #all, 2 do
  if string.sub(all[at], 1, 6) == 'since ' then
    since[string.sub(all[at], 7)] = all[at + 1]
  else
    local column = tonumber(all[at + 1])
    held[all[at]] = true
    count = count + 1
    if column then
      taken[column] = true
      top = math.max(top, column)
    end
  end
end

local found, counts, now = {}, {}, '@' .. ARGV[3]
local function say(name, value)
  found[#found + 1] = name
  found[#found + 1] = value
end

for at = 4, #ARGV, 4 do
  local name, known, before, how = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local is_new = not held[name] and not known
  counts[name] = how ~= ''
  if not held[name] then
    local column = known
    if not column or taken[column] then
      column = top + 1
    end
    if column >= tonumber(ARGV[2]) then
      return {'full', tostring(count)}
    end
    held[name], taken[column] = true, true
    top = math.max(top, column)
    say(name, string.format('%.0f', column))
    if before ~= '' and not since[name] then
      since[name] = before
      say('since ' .. name, before)
    end
  end
  if how == 'new' or (how == 'counts' and (is_new or since[name] == 'retired')) then
    say('since ' .. name, now)
  end
end
for name in pairs(held) do
  if not counts[name] and since[name] ~= 'retired' then
    say('since ' .. name, 'retired')
  end
end
for at = 1, #found, 2 do
  redis.call('HSET', KEYS[1], found[at], found[at + 1])
end
return {'claimed', redis.call('HGETALL', KEYS[1])}
