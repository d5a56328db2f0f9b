"""What the rounds share: command line, key names, counting checks, reporting."""

import signal
import sys
import threading
import uuid

import redis

RUN = uuid.uuid4().hex[:8]  # rounds share servers: each has keys of its own
_checks = 0
_lock = threading.Lock()


def tagged(name):
    """Keys that one command names together must share a slot: the tag is the run."""
    return f"round:{{{RUN}}}:{name}"


def equal(actual, expected, what):
    global _checks
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")
    with _lock:
        _checks += 1


def address():
    """HOST, PORT, USER and PASSWORD of the command line; None for what is not given."""
    host, port, user, password = (sys.argv[1:] + ["", ""])[:4]
    return host, int(port), user or None, password or None


def url():
    host, port, user, password = address()
    login = f"{user}:{password.replace(' ', '%20')}@" if password else ""
    return f"redis://{login}{host}:{port}/0"


def connect():
    host, port, user, password = address()
    return redis.Redis(host=host, port=port, username=user, password=password, socket_timeout=30)


def run_round(main, usage):
    if len(sys.argv) < 3:
        sys.exit(usage)
    signal.alarm(90)  # SIGALRM ends the program with a non-zero code
    try:
        main()
    except Exception as error:
        sys.exit(f"check {_checks + 1} failed: {type(error).__name__}: {error}")
    print(f"ok {_checks} checks")
