#!/usr/bin/python3
"""Queues as Sidekiq and its kind build them, and locks, over redis-py. Usage: queues.py HOST PORT [USER [PASSWORD]]

SCRIPTS=no: locks are released under WATCH instead of by a script.
"""

import os
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import redis

from rounds import connect, equal, run_round, tagged

JOBS = 200
WORKERS = 4


def reliable_queue(r):
    """A job moves to its worker's own list while it is worked on; what a dead worker leaves is moved back."""
    queue, done = tagged("queue"), tagged("done")
    for i in range(JOBS):
        r.lpush(queue, i)

    dead = tagged("worker:dead")
    taken = [r.blmove(queue, dead, 5, "RIGHT", "LEFT") for _ in range(10)]
    equal(taken, [b"%d" % i for i in range(10)], "jobs are taken oldest first")
    equal(r.llen(dead), 10, "a dead worker leaves its jobs in its list")

    def work(i):
        mine = connect()
        own, count = tagged(f"worker:{i}"), 0
        while (job := mine.blmove(queue, own, 1, "RIGHT", "LEFT")) is not None:
            mine.pipeline(transaction=True).hincrby(done, job, 1).lrem(own, 1, job).execute()
            count += 1
        equal(mine.llen(own), 0, "a worker leaves nothing behind")
        return count

    with ThreadPoolExecutor(WORKERS) as threads:
        counts = list(threads.map(work, range(WORKERS)))
        equal(sum(counts), JOBS - 10, "the living do the rest")
        while r.lmove(dead, queue, "RIGHT", "LEFT") is not None:
            pass
        equal(sum(threads.map(work, range(WORKERS))), 10, "and what was moved back")
    equal(sorted(r.hgetall(done).items()), sorted((b"%d" % i, b"1") for i in range(JOBS)), "each job was done once")


def queues_by_weight(r):
    """Sidekiq's fetch: BRPOP over its queues, the important one first."""
    high, low = tagged("high"), tagged("low")
    r.lpush(low, "l1", "l2")
    r.lpush(high, "h1")
    fetched = [r.brpop([high, low], timeout=1) for _ in range(4)]
    equal(fetched, [(high.encode(), b"h1"), (low.encode(), b"l1"), (low.encode(), b"l2"), None], "BRPOP by the order of its queues")


def scheduled(r):
    """Jobs for later are in a sorted set; of several pollers the one that removes a job has it."""
    schedule = tagged("schedule")
    r.zadd(schedule, {f"job{i}": i for i in range(50)})
    r.zadd(schedule, {"tomorrow": time.time() + 86400})

    def poll(_):
        mine, won = connect(), []
        while due := mine.zrangebyscore(schedule, "-inf", time.time(), start=0, num=1):
            if mine.zrem(schedule, due[0]):
                won.append(due[0])
        return won

    with ThreadPoolExecutor(WORKERS) as threads:
        won = [job for jobs in threads.map(poll, range(WORKERS)) for job in jobs]
    equal(sorted(won), sorted(b"job%d" % i for i in range(50)), "each due job is one poller's")
    equal(r.zcard(schedule), 1, "what is not due stays")


RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end"


def release(r, name, token):
    if os.environ.get("SCRIPTS") != "no":
        return r.eval(RELEASE, 1, name, token)
    with r.pipeline() as pipe:
        pipe.watch(name)
        if pipe.get(name) != token.encode():
            return 0
        pipe.multi()
        pipe.delete(name)
        try:
            return pipe.execute()[0]
        except redis.WatchError:
            return 0


def locks(r):
    """Redlock's own steps: SET NX PX with a token, released only by who has the token."""
    name, mine, theirs = tagged("lock"), uuid.uuid4().hex, uuid.uuid4().hex
    equal(r.set(name, mine, nx=True, px=60_000), True, "a lock is taken")
    equal(r.set(name, theirs, nx=True, px=60_000), None, "once")
    equal(release(r, name, theirs), 0, "who has it not cannot release it")
    equal(r.get(name), mine.encode(), "and it stays")
    equal(release(r, name, mine), 1, "who has it can")
    equal(r.set(name, theirs, nx=True, px=60_000), True, "and it can be taken again")
    r.pexpire(name, 1)
    while r.exists(name):
        pass
    equal(release(r, name, theirs), 0, "what has expired is nobody's")

    counter = tagged("guarded")

    def count(_):
        mine, token = connect(), uuid.uuid4().hex
        while not mine.set(name, token, nx=True, px=60_000):
            pass
        mine.set(counter, int(mine.get(counter) or 0) + 1)
        return release(mine, name, token)

    with ThreadPoolExecutor(8) as threads:
        equal(list(threads.map(count, range(40))), [1] * 40, "each of 40 released its own")
    equal(r.get(counter), b"40", "no increment under the lock is lost")


def library_lock(r):
    """redis-py's own lock, which registers scripts."""
    lock = r.lock(tagged("library"), timeout=60)
    equal(lock.acquire(blocking=False), True, "Lock.acquire")
    equal(r.lock(tagged("library"), timeout=60).acquire(blocking=False), False, "once")
    equal(lock.extend(30), True, "Lock.extend")
    equal(lock.release(), None, "Lock.release")
    equal(lock.locked(), False, "Lock.locked")


def main():
    r = connect()
    for part in (reliable_queue, queues_by_weight, scheduled, locks):
        part(r)
    if os.environ.get("SCRIPTS") != "no":
        library_lock(r)


if __name__ == "__main__":
    run_round(main, __doc__)
