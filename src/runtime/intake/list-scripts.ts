import { redisScript } from "./redis-script.ts";

/**
 * A list in Redis, handed over reliably. Each pm keeps what it has taken in a hash of its own: a number of the entry → `attempts:entry`,
 * so that two equal entries stay two, and no byte of an entry that is no UTF-8 is lost. What was tried and is to be tried again waits in
 * a list beside the queue, in the same form. A sorted set tells when each pm showed its last sign of life, by the clock of Redis.
 *
 * Redis takes nothing back of a script that fails half-way (its memory is full, a key is of another kind): so each puts a copy in its new
 * place before it removes the old one.
 */

/**
 * KEYS queue, tried, held, ids; ARGV most, longest, bytes after which it is enough. Gives id, attempts, length and entry of each; the text of
 * those that are too long is left out.
 */
export const takeScript = redisScript(`
local taken = {}
local total = 0
for i = 1, tonumber(ARGV[1]) do
  local from = KEYS[2]
  local kept = redis.call('LINDEX', from, -1)
  if not kept then
    from = KEYS[1]
    local entry = redis.call('LINDEX', from, -1)
    if not entry then break end
    kept = '0:' .. entry
  end
  local id = string.format('%.0f', redis.call('INCR', KEYS[4]))
  redis.call('HSET', KEYS[3], id, kept)
  redis.call('RPOP', from)
  local colon = string.find(kept, ':', 1, true)
  local length = #kept - colon
  taken[#taken + 1] = id
  taken[#taken + 1] = string.sub(kept, 1, colon - 1)
  taken[#taken + 1] = tostring(length)
  local isTooLong = length > tonumber(ARGV[2])
  taken[#taken + 1] = isTooLong and '' or string.sub(kept, colon + 1)
  if not isTooLong then total = total + length end
  if total > tonumber(ARGV[3]) then break end
end
return taken`);

/**
 * What becomes of an entry this pm still holds; gives 0 when it does not. KEYS held, and one or two more; ARGV id, what, and by `what`:
 * `back`: KEYS queue, tried. `again`: KEYS tried. `aside`: KEYS dead; ARGV the beginning of the report, to which the entry is added.
 * `later`: KEYS the sorted set; ARGV score, job. `bury`: the same, an empty job is the entry as it is, and ARGV the oldest score kept.
 */
export const settleScript = redisScript(`
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept then return 0 end
local colon = string.find(kept, ':', 1, true)
local attempts = tonumber(string.sub(kept, 1, colon - 1))
local entry = string.sub(kept, colon + 1)
local what = ARGV[2]
if what == 'back' then
  if attempts == 0 then redis.call('RPUSH', KEYS[2], entry) else redis.call('RPUSH', KEYS[3], kept) end
elseif what == 'again' then
  redis.call('LPUSH', KEYS[2], string.format('%d:', attempts + 1) .. entry)
elseif what == 'aside' then
  redis.call('LPUSH', KEYS[2], ARGV[3] .. cjson.encode(entry) .. '}')
elseif what == 'later' then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
elseif what == 'bury' then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4] == '' and entry or ARGV[4])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[5])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -10001)
end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1`);

/**
 * Frees what a pm holds, except what it knows of itself, oldest first in line. KEYS held, queue, tried, holders; ARGV attempts to add,
 * the ids it knows. Gives how many there were.
 */
export const freeScript = redisScript(`
local known = {}
for i = 2, #ARGV do known[ARGV[i]] = true end
local ids = {}
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not known[id] then ids[#ids + 1] = id end
end
table.sort(ids, function(a, b) return tonumber(a) > tonumber(b) end)
for _, id in ipairs(ids) do
  local kept = redis.call('HGET', KEYS[1], id)
  local colon = string.find(kept, ':', 1, true)
  local attempts = tonumber(string.sub(kept, 1, colon - 1)) + tonumber(ARGV[1])
  local entry = string.sub(kept, colon + 1)
  if attempts == 0 then redis.call('RPUSH', KEYS[2], entry)
  else redis.call('RPUSH', KEYS[3], string.format('%d:', attempts) .. entry) end
  redis.call('HDEL', KEYS[1], id)
end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[4], KEYS[1]) end
return #ids`);

/** KEYS holders, held; ARGV the silence in ms after which a pm counts as dead. A sign of life; gives those that show none. */
export const beatScript = redisScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], now, KEYS[2])
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]))`);
