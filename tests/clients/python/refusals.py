#!/usr/bin/python3
"""redis-py (RESP2) before a tenant that is refused everything there is to refuse. Usage: refusals.py HOST PORT BUSY_PORT

PORT is the listener of a tenant that may not run HGETALL, nor GET on 'closed', may GET 'paced' once, and is over its quota; BUSY_PORT of one
that may have one request in flight. Prints how many refusals of each kind it saw: the proxy must have counted as many.
"""

import signal
import sys
import threading

import redis

ROUNDS = 5

OVER_QUOTA = "OOM tenant 'app1' is over its memory quota (1.95 KiB used of 1000 B); delete keys, or let them expire"
# redis-py has a type for OOM since 4.6, and takes the code off where it has a type.
TYPED_OOM = getattr(redis.exceptions, "OutOfMemoryError", None)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


def refused(call, kind, text, what):
    """The call fails with exactly this type of error."""
    try:
        result = call()
    except redis.RedisError as error:
        equal((type(error), str(error)), (kind, text), what)
    else:
        raise AssertionError(f"{what}: {result!r} and no error")


def eventually(condition, what):
    for _ in range(100_000):
        if condition():
            return
    raise AssertionError(f"{what}: never")


def connect(host, port):
    # redis-py's own defaults for retries; one connection, so that its id tells whether it was kept.
    return redis.Redis(host=host, port=int(port), socket_timeout=20, single_connection_client=True)


def refusals(r):
    """Returns how often it was denied, throttled, over its quota."""
    equal(r.get("paced"), None, "the first GET of 'paced'")
    for _ in range(ROUNDS):
        refused(lambda: r.hgetall("h"), redis.exceptions.NoPermissionError, "tenant 'app1' may not run 'hgetall': use HSCAN", "a denied command")
        refused(lambda: r.get("closed"), redis.exceptions.NoPermissionError, "tenant 'app1' may not run 'get'", "a denied key")
        refused(lambda: r.get("paced"), redis.ResponseError, "LIMIT paced rate exceeded, retry after 1000 ms", "a throttled command")
        refused(lambda: r.set("k", "v"), TYPED_OOM or redis.ResponseError, OVER_QUOTA.removeprefix("OOM " if TYPED_OOM else ""), "a write over the quota")
        equal((r.get("k"), r.delete("k"), r.ping()), (None, 0, True), "what is allowed")
    with r.pipeline(transaction=False) as pipe:
        answers = pipe.get("k").hgetall("h").get("closed").ping().execute(raise_on_error=False)
    equal([type(answer).__name__ for answer in answers], ["NoneType", "NoPermissionError", "NoPermissionError", "bool"], "a pipeline")
    with r.pipeline(transaction=True) as pipe:
        pipe.get("k").hgetall("h")
        try:
            pipe.execute()
        except redis.exceptions.NoPermissionError:
            pass
    return 2 * ROUNDS + 3, ROUNDS, ROUNDS


def too_many(host, port):
    """Returns how often there were too many requests in flight."""
    r, blocked = connect(host, port), connect(host, port)
    number = r.client_id()
    blocked_number = blocked.client_id()
    waiting = threading.Thread(target=lambda: blocked.blpop("l", 0), daemon=True)
    waiting.start()
    eventually(lambda: any(client["cmd"] == "blpop" for client in r.client_list()), "the other client waits")
    for _ in range(ROUNDS):
        refused(lambda: r.get("k"), redis.ResponseError, "LIMIT tenant 'app2' may have 1 requests in flight at most", "too many in flight")
    eventually(lambda: r.client_unblock(blocked_number), "CLIENT UNBLOCK")
    waiting.join()
    equal((r.get("k"), r.client_id()), (None, number), "the same connection, afterwards")
    return ROUNDS


def main(host, port, busy_port):
    signal.alarm(60)  # SIGALRM ends the program with a non-zero code
    r = connect(host, port)
    number = r.client_id()
    counts = [*refusals(r), too_many(host, busy_port)]
    equal(r.client_id(), number, "the connection's id")
    print("refused", *counts)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Exception as error:
        sys.exit(f"failed: {type(error).__name__}: {error}")
