// BullMQ: queues, workers, delays, priorities, flows; all of it in scripts that build keys from a prefix. Usage: node bullmq.js HOST PORT [USER [PASSWORD]]
// BULLMQ_PREFIX: what its keys begin with; a hash tag where the server is a cluster.
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import { equal, key, main, sorted, target } from './checks.js';

const connection = { host: target.host, port: target.port, username: target.user, password: target.password, maxRetriesPerRequest: null, retryStrategy: () => 100 };
const options = { connection, prefix: process.env.BULLMQ_PREFIX ?? `{${key('bull')}}` };

// What a job answers, or why not; never waits for long.
const finished = (job, events) => job.waitUntilFinished(events, 20_000);

main(async () => {
  const queue = new Queue('work', options);
  const events = new QueueEvents('work', options);
  for (const each of [queue, events]) each.on('error', () => {}).setMaxListeners(100);
  const first = await queue.add('square', { n: 7 });
  equal((await queue.getJob(first.id)).data, { n: 7 }, 'a job is found by its id');
  equal(await queue.getWaitingCount(), 1, 'it waits');

  await events.waitUntilReady();
  const order = [];
  const worker = new Worker('work', async (job) => {
    order.push(job.name);
    if (job.name === 'fails') throw new Error('on purpose');
    await job.updateProgress(50);
    return job.data.n ** 2;
  }, { ...options, concurrency: 1, autorun: false });
  worker.on('error', () => {});
  const running = worker.run();
  equal(await finished(first, events), 49, 'a job is worked on');

  const jobs = await queue.addBulk(Array.from({ length: 20 }, (_, n) => ({ name: 'square', data: { n } })));
  equal(await Promise.all(jobs.map((job) => finished(job, events))), jobs.map((_, n) => n ** 2), '20 jobs are');
  equal(await finished(await queue.add('square', { n: 3 }, { delay: 200 }), events), 9, 'a delayed job is');
  const failing = await queue.add('fails', {}, { attempts: 2 });
  equal(await finished(failing, events).catch(({ message }) => message), 'on purpose', 'a failed job fails');
  equal(order.filter((name) => name === 'fails').length, 2, 'after two attempts');
  equal((await queue.getFailed()).map(({ id }) => id), [failing.id], 'and is listed');
  equal((await queue.getJobCounts('completed', 'failed', 'waiting')), { completed: 22, failed: 1, waiting: 0 }, 'all are counted');

  await queue.pause();
  order.length = 0;
  const prioritized = await queue.addBulk([3, 1, 2].map((priority) => ({ name: `p${priority}`, data: { n: priority }, opts: { priority } })));
  await queue.resume();
  await Promise.all(prioritized.map((job) => finished(job, events)));
  equal(order, ['p1', 'p2', 'p3'], 'priorities are kept');

  const flow = await new FlowProducer(options).add({
    name: 'parent', queueName: 'work', data: { n: 2 }, children: [4, 5].map((n) => ({ name: 'child', queueName: 'work', data: { n } })),
  });
  equal(await finished(flow.job, events), 4, 'a parent runs after its children');
  equal(sorted(Object.values(await flow.job.getChildrenValues()).map(String)), ['16', '25'], 'and gets their results');
  await worker.close();
  await running;
  await queue.obliterate({ force: true });
  equal(await queue.getJobCounts('completed', 'failed'), { completed: 0, failed: 0 }, 'the queue is gone');
});
