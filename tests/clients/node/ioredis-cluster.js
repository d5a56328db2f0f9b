// A round of ioredis's Cluster against one node that owns every slot. Usage: node ioredis-cluster.js HOST PORT [USER [PASSWORD]]
import Redis from 'ioredis';
import { equal, key, main, sorted, tagged, target } from './checks.js';

function connect() {
  const cluster = new Redis.Cluster([{ host: target.host, port: target.port }], {
    redisOptions: { username: target.user, password: target.password, maxRetriesPerRequest: 3 },
  });
  cluster.on('error', () => {}); // What a command meets, its promise says.
  return cluster;
}

main(async () => {
  const cluster = connect();
  const names = Array.from({ length: 300 }, (_, i) => key(`many:${i}`));
  equal(await Promise.all(names.map((name, i) => cluster.set(name, `v${i}`))), names.map(() => 'OK'), 'SET over all slots');
  equal(await Promise.all(names.map((name) => cluster.get(name))), names.map((_, i) => `v${i}`), 'GET over all slots');
  equal(cluster.nodes('master').length, 1, 'one primary');
  equal(cluster.nodes('slave').length, 0, 'no replica');

  const pipeline = cluster.pipeline();
  for (let i = 0; i < 200; i++)
    pipeline.incr(tagged('n')).get(tagged('n'));
  const replies = await pipeline.exec();
  equal(replies.filter(([error]) => error).length, 0, 'a pipeline without errors');
  equal(replies.at(-1)[1], '200', 'a pipeline runs in order');
  equal(await cluster.multi().set(tagged('a'), '1').incr(tagged('a')).exec(), [[null, 'OK'], [null, 2]], 'MULTI in a slot');
  equal(sorted(await cluster.mget(tagged('a'), tagged('n'))), ['2', '200'], 'MGET in a slot');

  const subscriber = connect();
  const heard = new Promise((resolve) => subscriber.on('message', (channel, text) => resolve([channel, text])));
  equal(await subscriber.subscribe(key('news')), 1, 'SUBSCRIBE');
  equal(await cluster.publish(key('news'), 'hello') >= 0, true, 'PUBLISH');
  equal(await heard, [key('news'), 'hello'], 'a message');

  cluster.nodes('master')[0].stream.destroy();
  equal(await cluster.get(names[7]), 'v7', 'a command after a lost connection');
  await subscriber.quit();
  equal(await cluster.quit(), 'OK', 'QUIT');
});
