"""SQLAlchemy's side of the workloads: a line comes in, a line goes out.

usage: REBIS_BENCH_URL=… sqlalchemy_peer.py core|ORM

The first line out says what runs, or why nothing does; the second one names the workloads.
"""

import gc
import importlib
import importlib.metadata
import os
import platform
import sys
import time

# Module, package, dialect; the first one that is installed is used.
DRIVERS = {
    "sqlite": [("sqlite3", None, "sqlite")],
    "mysql": [("MySQLdb", "mysqlclient", "mysql+mysqldb"), ("pymysql", "PyMySQL", "mysql+pymysql")],
    "postgresql": [
        ("psycopg", "psycopg", "postgresql+psycopg"),
        ("psycopg2", "psycopg2-binary", "postgresql+psycopg2"),
    ],
}
OPTIONS = {"sqlite": "", "mysql": "?charset=utf8mb4", "postgresql": "?sslmode=disable"}


def connected():
    """The engine, and what it runs on."""
    scheme, _, rest = os.environ["REBIS_BENCH_URL"].partition(":")
    failures = []
    for module, package, dialect in DRIVERS[scheme]:
        try:
            driver = importlib.import_module(module)
        except ImportError as error:
            failures.append(f"{module}: {error}")
            continue
        made = sqlalchemy.create_engine(f"{dialect}:{rest}{OPTIONS[scheme]}")
        made.connect().close()
        version = importlib.metadata.version(package) if package else f"with SQLite {driver.sqlite_version}"
        what = f"SQLAlchemy {sqlalchemy.__version__}, Python {platform.python_version()}, {package or module} {version}"
        return made, what
    raise ImportError("; ".join(failures))


try:
    import sqlalchemy
    from sqlalchemy import ForeignKey, String, Text, bindparam, insert, select, update
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload

    engine, what = connected()
except Exception as error:
    print(" ".join(str(error).split()), flush=True)
    print("", flush=True)
    sys.exit()


@sqlalchemy.event.listens_for(engine, "connect")
def switch_off_synchronous(connection, _):
    if engine.dialect.name == "sqlite":
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")


engine.dispose()


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    hair_color: Mapped[str | None] = mapped_column(String(50))
    posts: Mapped[list["Post"]] = relationship(back_populates="user")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str | None] = mapped_column(Text)
    user: Mapped[User] = relationship(back_populates="posts")
    comments: Mapped[list["Comment"]] = relationship()


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    text: Mapped[str] = mapped_column(String(200))


TABLE = User.__table__
POSTS = Post.__table__
PERMUTED = [i * 7919 % 10_000 + 1 for i in range(10_000)]
mark = 500_000
kept = None
digest = None


def bump():
    global mark
    mark += 1


def session():
    return Session(bind=engine, expire_on_commit=False)


def count_user(user):
    global digest
    color = 7 if user.hair_color is None else len(user.hair_color)
    digest += user.id * 31 + len(user.name) * user.id + color * (user.id % 97)


def count_post(post_id, post):
    global digest
    lengths = len(post.title) * 11 + (5 if post.body is None else len(post.body))
    digest += post_id * 13 + post.user_id * 17 + lengths * (post_id % 89)


def see(users):
    if digest is not None:
        for user in users:
            count_user(user)


def core_load(count):
    with engine.connect() as connection:
        rows = connection.execute(select(TABLE).where(TABLE.c.id <= count)).all()
        assert len(rows) == count
        see(rows)


def orm_load(count):
    with session() as made:
        users = made.scalars(select(User).where(User.id <= count)).all()
        assert len(users) == count
        see(users)


def core_join():
    statement = (
        select(TABLE, POSTS.c.id.label("post_id"), POSTS.c.user_id, POSTS.c.title, POSTS.c.body)
        .outerjoin_from(TABLE, POSTS, POSTS.c.user_id == TABLE.c.id)
        .where(TABLE.c.id <= 10_000)
    )
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
        assert len(rows) == 10_000
        if digest is not None:
            for row in rows:
                count_user(row)
                if row.post_id is not None:
                    count_post(row.post_id, row)


def orm_join():
    with session() as made:
        users = made.scalars(select(User).where(User.id <= 10_000).options(joinedload(User.posts))).unique().all()
        assert len(users) == 10_000
        if digest is not None:
            for user in users:
                count_user(user)
                for post in user.posts:
                    count_post(post.id, post)


def core_get():
    statement = select(TABLE).where(TABLE.c.id == bindparam("key"))
    with engine.connect() as connection:
        see([connection.execute(statement, {"key": key}).one() for key in PERMUTED])


def orm_get():
    with session() as made:
        see([made.get(User, key) for key in PERMUTED])


def orm_hit():
    for key in PERMUTED:
        kept[0].get(User, key)


def core_update():
    statement = update(TABLE).where(TABLE.c.id == bindparam("key")).values(name=bindparam("new"))
    with engine.begin() as connection:
        rows = [{"key": key, "new": f"User {key} r{mark:06}"} for key in range(1, 1001)]
        connection.execute(statement, rows)


def orm_update():
    for user in kept[1]:
        user.name = f"User {user.id} r{mark:06}"
    kept[0].commit()


def associations():
    global digest
    with session() as made:
        loads = selectinload(User.posts).selectinload(Post.comments)
        users = made.scalars(select(User).where(User.id <= 100).options(loads)).all()
        if digest is not None:
            for user in users:
                for post in user.posts:
                    for comment in post.comments:
                        digest += user.id * 3 + post.id * 5 + comment.id * 7 + len(comment.text)


def core_insert(count, calls=1):
    rows = NEW[count]
    for _ in range(calls):
        with engine.begin() as connection:
            connection.execute(insert(TABLE), rows if count > 1 else rows[0])


def core_insert_keys(count, calls=1):
    for _ in range(calls):
        with engine.begin() as connection:
            keys = connection.execute(insert(TABLE).returning(TABLE.c.id), NEW[count]).all()
            assert len(keys) == count


def orm_insert_keys(count, calls=1):
    for _ in range(calls):
        with session() as made:
            made.add_all([User(**row) for row in NEW[count]])
            made.commit()


def orm_unit_of_work():
    with session() as made:
        made.add_all(
            [
                User(**row, posts=[Post(title=f"Post {post} of {number}", body=None) for post in range(3)])
                for number, row in enumerate(NEW[10_000])
            ]
        )
        made.commit()


NEW = {n: [{"name": f"User {i}", "hair_color": "hair_color"} for i in range(n)] for n in (1, 100, 10_000)}
CORE = {
    "a_load_1": lambda: core_load(1),
    "a_load_100": lambda: core_load(100),
    "a_load_10000": lambda: core_load(10_000),
    "b_join_10000": core_join,
    "f_get_pk": core_get,
    "e_update_1000": core_update,
    "d_insert_1": lambda: core_insert(1, 100),
    "d_insert_100": lambda: core_insert(100, 10),
    "d_insert_10000": lambda: core_insert(10_000),
    "d_insertret_100": lambda: core_insert_keys(100, 10),
    "d_insertret_10000": lambda: core_insert_keys(10_000),
}
ORM = {
    "a_load_1": lambda: orm_load(1),
    "a_load_100": lambda: orm_load(100),
    "a_load_10000": lambda: orm_load(10_000),
    "b_join_10000": orm_join,
    "f_get_pk": orm_get,
    "i_identity_hit": orm_hit,
    "e_update_1000": orm_update,
    "c_assoc": associations,
    "d_insertret_100": lambda: orm_insert_keys(100, 10),
    "d_insertret_10000": lambda: orm_insert_keys(10_000),
    "u_uow_10000x3": orm_unit_of_work,
}
WORKS = CORE if sys.argv[1] == "core" else ORM


def prepare(work):
    """What is not measured."""
    global kept
    if WORKS is ORM and work in ("i_identity_hit", "e_update_1000"):
        if kept is None:
            made = session()
            most = 10_000 if work == "i_identity_hit" else 1000
            kept = (made, made.scalars(select(User).where(User.id <= most)).all())
    bump()


def rest():
    global kept
    if kept is not None:
        kept[0].close()
        kept = None
    gc.collect()


def answer(verb, argument):
    global digest
    if verb == "time":
        prepare(argument)
        start = time.perf_counter_ns()
        WORKS[argument]()
        return time.perf_counter_ns() - start
    if verb == "check":
        prepare(argument)
        digest = 0
        WORKS[argument]()
        found, digest = digest, None
        return found
    if verb == "rest":
        rest()
        return 0
    if kept is not None and engine.dialect.name == "sqlite":
        rest()
    # Without this a % in the text would be a placeholder.
    with engine.connect().execution_options(no_parameters=True) as connection:
        if verb == "execute":
            connection.exec_driver_sql(argument)
            connection.commit()
            return 0
        return int(connection.exec_driver_sql(argument).scalar() or 0)


print(what, flush=True)
print(" ".join(WORKS), flush=True)
for line in sys.stdin:
    verb, _, argument = line.strip().partition(" ")
    try:
        print("ok", answer(verb, argument), flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", flush=True)
