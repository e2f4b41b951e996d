"""SQLAlchemy's part of the load: workers by `multiprocessing`, each with an engine of its own and no pool.

Reads what to do from the environment, and prints seconds, CPU seconds of the workers, and the bytes that the largest one had.
"""

import multiprocessing
import os
import resource
import time

from sqlalchemy import Double, String, bindparam, create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

PEER, DATABASE, WORKERS, ROWS = os.environ["REBIS_BENCH_JOB"].split("/")
WORKERS, ROWS, CHUNK = int(WORKERS), int(ROWS), 5000


class Base(DeclarativeBase):
    pass


class Columns:
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    a: Mapped[int]
    b: Mapped[str] = mapped_column(String(100))
    c: Mapped[float] = mapped_column(Double)


class Source(Columns, Base):
    __tablename__ = "etl_source"


class Target(Columns, Base):
    __tablename__ = "etl_target"


def make_engine():
    if DATABASE == "sqlite":
        url = "sqlite:///" + os.environ["REBIS_BENCH_SQLITE_FILE"]
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 60})

        @event.listens_for(engine, "connect")
        def settings(connection, _):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")

        return engine
    if DATABASE == "mariadb":
        driver, url = mariadb_driver(), os.environ["REBIS_BENCH_MYSQL_URL"]
    else:
        driver, url = "postgresql+psycopg", os.environ["REBIS_BENCH_POSTGRES_URL"]
    return create_engine(driver + "://" + url.split("://", 1)[1], poolclass=NullPool)


def mariadb_driver():
    try:
        import MySQLdb  # noqa: F401
    except ImportError:
        return "mysql+pymysql"
    return "mysql+mysqldb"


def core(engine, chunks):
    source, target = Source.__table__, Target.__table__
    wanted = select(source).where(source.c.id > bindparam("low"), source.c.id <= bindparam("high"))
    with engine.connect() as connection:
        for low in chunks:
            rows = connection.execute(wanted, {"low": low, "high": low + CHUNK}).all()
            changed = [
                {"id": id, "a": a * 3 + 1, "b": b.upper(), "c": c * 1.5 + a} for id, a, b, c in rows
            ]
            # On SQLite a transaction that has read cannot always go on to write.
            connection.commit()
            connection.execute(insert(target), changed)
            connection.commit()


def orm(engine, chunks):
    for low in chunks:
        with Session(engine) as session:
            wanted = select(Source).where(Source.id > low, Source.id <= low + CHUNK)
            changed = [
                Target(id=row.id, a=row.a * 3 + 1, b=row.b.upper(), c=row.c * 1.5 + row.a)
                for row in session.scalars(wanted)
            ]
            session.rollback()
            session.add_all(changed)
            session.commit()


def work(chunks):
    (orm if PEER.endswith("ORM") else core)(make_engine(), chunks)


def main():
    chunks = list(range(0, ROWS, CHUNK))
    shares = [
        chunks[len(chunks) * worker // WORKERS : len(chunks) * (worker + 1) // WORKERS]
        for worker in range(WORKERS)
    ]
    start = time.perf_counter()
    forked = multiprocessing.get_context("fork")
    workers = [forked.Process(target=work, args=(share,)) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - start
    assert all(worker.exitcode == 0 for worker in workers)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


main()
