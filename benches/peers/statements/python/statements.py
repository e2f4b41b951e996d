"""What SQLAlchemy takes to make a text of a statement: compiled anew, and found in its cache."""

import sys
import time

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.util import LRUCache

ROUNDS = 9


def table(name):
    columns = Column("id", BigInteger, primary_key=True), Column("parent_id", BigInteger), Column("name", Text)
    return Table(name, MetaData(), *columns)


def everyday():
    users = table("users")
    query = select(users.c.id, users.c.parent_id, users.c.name).where(users.c.name == "ed").where(users.c.id > 7)
    return query.order_by(users.c.name).limit(10)


def join():
    tables = [table(f"table_{number}") for number in range(10)]
    query = select(*[one.c.name for one in tables]).select_from(tables[0])
    for one, other in zip(tables, tables[1:]):
        query = query.join(other, other.c.parent_id == one.c.id)
    query = query.where(tables[0].c.name == "ed").where(tables[5].c.id > 7).where(tables[9].c.name != "jo")
    return query.order_by(tables[9].c.id).limit(10)


def measure(name, count, make):
    costs = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(count):
            make()
        costs.append((time.perf_counter() - start) * 1e9 / count)
    print(name, *costs, sep="\t", flush=True)


def main(kind, count):
    statement = {"everyday": everyday, "join": join}[kind]()
    dialect = postgresql.dialect()
    cache = LRUCache(500)
    found = lambda: statement._compile_w_cache(dialect, compiled_cache=cache, column_keys=[])[0].construct_params()
    found()
    measure("SQLAlchemy, cached", count, found)
    measure("SQLAlchemy, without a cache", count, lambda: str(statement.compile(dialect=dialect)))


main(sys.argv[1], int(sys.argv[2]))
