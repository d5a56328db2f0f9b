#!/usr/bin/python3
"""Celery with Redis as broker and as result backend. Usage: celery_tasks.py HOST PORT [USER [PASSWORD]]

The broker's transactions name keys of several kinds: a common hash tag, as Celery's own global_keyprefix, keeps them in one slot.
The result backend of this version has no such prefix: CHORDS=no leaves out what needs it on a cluster.
"""

import logging
import os

from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker

from rounds import RUN, connect, equal, run_round, url

PREFIX = f"{{round:{RUN}}}:"

app = Celery("round", broker=url(), backend=url(), set_as_current=True)
app.conf.update(
    broker_transport_options={"global_keyprefix": PREFIX},
    task_default_queue="work",
    worker_hijack_root_logger=False,
)
attempts = []


@app.task(name="add")
def add(a, b):
    return a + b


@app.task(name="total")
def total(values):
    return sum(values)


@app.task(name="flaky", bind=True, max_retries=3)
def flaky(self):
    attempts.append(1)
    if len(attempts) < 3:
        raise self.retry(countdown=0.1)
    return len(attempts)


@app.task(name="broken")
def broken():
    raise ValueError("on purpose")


def main():
    logging.disable(logging.CRITICAL)
    # The result backend does not wait for its subscription to be confirmed. With another one in force it takes a round trip at most, less than a task.
    warm = connect().pubsub()
    warm.subscribe("warm")
    equal(warm.get_message(timeout=20)["type"], "subscribe", "a subscription is confirmed")
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        equal(add.delay(2, 3).get(timeout=20), 5, "a task has a result")
        results = [add.delay(i, i) for i in range(20)]
        equal([result.get(timeout=20) for result in results], [2 * i for i in range(20)], "20 tasks do")
        equal(group(add.s(i, 1) for i in range(5))().get(timeout=20), [1, 2, 3, 4, 5], "a group does")
        equal(chain(add.s(1, 2), add.s(10))().get(timeout=20), 13, "a chain does")
        if os.environ.get("CHORDS") != "no":
            equal(chord((add.s(i, i) for i in range(4)), total.s())().get(timeout=20), 12, "a chord waits for its parts")
        equal(flaky.delay().get(timeout=20), 3, "a task is retried")
        failure = broken.delay()
        equal(str(failure.get(timeout=20, propagate=False)), "on purpose", "a failure is told")
        equal(failure.state, "FAILURE", "as such")
        equal(app.control.ping(timeout=2) != [], True, "a worker answers over pub/sub")
    equal(connect().llen(PREFIX + "work"), 0, "no task is left")


if __name__ == "__main__":
    run_round(main, __doc__)
