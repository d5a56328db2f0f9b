// A round of node-redis. Usage: node node-redis.js HOST PORT [USER [PASSWORD]]; RESP=3 in the environment speaks RESP3.
import { createClient, RESP_TYPES } from 'redis';
import { binary, equal, fails, key, main, sorted, tagged, target } from './checks.js';

const RESP = Number(process.env.RESP ?? 2);

async function connect() {
  const client = createClient({
    RESP,
    username: target.user,
    password: target.password,
    socket: { host: target.host, port: target.port },
  });
  client.on('error', () => {}); // A reconnect is part of the round; what a command meets, its promise says.
  return await client.connect();
}

async function strings(redis) {
  equal(await redis.set(key('s'), 'value'), 'OK', 'SET');
  equal(await redis.get(key('s')), 'value', 'GET');
  equal(await redis.get(key('none')), null, 'GET of nothing');
  equal(await redis.set(key('b'), binary), 'OK', 'SET of every byte');
  const bytes = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  equal((await bytes.get(key('b'))).equals(binary), true, 'GET of every byte');
  equal(await redis.set(key('s'), 'other', { condition: 'NX' }), null, 'SET NX of an existing key');
  equal(await redis.append(key('s'), '!'), 6, 'APPEND');
  equal(await redis.getRange(key('s'), 1, 2), 'al', 'GETRANGE');
  equal(await redis.incrBy(key('n'), 41), 41, 'INCRBY');
  equal(await redis.incrByFloat(key('n'), 0.5), '41.5', 'INCRBYFLOAT');
  await fails(redis.incr(key('s')), /not an integer/, 'INCR of a text');
}

async function manyKeys(redis) {
  const names = Array.from({ length: 200 }, (_, i) => key(`many:${i}`));
  equal(await redis.mSet(names.map((name, i) => [name, `v${i}`])), 'OK', 'MSET over slots');
  equal(await redis.mGet(names), names.map((_, i) => `v${i}`), 'MGET over slots, in order');
  equal(await redis.exists(names), 200, 'EXISTS over slots');
  equal(await redis.del(names.slice(0, 100)), 100, 'DEL over slots');
  equal(await redis.unlink(names), 100, 'UNLINK over slots');
}

async function keysAndExpiry(redis) {
  await redis.set(key('e'), '1', { expiration: { type: 'EX', value: 100 } });
  const ttl = await redis.ttl(key('e'));
  equal(ttl > 90 && ttl <= 100, true, 'TTL');
  equal(await redis.persist(key('e')), 1, 'PERSIST');
  equal(await redis.type(key('e')), 'string', 'TYPE');
  await redis.set(tagged('from'), 'moved');
  equal(await redis.rename(tagged('from'), tagged('to')), 'OK', 'RENAME in a slot');
}

async function hashes(redis) {
  equal(await redis.hSet(key('h'), { a: '1', b: '2', c: '3' }), 3, 'HSET');
  equal({ ...await redis.hGetAll(key('h')) }, { a: '1', b: '2', c: '3' }, 'HGETALL');
  equal(await redis.hmGet(key('h'), ['a', 'x']), ['1', null], 'HMGET');
  equal(await redis.hIncrByFloat(key('h'), 'a', 0.5), '1.5', 'HINCRBYFLOAT');
  equal(sorted(await redis.hKeys(key('h'))), ['a', 'b', 'c'], 'HKEYS');
}

async function lists(redis) {
  equal(await redis.rPush(key('l'), ['a', 'b', 'c']), 3, 'RPUSH');
  equal(await redis.lRange(key('l'), 0, -1), ['a', 'b', 'c'], 'LRANGE');
  equal(await redis.lPopCount(key('l'), 2), ['a', 'b'], 'LPOP of two');
  equal(await redis.rPush(tagged('l'), ['a', 'b']), 2, 'RPUSH');
  equal(await redis.lMove(tagged('l'), tagged('m'), 'LEFT', 'RIGHT'), 'a', 'LMOVE in a slot');
}

async function sets(redis) {
  equal(await redis.sAdd(key('set'), ['a', 'b', 'c']), 3, 'SADD');
  equal(sorted(await redis.sMembers(key('set'))), ['a', 'b', 'c'], 'SMEMBERS');
  equal(await redis.sIsMember(key('set'), 'a'), 1, 'SISMEMBER');
  await redis.sAdd(tagged('s1'), ['a', 'b']);
  await redis.sAdd(tagged('s2'), ['b', 'c']);
  equal([...await redis.sInter([tagged('s1'), tagged('s2')])], ['b'], 'SINTER in a slot');
}

async function sortedSets(redis) {
  equal(await redis.zAdd(key('z'), [{ score: 1, value: 'a' }, { score: 2.5, value: 'b' }, { score: 3, value: 'c' }]), 3, 'ZADD');
  equal(
    (await redis.zRangeWithScores(key('z'), 0, -1)).map(({ value, score }) => [value, score]),
    [['a', 1], ['b', 2.5], ['c', 3]], 'ZRANGE WITHSCORES');
  equal(await redis.zScore(key('z'), 'b'), 2.5, 'ZSCORE, a double in RESP3');
  equal(await redis.zmScore(key('z'), ['a', 'x']), [1, null], 'ZMSCORE');
  equal(await redis.zIncrBy(key('z'), 2, 'a'), 3, 'ZINCRBY');
  equal({ ...await redis.zPopMin(key('z')) }, { value: 'b', score: 2.5 }, 'ZPOPMIN');
}

async function bitsGeoStreams(redis) {
  equal(await redis.setBit(key('bits'), 7, 1), 0, 'SETBIT');
  equal(await redis.bitCount(key('bits')), 1, 'BITCOUNT');
  equal(await redis.pfAdd(key('hll'), ['a', 'b', 'c']), 1, 'PFADD');
  equal(await redis.pfCount(key('hll')), 3, 'PFCOUNT');
  equal(await redis.geoAdd(key('geo'), [
    { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' },
    { longitude: 15.087269, latitude: 37.502669, member: 'Catania' },
  ]), 2, 'GEOADD');
  equal(await redis.geoDist(key('geo'), 'Palermo', 'Catania', 'km'), 166.2742, 'GEODIST');
  equal(Number((await redis.geoPos(key('geo'), 'Palermo'))[0].latitude).toFixed(4), '38.1156', 'GEOPOS, doubles in RESP3');
  equal(await redis.xAdd(key('x'), '1-1', { f: 'v' }), '1-1', 'XADD');
  equal((await redis.xRange(key('x'), '-', '+')).map(({ id, message }) => [id, { ...message }]), [['1-1', { f: 'v' }]], 'XRANGE');
  equal(await redis.xLen(key('x')), 1, 'XLEN');
}

async function pipelines(redis) {
  // node-redis pipelines what is asked in one turn of the event loop.
  const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => [
    redis.set(key(`p:${i % 50}`), `${i}`),
    redis.get(key(`p:${i % 50}`)),
  ]).flat());
  equal(replies.filter((_, i) => i % 2), Array.from({ length: 1000 }, (_, i) => `${i}`), 'a pipeline answers in order');

  const mixed = await Promise.allSettled([redis.set(key('text'), 'x'), redis.incr(key('text')), redis.get(key('text'))]);
  equal(mixed.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'], 'an error in a pipeline stays in its place');
}

async function connections(redis) {
  const back = new Promise((resolve) => redis.once('ready', resolve));
  equal(await redis.sendCommand(['QUIT']), 'OK', 'QUIT closes the connection');
  await back;
  equal(await redis.set(key('again'), '1'), 'OK', 'a command after a lost connection');

  const clients = await Promise.all(Array.from({ length: 50 }, connect));
  const replies = await Promise.all(clients.map(async (client, i) => {
    await client.set(key(`c:${i}`), `${i}`);
    return await client.get(key(`c:${i}`));
  }));
  equal(replies, clients.map((_, i) => `${i}`), '50 connections at once');
  await Promise.all(clients.map((client) => client.close()));
}

main(async () => {
  const redis = await connect();
  equal(await redis.ping(), 'PONG', 'PING');
  for (const part of [strings, manyKeys, keysAndExpiry, hashes, lists, sets, sortedSets, bitsGeoStreams, pipelines, connections])
    await part(redis);
  await redis.close();
});
