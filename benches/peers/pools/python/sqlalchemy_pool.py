"""SQLAlchemy's QueuePool on a connection that does nothing.

`uncontended ROUNDS` prints nanoseconds for each round; `contended USERS HOLD_US PAUSE_US LENGTH_MS ROUNDS` prints the share, the waits
at 50, 99 and 99.9 of a hundred in nanoseconds, and the checkouts a second of each round.
"""

import ctypes
import sys
import threading
import time

from sqlalchemy.pool import QueuePool


class Dummy:
    def rollback(self):
        pass

    def commit(self):
        pass

    def close(self):
        pass

    def cursor(self):
        pass


def pool():
    return QueuePool(Dummy, pool_size=4, max_overflow=0, timeout=30)


def uncontended(rounds):
    connections = pool()
    for _ in range(rounds + 1):
        start = time.perf_counter_ns()
        for _ in range(5000):
            connections.connect().close()
        yield (time.perf_counter_ns() - start) / 5000


def contend(users, hold, pause, length):
    connections, stop, waits = pool(), threading.Event(), [[] for _ in range(users)]
    together = threading.Barrier(users + 1)

    def use(mine):
        # PR_SET_TIMERSLACK: the kernel may lengthen sleeps by 50 µs otherwise.
        ctypes.CDLL(None).prctl(29, 1, 0, 0, 0)
        together.wait()
        while not stop.is_set():
            start = time.perf_counter_ns()
            connection = connections.connect()
            mine.append(time.perf_counter_ns() - start)
            if hold:
                time.sleep(hold / 1e6)
            connection.close()
            if pause:
                time.sleep(pause / 1e6)

    threads = [threading.Thread(target=use, args=(mine,)) for mine in waits]
    for thread in threads:
        thread.start()
    together.wait()
    start = time.perf_counter()
    time.sleep(length / 1e3)
    stop.set()
    elapsed = time.perf_counter() - start
    served = [len(mine) for mine in waits]
    for thread in threads:
        thread.join()
    return waits, served, elapsed


def contended(users, hold, pause, length, rounds):
    all_waits, shares, per_second = [], [], []
    for _ in range(rounds):
        waits, served, elapsed = contend(users, hold, pause, length)
        for mine in waits:
            all_waits.extend(mine)
        shares.append(min(served) / max(max(served), 1))
        per_second.append(sum(served) / elapsed)
    all_waits.sort()
    yield sorted(shares)[len(shares) // 2]
    for share in (0.5, 0.99, 0.999):
        yield all_waits[min(len(all_waits) - 1, int(len(all_waits) * share))] if all_waits else 0
    yield from per_second


what, *numbers = sys.argv[1:]
numbers = [int(number) for number in numbers]
figures = list((uncontended if what == "uncontended" else contended)(*numbers))
# The first round warms up.
print(*(figures[1:] if what == "uncontended" else figures))
