// ioredis (RESP2) and node-redis (RESP2, RESP3) before a tenant that is refused everything there is to refuse.
// Usage: CLIENT=ioredis|2|3 node refusals.js HOST PORT BUSY_PORT
//
// PORT is the listener of a tenant that may not run HGETALL, nor GET on 'closed', may GET 'paced' once, and is over its quota; BUSY_PORT of
// one that may have one request in flight. Prints how many refusals of each kind it saw: the proxy must have counted as many.
import assert from 'node:assert/strict';
import Redis from 'ioredis';
import { createClient } from 'redis';

const rounds = 5;
const [host, port, busyPort] = process.argv.slice(2);
const overQuota = "OOM tenant 'app1' is over its memory quota (1.95 KiB used of 1000 B); delete keys, or let them expire";
const client = process.env.CLIENT;

// Both clients with their own defaults for retries; run sends a command, errorName is the type of a server's error.
const connect = client === 'ioredis'
  ? async (to) => {
    const redis = new Redis({ host, port: Number(to) });
    return { run: (...command) => redis.call(...command), errorName: 'ReplyError', close: () => redis.disconnect() };
  }
  : async (to) => {
    const redis = createClient({ socket: { host, port: Number(to) }, RESP: Number(client) });
    redis.on('error', () => {});
    await redis.connect();
    return { run: (...command) => redis.sendCommand(command), errorName: 'SimpleError', close: () => redis.destroy() };
  };

async function refused(redis, command, text) {
  const error = await redis.run(...command).then((reply) => assert.fail(`${command}: ${reply}`), (reason) => reason);
  assert.equal(error.message, text);
  assert.equal(error.name === 'Error' ? error.constructor.name : error.name, redis.errorName);
}

async function refusals(redis) {
  assert.equal(await redis.run('GET', 'paced'), null);
  for (let i = 0; i < rounds; i++) {
    await refused(redis, ['HGETALL', 'h'], "NOPERM tenant 'app1' may not run 'hgetall': use HSCAN");
    await refused(redis, ['GET', 'closed'], "NOPERM tenant 'app1' may not run 'get'");
    await refused(redis, ['GET', 'paced'], 'ERR LIMIT paced rate exceeded, retry after 1000 ms');
    await refused(redis, ['SET', 'k', 'v'], overQuota);
    assert.deepEqual([await redis.run('GET', 'k'), await redis.run('DEL', 'k'), await redis.run('PING')], [null, 0, 'PONG']);
  }
  // All at once: a pipeline.
  const answers = await Promise.allSettled([['GET', 'k'], ['HGETALL', 'h'], ['GET', 'closed'], ['PING']].map((command) => redis.run(...command)));
  assert.deepEqual(answers.map((answer) => answer.status), ['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  return [2 * rounds + 2, rounds, rounds];
}

async function eventually(condition) {
  for (let i = 0; i < 100_000; i++) if (await condition()) return;
  assert.fail(`never: ${condition}`);
}

async function tooMany() {
  const redis = await connect(busyPort);
  const blocked = await connect(busyPort);
  const id = await redis.run('CLIENT', 'ID');
  const blockedId = await blocked.run('CLIENT', 'ID');
  const waiting = blocked.run('BLPOP', 'l', '0');
  await eventually(async () => String(await redis.run('CLIENT', 'LIST')).includes('cmd=blpop'));
  for (let i = 0; i < rounds; i++) await refused(redis, ['GET', 'k'], "ERR LIMIT tenant 'app2' may have 1 requests in flight at most");
  await eventually(async () => await redis.run('CLIENT', 'UNBLOCK', String(blockedId)) === 1);
  assert.equal(await waiting, null);
  assert.deepEqual([await redis.run('GET', 'k'), await redis.run('CLIENT', 'ID')], [null, id]);
  blocked.close();
  redis.close();
  return rounds;
}

async function main() {
  const redis = await connect(port);
  const id = await redis.run('CLIENT', 'ID');
  const counts = [...await refusals(redis), await tooMany()];
  assert.equal(await redis.run('CLIENT', 'ID'), id);
  console.log(`refused ${counts.join(' ')}`);
}

setTimeout(() => {
  console.error('not done within 60 s');
  process.exit(1);
}, 60_000).unref();
main().then(() => process.exit(0), (error) => {
  console.error(error.stack);
  process.exit(1);
});
