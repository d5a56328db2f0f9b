// Express sessions in connect-redis over node-redis. Usage: node sessions.js HOST PORT [USER [PASSWORD]]
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { equal, key, main, sorted, target } from './checks.js';

const prefix = key('sess:');

async function startServer() {
  const client = createClient({ socket: { host: target.host, port: target.port }, username: target.user, password: target.password });
  client.on('error', () => {});
  await client.connect();
  const store = new RedisStore({ client, prefix, ttl: 3600 });
  const app = express();
  app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }));
  app.get('/visit', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json({ id: request.sessionID, visits: request.session.visits });
  });
  app.get('/who', (request, response) => response.json({ visits: request.session.visits ?? 0 }));
  app.get('/renew', (request, response) => request.session.regenerate((error) => response.json({ error: error ?? null, id: request.sessionID })));
  app.get('/leave', (request, response) => request.session.destroy((error) => response.json({ error: error ?? null })));
  const listener = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  return { client, store, url: `http://127.0.0.1:${listener.address().port}` };
}

// A browser: keeps its cookie.
function browser() {
  let cookie = '';
  return async (server, path) => {
    const response = await fetch(server.url + path, { headers: { cookie } });
    const set = response.headers.get('set-cookie');
    if (set) cookie = set.split(';')[0];
    return await response.json();
  };
}

const call = (store, method, ...args) =>
  new Promise((resolve, reject) => store[method](...args, (error, value) => (error ? reject(error) : resolve(value))));

main(async () => {
  const [first, second] = [await startServer(), await startServer()];
  const [anna, ben] = [browser(), browser()];
  const visit = await anna(first, '/visit');
  equal(visit.visits, 1, 'a first visit');
  equal(await first.client.ttl(prefix + visit.id) > 3500, true, 'a session expires');
  equal((await anna(second, '/visit')).visits, 2, 'another server knows the session');
  equal((await ben(first, '/visit')).visits, 1, 'another browser has another session');
  equal((await ben(second, '/who')).visits, 1, 'and keeps it');

  const many = Array.from({ length: 30 }, browser);
  await Promise.all(many.map((each, i) => each(i % 2 ? first : second, '/visit')));
  equal((await Promise.all(many.map((each, i) => each(i % 2 ? second : first, '/visit')))).map(({ visits }) => visits), many.map(() => 2), '30 sessions at once');
  equal(await call(first.store, 'length'), 32, 'the sessions are counted');
  const ids = await call(second.store, 'ids');
  equal(ids.length, 32, 'their ids are listed');
  equal(ids.includes(visit.id), true, 'by the names the application gave');
  equal(sorted((await call(first.store, 'all')).map(({ visits }) => `${visits}`)), sorted(['2', '1', ...many.map(() => '2')]), 'all are read at once');

  const renewed = await anna(first, '/renew');
  equal([renewed.error, renewed.id === visit.id], [null, false], 'a session gets a new id');
  equal(await first.client.exists(prefix + visit.id), 0, 'the old one is gone');
  equal((await ben(first, '/leave')).error, null, 'a session ends');
  equal((await ben(second, '/who')).visits, 0, 'everywhere');
  await call(second.store, 'clear');
  equal(await call(first.store, 'length'), 0, 'all are cleared');
  equal((await many[0](first, '/who')).visits, 0, 'for the browsers too');
});
