// A round of ioredis (RESP2). Usage: node ioredis.js HOST PORT [USER [PASSWORD]]
import Redis from 'ioredis';
import { binary, equal, fails, key, main, sorted, tagged, target } from './checks.js';

function connect() {
  const client = new Redis({
    host: target.host,
    port: target.port,
    username: target.user,
    password: target.password,
    maxRetriesPerRequest: 3,
  });
  client.on('error', () => {}); // A reconnect is part of the round; what a command meets, its promise says.
  return client;
}

async function strings(redis) {
  equal(await redis.set(key('s'), 'value'), 'OK', 'SET');
  equal(await redis.get(key('s')), 'value', 'GET');
  equal(await redis.get(key('none')), null, 'GET of nothing');
  equal(await redis.set(key('b'), binary), 'OK', 'SET of every byte');
  equal((await redis.getBuffer(key('b'))).equals(binary), true, 'GET of every byte');
  equal(await redis.set(key('s'), 'other', 'NX'), null, 'SET NX of an existing key');
  equal(await redis.append(key('s'), '!'), 6, 'APPEND');
  equal(await redis.getrange(key('s'), 1, 2), 'al', 'GETRANGE');
  equal(await redis.setrange(key('s'), 0, 'V'), 6, 'SETRANGE');
  equal(await redis.strlen(key('s')), 6, 'STRLEN');
  equal(await redis.incr(key('n')), 1, 'INCR');
  equal(await redis.incrby(key('n'), 41), 42, 'INCRBY');
  equal(await redis.incrbyfloat(key('n'), 0.5), '42.5', 'INCRBYFLOAT');
  equal(await redis.getdel(key('n')), '42.5', 'GETDEL');
  await fails(redis.incr(key('s')), /not an integer/, 'INCR of a text');
}

async function manyKeys(redis) {
  const names = Array.from({ length: 200 }, (_, i) => key(`many:${i}`));
  equal(await redis.mset(names.flatMap((name, i) => [name, `v${i}`])), 'OK', 'MSET over slots');
  equal(await redis.mget(names), names.map((_, i) => `v${i}`), 'MGET over slots, in order');
  equal(await redis.mget(key('none'), names[3]), [null, 'v3'], 'MGET with a missing key');
  equal(await redis.exists(names), 200, 'EXISTS over slots');
  equal(await redis.touch(names.slice(0, 10)), 10, 'TOUCH over slots');
  equal(await redis.del(names.slice(0, 100)), 100, 'DEL over slots');
  equal(await redis.unlink(names), 100, 'UNLINK over slots');
}

async function keysAndExpiry(redis) {
  await redis.set(key('e'), '1', 'EX', 100);
  const ttl = await redis.ttl(key('e'));
  equal(ttl > 90 && ttl <= 100, true, 'TTL');
  equal(await redis.persist(key('e')), 1, 'PERSIST');
  equal(await redis.ttl(key('e')), -1, 'TTL of a persistent key');
  equal(await redis.pexpire(key('e'), 50_000), 1, 'PEXPIRE');
  equal(await redis.type(key('e')), 'string', 'TYPE');
  await redis.set(tagged('from'), 'moved');
  equal(await redis.rename(tagged('from'), tagged('to')), 'OK', 'RENAME in a slot');
  equal(await redis.copy(tagged('to'), tagged('copy')), 1, 'COPY in a slot');
  equal(await redis.get(tagged('copy')), 'moved', 'GET of the copy');
  await redis.set(key('soon'), '1', 'PX', 1);
  for (let i = 0; i < 1000 && await redis.exists(key('soon')); i++);
  equal(await redis.exists(key('soon')), 0, 'a key expires');
}

async function hashes(redis) {
  equal(await redis.hset(key('h'), { a: '1', b: '2', c: '3' }), 3, 'HSET');
  equal(await redis.hgetall(key('h')), { a: '1', b: '2', c: '3' }, 'HGETALL');
  equal(await redis.hmget(key('h'), 'a', 'x'), ['1', null], 'HMGET');
  equal(await redis.hincrby(key('h'), 'a', 9), 10, 'HINCRBY');
  equal(await redis.hdel(key('h'), 'a', 'b'), 2, 'HDEL');
  equal(await redis.hexists(key('h'), 'c'), 1, 'HEXISTS');
  equal(await redis.hgetall(key('none')), {}, 'HGETALL of nothing');
  equal((await redis.hscan(key('h'), 0))[1], ['c', '3'], 'HSCAN');
}

async function lists(redis) {
  equal(await redis.rpush(key('l'), 'a', 'b', 'c'), 3, 'RPUSH');
  equal(await redis.lpush(key('l'), 'z'), 4, 'LPUSH');
  equal(await redis.lrange(key('l'), 0, -1), ['z', 'a', 'b', 'c'], 'LRANGE');
  equal(await redis.lpop(key('l')), 'z', 'LPOP');
  equal(await redis.rpop(key('l'), 2), ['c', 'b'], 'RPOP of two');
  equal(await redis.linsert(key('l'), 'AFTER', 'a', 'y'), 2, 'LINSERT');
  equal(await redis.lindex(key('l'), 1), 'y', 'LINDEX');
  equal(await redis.rpush(tagged('l'), 'a', 'b'), 2, 'RPUSH');
  equal(await redis.lmove(tagged('l'), tagged('m'), 'LEFT', 'RIGHT'), 'a', 'LMOVE in a slot');
  equal(await redis.lrange(tagged('m'), 0, -1), ['a'], 'LRANGE of the target');
}

async function sets(redis) {
  equal(await redis.sadd(key('set'), 'a', 'b', 'c'), 3, 'SADD');
  equal(sorted(await redis.smembers(key('set'))), ['a', 'b', 'c'], 'SMEMBERS');
  equal(await redis.smismember(key('set'), 'a', 'x'), [1, 0], 'SMISMEMBER');
  equal(await redis.srem(key('set'), 'a'), 1, 'SREM');
  equal(await redis.scard(key('set')), 2, 'SCARD');
  await redis.sadd(tagged('s1'), 'a', 'b');
  await redis.sadd(tagged('s2'), 'b', 'c');
  equal(await redis.sinter(tagged('s1'), tagged('s2')), ['b'], 'SINTER in a slot');
  equal(await redis.sunionstore(tagged('s3'), tagged('s1'), tagged('s2')), 3, 'SUNIONSTORE in a slot');
}

async function sortedSets(redis) {
  equal(await redis.zadd(key('z'), 1, 'a', 2.5, 'b', 3, 'c'), 3, 'ZADD');
  equal(await redis.zrange(key('z'), 0, -1, 'WITHSCORES'), ['a', '1', 'b', '2.5', 'c', '3'], 'ZRANGE WITHSCORES');
  equal(await redis.zrangebyscore(key('z'), '(1', '+inf'), ['b', 'c'], 'ZRANGEBYSCORE');
  equal(await redis.zscore(key('z'), 'b'), '2.5', 'ZSCORE');
  equal(await redis.zincrby(key('z'), 2, 'a'), '3', 'ZINCRBY');
  equal(await redis.zrank(key('z'), 'b'), 0, 'ZRANK');
  equal(await redis.zpopmin(key('z')), ['b', '2.5'], 'ZPOPMIN');
  await redis.zadd(tagged('z1'), 1, 'a');
  await redis.zadd(tagged('z2'), 2, 'a');
  equal(await redis.zunionstore(tagged('z3'), 2, tagged('z1'), tagged('z2')), 1, 'ZUNIONSTORE in a slot');
  equal(await redis.zscore(tagged('z3'), 'a'), '3', 'ZSCORE of the union');
}

async function bitsAndCounts(redis) {
  equal(await redis.setbit(key('bits'), 7, 1), 0, 'SETBIT');
  equal(await redis.getbit(key('bits'), 7), 1, 'GETBIT');
  equal(await redis.bitcount(key('bits')), 1, 'BITCOUNT');
  equal(await redis.bitfield(key('bits'), 'SET', 'u8', 0, 255, 'GET', 'u4', 0), [1, 15], 'BITFIELD');
  await redis.set(tagged('b1'), 'a');
  await redis.set(tagged('b2'), 'b');
  equal(await redis.bitop('AND', tagged('b3'), tagged('b1'), tagged('b2')), 1, 'BITOP in a slot');
  equal(await redis.pfadd(key('hll'), 'a', 'b', 'c'), 1, 'PFADD');
  equal(await redis.pfcount(key('hll')), 3, 'PFCOUNT');
  await redis.pfadd(tagged('p1'), 'a');
  equal(await redis.pfmerge(tagged('p2'), tagged('p1')), 'OK', 'PFMERGE in a slot');
}

async function geo(redis) {
  equal(await redis.geoadd(key('geo'), 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2, 'GEOADD');
  equal(await redis.geodist(key('geo'), 'Palermo', 'Catania', 'km'), '166.2742', 'GEODIST');
  equal(await redis.geosearch(key('geo'), 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC'), ['Catania', 'Palermo'], 'GEOSEARCH');
}

async function streams(redis) {
  equal(await redis.xadd(key('x'), '1-1', 'f', 'v'), '1-1', 'XADD');
  equal(await redis.xadd(key('x'), '1-2', 'f', 'w'), '1-2', 'XADD');
  equal(await redis.xlen(key('x')), 2, 'XLEN');
  equal(await redis.xrange(key('x'), '-', '+'), [['1-1', ['f', 'v']], ['1-2', ['f', 'w']]], 'XRANGE');
  equal(await redis.xgroup('CREATE', key('x'), 'g', '0'), 'OK', 'XGROUP CREATE');
  equal(await redis.xdel(key('x'), '1-1'), 1, 'XDEL');
  equal(await redis.xtrim(key('x'), 'MAXLEN', 0), 1, 'XTRIM');
}

async function pipelines(redis) {
  const pipeline = redis.pipeline();
  for (let i = 0; i < 1000; i++)
    pipeline.set(key(`p:${i % 50}`), `${i}`).get(key(`p:${i % 50}`));
  const replies = await pipeline.exec();
  equal(replies.length, 2000, 'a pipeline answers every command');
  equal(replies.filter(([error]) => error).length, 0, 'a pipeline without errors');
  equal(replies.filter((_, i) => i % 2).map(([, value]) => value), Array.from({ length: 1000 }, (_, i) => `${i}`), 'a pipeline answers in order');

  const mixed = await redis.pipeline().set(key('text'), 'x').incr(key('text')).get(key('text')).exec();
  equal(mixed.map(([error, value]) => (error ? 'error' : value)), ['OK', 'error', 'x'], 'an error in a pipeline stays in its place');
}

async function scripts(redis) {
  redis.defineCommand('addTo', { numberOfKeys: 1, lua: "return redis.call('incrby', KEYS[1], ARGV[1])" });
  equal([await redis.addTo(key('script'), 1), await redis.addTo(key('script'), 2)], [1, 3], 'defineCommand');
  const replies = await redis.pipeline().set(key('script'), 10).addTo(key('script'), 5).get(key('script')).exec();
  equal(replies.map(([error, value]) => error ?? value), ['OK', 15, '15'], 'defineCommand in a pipeline');
}

async function connections(redis) {
  redis.stream.destroy();
  equal(await redis.set(key('again'), '1'), 'OK', 'a command after a lost connection');

  const clients = Array.from({ length: 50 }, connect);
  const replies = await Promise.all(clients.map(async (client, i) => {
    await client.set(key(`c:${i}`), `${i}`);
    return await client.get(key(`c:${i}`));
  }));
  equal(replies, clients.map((_, i) => `${i}`), '50 connections at once');
  await Promise.all(clients.map((client) => client.quit()));
}

main(async () => {
  const redis = connect();
  equal(await redis.ping(), 'PONG', 'PING');
  for (const part of [strings, manyKeys, keysAndExpiry, hashes, lists, sets, sortedSets, bitsAndCounts, geo, streams, pipelines, scripts, connections])
    await part(redis);
  equal(await redis.quit(), 'OK', 'QUIT');
});
