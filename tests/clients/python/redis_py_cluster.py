#!/usr/bin/python3
"""A round of redis-py's RedisCluster against one node that owns every slot. Usage: redis_py_cluster.py HOST PORT [USER [PASSWORD]]"""

import signal
import sys
import time
import uuid

from redis.cluster import RedisCluster

RUN = uuid.uuid4().hex[:8]  # rounds share servers: each has keys of its own
checks = 0


def key(name):
    return f"round:{RUN}:{name}"


def tagged(name):
    return f"round:{{{RUN}}}:{name}"


def equal(actual, expected, what):
    global checks
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")
    checks += 1


def many_keys(r):
    names = [key(f"many:{i}") for i in range(300)]
    equal([r.set(name, i) for i, name in enumerate(names)], [True] * 300, "SET over all slots")
    equal([r.get(name) for name in names], [b"%d" % i for i in range(300)], "GET over all slots")
    equal(len(r.get_primaries()), 1, "one primary")
    equal(r.cluster_info()["cluster_state"], "ok", "CLUSTER INFO")
    equal(r.mget_nonatomic(names[:50]), [b"%d" % i for i in range(50)], "MGET by slot")
    # One request for each slot; two of the names may share one.
    equal(set(r.mset_nonatomic({name: "x" for name in names[:50]})), {True}, "MSET by slot")


def pipelines(r):
    with r.pipeline() as pipeline:
        for i in range(200):
            pipeline.incr(tagged("n")).set(key(f"p:{i}"), i)
        replies = pipeline.execute()
    equal(replies[::2], list(range(1, 201)), "a pipeline runs in order")
    equal(replies[1::2], [True] * 200, "a pipeline over slots")


def messages(r):
    subscriber = r.pubsub()
    subscriber.subscribe(key("news"))
    limit = time.monotonic() + 20
    heard = []
    while time.monotonic() < limit and len(heard) < 2:
        message = subscriber.get_message(timeout=1)
        if message is None:
            continue
        heard.append((message["type"], message["data"]))
        if message["type"] == "subscribe":
            r.publish(key("news"), "hello")
    equal(heard, [("subscribe", 1), ("message", b"hello")], "a message")
    subscriber.close()


def main(host, port, user=None, password=None):
    signal.alarm(60)  # SIGALRM ends the program with a non-zero code
    r = RedisCluster(host=host, port=int(port), username=user or None, password=password or None, socket_timeout=20)
    for part in (many_keys, pipelines, messages):
        part(r)
    r.close()
    print(f"ok {checks} checks")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Exception as error:
        sys.exit(f"check {checks + 1} failed: {type(error).__name__}: {error}")
