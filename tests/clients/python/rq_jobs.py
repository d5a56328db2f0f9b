#!/usr/bin/python3
"""RQ: jobs, dependencies, failures. Usage: rq_jobs.py HOST PORT [USER [PASSWORD]]

BUILT_KEYS=no leaves out what RQ does by a script that builds names of keys.
"""

import logging
import os

from rq import Queue, SimpleWorker
from rq.job import Job
from rq.registry import FinishedJobRegistry

from rounds import RUN, connect, equal, run_round


def main():
    logging.disable(logging.CRITICAL)
    r = connect()
    queue = Queue(f"round-{RUN}", connection=r)
    jobs = [queue.enqueue("math.factorial", i) for i in range(20)]
    failing = queue.enqueue("operator.truediv", 1, 0)
    dependent = queue.enqueue("math.sqrt", 81, depends_on=jobs[3])
    equal(len(queue), 21, "what depends on another does not wait in the queue")
    equal(queue.job_ids[0], jobs[0].id, "the first enqueued is the first")
    equal(dependent.get_status(), "deferred", "a dependent job is deferred")

    worker = SimpleWorker([queue], connection=r)
    equal(worker.work(burst=True), True, "a worker works")
    equal([job.result for job in jobs[:6]], [1, 1, 2, 6, 24, 120], "jobs have results")
    equal(Job.fetch(dependent.id, connection=r).result, 9.0, "the dependent one too")
    equal(failing.get_status(refresh=True), "failed", "a failed job has failed")
    equal(queue.failed_job_registry.get_job_ids(), [failing.id], "and is listed")
    equal("ZeroDivisionError" in Job.fetch(failing.id, connection=r).exc_info, True, "with its reason")
    equal(FinishedJobRegistry(queue=queue).count, 21, "the finished are counted")

    failing.requeue()
    equal(len(queue), 1, "a failed job is enqueued again")
    if os.environ.get("BUILT_KEYS") != "no":
        queue.empty()
        equal((len(queue), Job.exists(failing.id, connection=r)), (0, False), "a queue is emptied of its jobs")
    queue.delete(delete_jobs=False)
    equal(queue in Queue.all(connection=r), False, "a queue is gone")


if __name__ == "__main__":
    run_round(main, __doc__)
