#!/usr/bin/python3
"""A round of redis-py (RESP2). Usage: redis_py.py HOST PORT [USER [PASSWORD]]"""

import selectors
import signal
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import redis

RUN = uuid.uuid4().hex[:8]  # rounds share servers: each has keys of its own
BINARY = bytes(range(256))
checks = 0


def key(name):
    return f"round:{RUN}:{name}"


def tagged(name):
    """Keys that one command names together must share a slot: the tag is the run."""
    return f"round:{{{RUN}}}:{name}"


def equal(actual, expected, what):
    global checks
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")
    checks += 1


def fails(call, text, what):
    try:
        call()
    except redis.ResponseError as error:
        equal(text in str(error), True, f"{what} ({error})")
    else:
        raise AssertionError(f"{what}: no error")


def strings(r):
    equal(r.set(key("s"), "value"), True, "SET")
    equal(r.get(key("s")), b"value", "GET")
    equal(r.get(key("none")), None, "GET of nothing")
    equal(r.set(key("b"), BINARY), True, "SET of every byte")
    equal(r.get(key("b")), BINARY, "GET of every byte")
    equal(r.set(BINARY + RUN.encode(), "v"), True, "SET of a key of every byte")
    equal(r.get(BINARY + RUN.encode()), b"v", "GET of a key of every byte")
    equal(r.set(key("s"), "other", nx=True), None, "SET NX of an existing key")
    equal(r.append(key("s"), "!"), 6, "APPEND")
    equal(r.getrange(key("s"), 1, 2), b"al", "GETRANGE")
    equal(r.incrby(key("n"), 41), 41, "INCRBY")
    equal(r.incrbyfloat(key("n"), 0.5), 41.5, "INCRBYFLOAT")
    equal(r.getex(key("n"), ex=100), b"41.5", "GETEX")
    fails(lambda: r.incr(key("s")), "not an integer", "INCR of a text")


def scripts(r):
    add = r.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
    equal([add(keys=[key("script")], args=[i]) for i in (1, 2, 3)], [1, 3, 6], "register_script")
    with r.pipeline(transaction=False) as pipe:
        pipe.set(key("script"), 10)
        add(keys=[key("script")], args=[5], client=pipe)
        pipe.get(key("script"))
        equal(pipe.execute(), [True, 15, b"15"], "register_script in a pipeline")
    with r.pipeline(transaction=True) as pipe:
        add(keys=[key("script")], args=[5], client=pipe)
        equal(pipe.execute(), [20], "register_script in a transaction")
    with r.lock(key("lock"), timeout=10):
        equal(r.lock(key("lock"), timeout=10).acquire(blocking=False), False, "a lock that is held")
    equal(r.exists(key("lock")), 0, "a lock that is given back")


def large_values(r):
    for size in (0, 1, 4096, 65536, 3_000_000):
        value = b"x" * size
        equal(r.set(key("large"), value), True, f"SET of {size} bytes")
        equal(r.get(key("large")) == value, True, f"GET of {size} bytes")


def many_keys(r):
    names = [key(f"many:{i}") for i in range(200)]
    equal(r.mset({name: f"v{i}" for i, name in enumerate(names)}), True, "MSET over slots")
    equal(r.mget(names), [b"v%d" % i for i in range(200)], "MGET over slots, in order")
    equal(r.exists(*names), 200, "EXISTS over slots")
    equal(r.touch(*names[:10]), 10, "TOUCH over slots")
    equal(r.delete(*names[:100]), 100, "DEL over slots")
    equal(r.unlink(*names), 100, "UNLINK over slots")


def keys_and_expiry(r):
    r.set(key("e"), "1", ex=100)
    equal(90 < r.ttl(key("e")) <= 100, True, "TTL")
    equal(r.persist(key("e")), True, "PERSIST")
    equal(r.type(key("e")), b"string", "TYPE")
    r.set(tagged("from"), "moved")
    equal(r.rename(tagged("from"), tagged("to")), True, "RENAME in a slot")
    equal(r.get(tagged("to")), b"moved", "GET of the renamed")
    r.rpush(key("sort"), 3, 1, 2)
    equal(r.sort(key("sort")), [b"1", b"2", b"3"], "SORT")


def hashes_and_lists(r):
    equal(r.hset(key("h"), mapping={"a": 1, "b": 2}), 2, "HSET")
    equal(r.hgetall(key("h")), {b"a": b"1", b"b": b"2"}, "HGETALL")
    equal(r.hmget(key("h"), "a", "x"), [b"1", None], "HMGET")
    equal(r.hincrby(key("h"), "a", 9), 10, "HINCRBY")
    equal(dict(r.hscan_iter(key("h"))), {b"a": b"10", b"b": b"2"}, "HSCAN")
    equal(r.rpush(key("l"), "a", "b", "c"), 3, "RPUSH")
    equal(r.lrange(key("l"), 0, -1), [b"a", b"b", b"c"], "LRANGE")
    equal(r.lpop(key("l"), 2), [b"a", b"b"], "LPOP of two")
    equal(r.lpos(key("l"), "c"), 0, "LPOS")
    equal(r.rpush(tagged("l"), "a", "b"), 2, "RPUSH")
    equal(r.lmove(tagged("l"), tagged("m"), "LEFT", "RIGHT"), b"a", "LMOVE in a slot")


def sets_and_sorted_sets(r):
    equal(r.sadd(key("set"), "a", "b", "c"), 3, "SADD")
    equal(r.smembers(key("set")), {b"a", b"b", b"c"}, "SMEMBERS")
    equal(set(r.sscan_iter(key("set"))), {b"a", b"b", b"c"}, "SSCAN")
    r.sadd(tagged("s1"), "a", "b")
    r.sadd(tagged("s2"), "b", "c")
    equal(r.sinter(tagged("s1"), tagged("s2")), {b"b"}, "SINTER in a slot")
    equal(r.smove(tagged("s1"), tagged("s2"), "a"), True, "SMOVE in a slot")
    equal(r.zadd(key("z"), {"a": 1, "b": 2.5, "c": 3}), 3, "ZADD")
    equal(r.zrange(key("z"), 0, -1, withscores=True), [(b"a", 1.0), (b"b", 2.5), (b"c", 3.0)], "ZRANGE WITHSCORES")
    equal(r.zrangebyscore(key("z"), "(1", "+inf"), [b"b", b"c"], "ZRANGEBYSCORE")
    equal(r.zpopmax(key("z")), [(b"c", 3.0)], "ZPOPMAX")
    equal(list(r.zscan_iter(key("z"))), [(b"a", 1.0), (b"b", 2.5)], "ZSCAN")


def bits_geo_streams(r):
    equal(r.setbit(key("bits"), 7, 1), 0, "SETBIT")
    equal(r.bitpos(key("bits"), 1), 7, "BITPOS")
    equal(r.pfadd(key("hll"), "a", "b", "c"), 1, "PFADD")
    equal(r.pfcount(key("hll")), 3, "PFCOUNT")
    equal(r.geoadd(key("geo"), (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")), 2, "GEOADD")
    equal(r.geodist(key("geo"), "Palermo", "Catania", "km"), 166.2742, "GEODIST")
    equal(r.xadd(key("x"), {"f": "v"}, id="1-1"), b"1-1", "XADD")
    equal(r.xrange(key("x")), [(b"1-1", {b"f": b"v"})], "XRANGE")
    equal(r.xgroup_create(key("x"), "g", "0"), True, "XGROUP CREATE")
    equal(r.xinfo_stream(key("x"))["length"], 1, "XINFO STREAM")
    equal(r.object("encoding", key("z")), b"listpack", "OBJECT ENCODING")


def pipelines(r):
    pipe = r.pipeline(transaction=False)
    for i in range(1000):
        pipe.set(key(f"p:{i % 50}"), i).get(key(f"p:{i % 50}"))
    replies = pipe.execute()
    equal(replies[0::2], [True] * 1000, "a pipeline without errors")
    equal(replies[1::2], [b"%d" % i for i in range(1000)], "a pipeline answers in order")
    mixed = r.pipeline(transaction=False).set(key("t"), "x").incr(key("t")).get(key("t")).execute(raise_on_error=False)
    equal([type(reply) for reply in mixed], [bool, redis.ResponseError, bytes], "an error in a pipeline stays in its place")


def connections(r, connect):
    connection = r.connection_pool.get_connection("QUIT")
    connection.send_command("QUIT")
    equal(connection.read_response(), b"OK", "QUIT is answered")
    closed = selectors.DefaultSelector()
    closed.register(connection._sock, selectors.EVENT_READ)
    # Between the answer and the close a client that sends its next command loses it, to any server.
    equal(len(closed.select(timeout=20)), 1, "QUIT closes the connection")
    r.connection_pool.release(connection)
    equal(r.set(key("again"), "1"), True, "a command after a lost connection")

    def one(i):
        client = connect()
        client.set(key(f"c:{i}"), i)
        value = client.get(key(f"c:{i}"))
        client.close()
        return value

    with ThreadPoolExecutor(50) as threads:
        equal(list(threads.map(one, range(50))), [b"%d" % i for i in range(50)], "50 connections at once")


def main(host, port, user=None, password=None):
    def connect():
        return redis.Redis(host=host, port=int(port), username=user or None, password=password or None, socket_timeout=20)

    signal.alarm(60)  # SIGALRM ends the program with a non-zero code
    r = connect()
    equal(r.ping(), True, "PING")
    for part in (strings, scripts, large_values, many_keys, keys_and_expiry, hashes_and_lists, sets_and_sorted_sets, bits_geo_streams, pipelines):
        part(r)
    connections(r, connect)
    print(f"ok {checks} checks")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Exception as error:
        sys.exit(f"check {checks + 1} failed: {type(error).__name__}: {error}")
