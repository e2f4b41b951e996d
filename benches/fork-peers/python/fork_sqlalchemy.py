"""One scenario, once, on SQLAlchemy with one of its drivers: the same as `fork-peers one` in Rust.

    fork_sqlalchemy.py versions
    fork_sqlalchemy.py CURE SCENARIO FOLDER     with FORK_PEERS_URL and FORK_PEERS_PLAN set

It prints `name=value` lines; the workers write their journals into FOLDER. `runner.rs` starts and judges it.
"""

import gc
import importlib
import os
import signal
import socket
import sys
import time

from sqlalchemy import create_engine, event, exc, text
from sqlalchemy.pool import NullPool

NUMBERS = text("select n, pad from numbers order by n")
INSERT = text("insert into ledger values (:token)")
SELECT = text("select token from ledger where token = :token")


def versions():
    """The drivers that are there, and those that are not."""
    import platform
    import sqlite3
    from importlib import metadata

    print(f"Python {platform.python_version()}, SQLAlchemy {metadata.version('sqlalchemy')}")
    modules = {"mysqlclient": "MySQLdb", "pymysql": "pymysql", "psycopg2": "psycopg2", "psycopg": "psycopg"}
    for name, module in modules.items():
        package = "psycopg2-binary" if name == "psycopg2" else name
        try:
            importlib.import_module(module)
            print(f"{package} {metadata.version(package)}")
        except ImportError as error:
            print(f"missing {name} {error}")
    print(f"sqlite3 with SQLite {sqlite3.sqlite_version}")


class Plan:
    def __init__(self):
        for pair in os.environ["FORK_PEERS_PLAN"].split():
            name, value = pair.split("=")
            setattr(self, name, int(value))


def open_engine(url, cure, plan):
    arguments = {}
    if url.startswith("sqlite"):
        arguments["connect_args"] = {"timeout": 30}
    if cure == "null-pool":
        arguments["poolclass"] = NullPool
    else:
        arguments.update(pool_size=plan.pool, max_overflow=0, pool_timeout=plan.pool_seconds)
    engine = create_engine(url, **arguments)
    if cure == "pid-guard":
        guard_by_pid(engine)
    probe(engine, plan)
    return engine


def guard_by_pid(engine):
    """The recipe of the documentation: a connection of another process is not lent."""

    @event.listens_for(engine, "connect")
    def note_process(_connection, record):
        record.info["pid"] = os.getpid()

    @event.listens_for(engine, "checkout")
    def check_process(_connection, record, proxy):
        if record.info["pid"] != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None
            raise exc.DisconnectionError("the connection belongs to another process")


def apply_in_child(engine, cure):
    if cure == "dispose":
        engine.dispose()
    elif cure == "dispose-keep":
        engine.dispose(close=False)


def probe(engine, plan):
    """All connections at once, each asked for a number."""
    leased = []
    try:
        for _ in range(plan.pool):
            leased.append(engine.connect())
        right = 0
        for number, connection in enumerate(leased):
            answer = connection.execute(text("select cast(:n as decimal(9))"), {"n": number}).scalar_one()
            right += int(answer) == number
        return "works" if right == plan.pool else "wrong answers"
    finally:
        for connection in leased:
            connection.close()


def say(name, act):
    try:
        value = act()
    except Exception as error:
        value = f"error: {short(error)}"
    # Not `print`: a buffer that is not empty at the fork would be written by every child.
    os.write(1, f"{name}={value}\n".encode())


def short(error):
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}".replace("\n", " ")[:200]


class Journal:
    def __init__(self, folder, worker):
        self.file = os.open(os.path.join(folder, f"worker-{worker}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def line(self, text):
        os.write(self.file, (text.replace("\n", " ") + "\n").encode())


def perform(engine, worker, folder, plan):
    """What a worker does: its transactions, each noted before and after."""
    journal = Journal(folder, worker)
    failures = 0
    for number in range(plan.transactions):
        token = (worker + 1) * 1_000_000 + number
        journal.line(f"start {token}")
        try:
            with engine.begin() as connection:
                connection.execute(INSERT, {"token": token})
                read = connection.execute(SELECT, {"token": token}).scalar()
            failures = 0
            if read != token:
                journal.line(f"wrong {token} {read}")
            journal.line(f"acked {token}")
        except Exception as error:
            failures += 1
            journal.line(f"failed {token} {short(error)}")
        if failures == plan.failures:
            journal.line("gave-up")
            return
    journal.line("done")


def fork_workers(engine, cure, folder, plan):
    """Workers on this engine, or each on its own. Returns the children's ids, or none in a child that has done its work."""
    children = []
    for worker in range(plan.workers):
        pid = os.fork()
        if pid == 0:
            if engine is None:
                own = open_engine(os.environ["FORK_PEERS_URL"], cure, plan)
                perform(own, worker, folder, plan)
            else:
                apply_in_child(engine, cure)
                perform(engine, worker, folder, plan)
                # A worker that lives longer collects its garbage sooner or later, and with it the pool that it was told to forget.
                gc.collect()
            return None
        children.append(pid)
    return children


def collect(children, folder, plan):
    """Waits; when no worker has noted anything for too long, kills those that are left. Returns the others' exit codes."""
    size, since = 0, time.monotonic()
    hung, codes = 0, []
    for pid in children:
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                codes.append(os.waitstatus_to_exitcode(status))
                break
            noted = sum(entry.stat().st_size for entry in os.scandir(folder))
            if noted != size:
                size, since = noted, time.monotonic()
            if time.monotonic() - since >= plan.worker_seconds:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                hung += 1
                break
            time.sleep(0.005)
    say("hung", lambda: hung)
    return codes


def hold(engine, plan):
    held = engine.connect()
    held.execute(INSERT, {"token": plan.token_before})
    return held


def finish(held, plan):
    held.execute(INSERT, {"token": plan.token_after})
    held.commit()
    return "committed"


def first(_engine, cure, folder, plan):
    """The first control: the parent forks before it opens anything, and every process makes an engine of its own."""
    children = fork_workers(None, cure, folder, plan)
    if children is None:
        os._exit(0)
    engine = open_engine(os.environ["FORK_PEERS_URL"], cure, plan)
    collect(children, folder, plan)
    say("pool", lambda: probe(engine, plan))


def fresh(engine, cure, folder, plan):
    """The second control: the parent has an engine; each worker makes one of its own and leaves the inherited one alone."""
    children = fork_workers(None, cure, folder, plan)
    if children is None:
        os._exit(0)
    collect(children, folder, plan)
    say("pool", lambda: probe(engine, plan))


def work(engine, cure, folder, plan):
    """Four workers on the inherited engine. They end at once, and leave alone what they do not use."""
    children = fork_workers(engine, cure, folder, plan)
    if children is None:
        os._exit(0)
    collect(children, folder, plan)
    say("pool", lambda: probe(engine, plan))


def busy(engine, cure, folder, plan):
    """Four workers on the inherited engine, while the parent has a transaction open on one of its connections."""
    held = hold(engine, plan)
    children = fork_workers(engine, cure, folder, plan)
    if children is None:
        os._exit(0)
    collect(children, folder, plan)
    say("transaction", lambda: finish(held, plan))
    # Not in the same breath as its own error: a lease that cannot be given back is seen by the pool's probe.
    say("returned", lambda: held.close())
    say("pool", lambda: probe(engine, plan))


def exit_normally(engine, cure, folder, plan):
    """A child that does nothing (but the cure) and ends as a program does, with its destructors."""
    held = hold(engine, plan)
    pid = os.fork()
    if pid == 0:
        apply_in_child(engine, cure)
        sys.exit(0)
    after_child(engine, held, pid, folder, plan)


def close(engine, _cure, folder, plan):
    """A child that closes what it has inherited."""
    held = hold(engine, plan)
    pid = os.fork()
    if pid == 0:
        try:
            held.close()
            engine.dispose()
        finally:
            os._exit(0)
    after_child(engine, held, pid, folder, plan)


def after_child(engine, held, pid, folder, plan):
    collect([pid], folder, plan)
    say("transaction", lambda: finish(held, plan))
    say("returned", lambda: held.close())
    say("pool", lambda: probe(engine, plan))


def cursor(engine, cure, folder, plan):
    """The parent is in the middle of an answer; workers work and end as a program does; the parent reads on."""
    connection = engine.connect().execution_options(stream_results=True, max_row_buffer=100)
    answer = connection.execute(NUMBERS)
    total = sum(answer.fetchone()[0] for _ in range(plan.read_before))
    children = fork_workers(engine, cure, folder, plan)
    if children is None:
        sys.exit(0)
    collect(children, folder, plan)
    right = plan.numbers * (plan.numbers + 1) // 2

    def rest():
        got = total + sum(row[0] for row in answer)
        return "right" if got == right else f"wrong: {got} for {right}"

    say("cursor", rest)
    say("returned", lambda: connection.close())
    say("pool", lambda: probe(engine, plan))


def snapshot(engine, cure, folder, plan):
    """SQLite: the parent is in the middle of reading when it forks. Does the child's own read transaction stay isolated?"""
    mine, childs = socket.socketpair()
    connection = engine.connect()
    # The sqlite3 module begins no transaction for a SELECT; the program does.
    connection.exec_driver_sql("begin")
    answer = connection.execution_options(stream_results=True).execute(NUMBERS)
    answer.fetchone()
    pid = os.fork()
    if pid == 0:
        try:
            apply_in_child(engine, cure)
            os._exit(read_twice(engine, childs))
        except BaseException as error:
            os.write(2, f"the child: {short(error)}\n".encode())
            os._exit(2)
    childs.close()
    # The child has read once, or has ended.
    mine.recv(1)

    def write():
        answer.fetchall()
        connection.rollback()
        connection.execute(INSERT, {"token": plan.token_before})
        connection.execute(text("insert into mirror values (:token)"), {"token": plan.token_before})
        connection.commit()
        return "committed"

    say("write", write)
    codes = collect([pid], folder, plan)
    say("snapshot", lambda: {0: "isolated", 1: "torn"}.get(codes[0] if codes else 2, "error"))


def read_twice(engine, parent):
    with engine.connect() as connection:
        connection.exec_driver_sql("begin")
        ledger = connection.execute(text("select count(*) from ledger")).scalar_one()
        parent.send(b"r")
        # Time enough for the parent's commit, which has to wait for this transaction.
        time.sleep(0.5)
        # Of another table: what was read once may come from the connection's cache.
        mirror = connection.execute(text("select count(*) from mirror")).scalar_one()
        return int(ledger != mirror)


SCENARIOS = {
    "first": first,
    "fresh": fresh,
    "work": work,
    "busy": busy,
    "exit": exit_normally,
    "close": close,
    "cursor": cursor,
    "snapshot": snapshot,
}


def main():
    if sys.argv[1:] == ["versions"]:
        return versions()
    cure, scenario, folder = sys.argv[1:]
    plan = Plan()
    engine = None if scenario == "first" else open_engine(os.environ["FORK_PEERS_URL"], cure, plan)
    time.sleep(plan.settle / 1000)
    SCENARIOS[scenario](engine, cure, folder, plan)


main()
