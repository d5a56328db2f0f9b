// rate-limiter-flexible over ioredis; it counts in scripts. Usage: node rate-limits.js HOST PORT [USER [PASSWORD]]
import Redis from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { equal, key, main, target } from './checks.js';

const connect = () => new Redis({ host: target.host, port: target.port, username: target.user, password: target.password, maxRetriesPerRequest: 3 });
const limiterOf = (storeClient, options) => new RateLimiterRedis({ storeClient, keyPrefix: key('limit'), points: 5, duration: 60, ...options });

// How many of the calls were let through; anything but a refusal is an error.
async function admitted(calls) {
  const outcomes = await Promise.allSettled(calls);
  for (const { reason } of outcomes.filter(({ status }) => status === 'rejected')) if (reason instanceof Error) throw reason;
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

main(async () => {
  const clients = Array.from({ length: 4 }, connect);
  const limiter = limiterOf(clients[0]);
  for (let i = 1; i <= 5; i++) equal((await limiter.consume('anna')).remainingPoints, 5 - i, `point ${i} of 5`);
  const refusal = await limiter.consume('anna').catch((reason) => reason);
  if (refusal instanceof Error) throw refusal;
  equal([refusal.remainingPoints, refusal.consumedPoints, refusal.msBeforeNext > 50_000], [0, 6, true], 'the sixth is refused until the window ends');
  equal((await limiter.consume('ben', 2)).remainingPoints, 3, 'others are not');
  equal((await limiter.get('ben')).consumedPoints, 2, 'what was consumed is known');
  equal((await limiter.penalty('ben', 2)).consumedPoints, 4, 'a penalty counts');
  equal((await limiter.reward('ben', 3)).consumedPoints, 1, 'a reward counts back');
  equal(await limiter.delete('anna'), true, 'a key is forgotten');
  equal((await limiter.consume('anna')).remainingPoints, 4, 'and begins anew');
  await limiter.block('carl', 100);
  equal(await admitted([limiter.consume('carl')]), 0, 'a blocked key is refused');
  equal(await clients[1].exists(key('limit') + ':carl'), 1, 'the key has the name that the application gave');

  const shared = clients.map((client) => limiterOf(client, { points: 10 }));
  equal(await admitted(Array.from({ length: 40 }, (_, i) => shared[i % 4].consume('crowd'))), 10, '10 of 40 at once, over 4 connections');
  // Forgotten scripts are sent again.
  await clients[0].script('FLUSH');
  equal((await limiter.consume('dora')).remainingPoints, 4, 'after SCRIPT FLUSH');
});
