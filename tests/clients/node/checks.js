// What the rounds share: command line, key names, counting checks, reporting.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

const [host, port, user, password] = process.argv.slice(2);
export const target = { host, port: Number(port), user: user || undefined, password: password || undefined };

// Rounds share servers: each has keys of its own.
const run = randomUUID().slice(0, 8);
export const key = (name) => `round:${run}:${name}`;
// Keys that one command names together must share a slot: the tag is the run.
export const tagged = (name) => `round:{${run}}:${name}`;
// Every byte there is, line ends and invalid UTF-8 included.
export const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

let count = 0;

export function equal(actual, expected, what) {
  assert.deepStrictEqual(actual, expected, what);
  count++;
}

export async function fails(promise, pattern, what) {
  await assert.rejects(promise, pattern, what);
  count++;
}

export function sorted(values) {
  return [...values].sort();
}

// Runs a round within a time; ends the program with 0 only if every check held.
export function main(round) {
  if (!host || !port) {
    console.error('usage: HOST PORT [USER [PASSWORD]]');
    process.exit(2);
  }
  const limit = setTimeout(() => {
    console.error(`not done within 60 s; ${count} checks held`);
    process.exit(1);
  }, 60_000);
  round().then(
    () => {
      clearTimeout(limit);
      console.log(`ok ${count} checks`);
      process.exit(0);
    },
    (error) => {
      console.error(`check ${count + 1} failed: ${error.stack}`);
      process.exit(1);
    });
}
