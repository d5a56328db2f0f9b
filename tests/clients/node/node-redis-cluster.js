// A round of node-redis's cluster client against one node that owns every slot.
// Usage: node node-redis-cluster.js HOST PORT [USER [PASSWORD]]; RESP=3 in the environment speaks RESP3.
import { createCluster } from 'redis';
import { equal, key, main, tagged, target } from './checks.js';

const RESP = Number(process.env.RESP ?? 2);

async function connect() {
  const cluster = createCluster({
    RESP,
    rootNodes: [{ socket: { host: target.host, port: target.port } }],
    defaults: { username: target.user, password: target.password },
  });
  cluster.on('error', () => {}); // What a command meets, its promise says.
  await cluster.connect();
  return cluster;
}

main(async () => {
  const cluster = await connect();
  const names = Array.from({ length: 300 }, (_, i) => key(`many:${i}`));
  equal(await Promise.all(names.map((name, i) => cluster.set(name, `v${i}`))), names.map(() => 'OK'), 'SET over all slots');
  equal(await Promise.all(names.map((name) => cluster.get(name))), names.map((_, i) => `v${i}`), 'GET over all slots');
  equal(cluster.masters.length, 1, 'one primary');
  equal(cluster.slots.filter((slot) => slot).length, 16384, 'every slot has an owner');
  equal(await cluster.multi().set(tagged('a'), '1').incr(tagged('a')).exec(), ['OK', 2], 'MULTI in a slot');
  equal(await cluster.mGet([tagged('a'), tagged('none')]), ['2', null], 'MGET in a slot');

  const hear = (subscribe, publish, name) => new Promise((resolve, reject) => {
    subscribe(name, (text, channel) => resolve([channel, text])).then(() => publish(name, 'hello')).catch(reject);
  });
  const subscriber = await connect();
  equal(await hear((...a) => subscriber.subscribe(...a), (...a) => cluster.publish(...a), key('news')), [key('news'), 'hello'], 'a message');
  equal(await hear((...a) => subscriber.sSubscribe(...a), (...a) => cluster.sPublish(...a), key('shard')), [key('shard'), 'hello'], 'a shard message');
  await subscriber.close();
  await cluster.close();
});
