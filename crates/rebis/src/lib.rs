//! Rebis: the SQL toolkit and unit-of-work ORM for Rust, for programs that thread and fork.
//!
//! Two promises that no peer makes: wrong use across threads does not compile, and a fork never breaks anybody.
//!
//! ```
//! use rebis::{Engine, text};
//!
//! let engine = Engine::new("sqlite://")?;
//! let mut conn = engine.connect()?;
//! conn.execute(text("create table users (id integer primary key, name text)"))?;
//! conn.execute(text("insert into users (name) values (:name)").bind("name", "ed"))?;
//! conn.commit()?;
//! for user in conn.execute(text("select id, name from users"))?.of::<(i64, String)>() {
//!     let (id, name) = user?;
//!     assert_eq!((id, name.as_str()), (1, "ed"));
//! }
//! # Ok::<(), rebis::Error>(())
//! ```
//!
//! The toolkit is `rebis-core`, under the name that programs use; on it stand [models](Model) and [sessions](Session).

mod flush;
mod load;
pub mod mapper;
pub mod model;
mod scoped;
mod session;
mod unit;

pub use mapper::{Embedded, Model, State};
pub use model::{
    Deferred, Load, LoadOption, Many, One, ToMany, ToOne, contains_eager, defaultload, immediateload,
    joinedload, lazyload, raiseload, raiseload_all, selectinload, undefer, undefer_group,
    with_loader_criteria,
};
pub use rebis_core::*;
/// Makes a struct one that models can embed: its fields are columns of theirs.
///
/// ```
/// use rebis::Embedded;
/// use rebis::prelude::*;
///
/// #[derive(Debug, Clone, Default, PartialEq, Embedded)]
/// struct Address {
///     street: String,
///     #[rebis(column = "zip_code", length = 10)]
///     zip: Option<String>,
/// }
///
/// #[derive(Debug, Clone, Default, Model)]
/// struct Order {
///     #[rebis(primary_key)]
///     id: i64,
///     #[rebis(embedded)] // columns street, zip_code
///     address: Address,
///     #[rebis(embedded, prefix = "ship_")] // columns ship_street, ship_zip_code; None where both are NULL
///     shipping: Option<Address>,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<Order>(&engine)?;
/// let session = Session::new(&engine);
/// let address = Address { street: "Main Street 1".into(), zip: None };
/// let order = session.add(Order { address: address.clone(), ..Order::default() })?;
/// session.commit()?;
/// order.write()?.shipping = Some(address); // UPDATE SET ship_street: the column that has changed
/// let found = session.query::<Order>().filter(Order::shipping.street.like("Main%")).one()?;
/// assert_eq!(found.get(Order::address.street)?, "Main Street 1");
/// # Ok::<(), rebis::Error>(())
/// ```
///
/// Its fields take `column`, `const`, `length`, `type`, `unique`, `index`, `not_null`, `default`, `server_default`, `computed`,
/// `collation` and `comment`, as those of a [`Model`](derive@Model). The columns are named by the model's constant: `Order::shipping.street`.
pub use rebis_derive::Embedded;
/// Reads a row into a struct: each field from the column of its name.
///
/// ```
/// use rebis::{Engine, FromRow, text};
///
/// #[derive(Debug, PartialEq, FromRow)]
/// struct User {
///     id: i64,
///     #[rebis(column = "full_name")]
///     name: Option<String>,
///     #[rebis(default)]
///     age: u8,
///     #[rebis(flatten)]
///     place: Place,
///     #[rebis(skip)]
///     seen: bool,
/// }
///
/// #[derive(Debug, PartialEq, FromRow)]
/// struct Place {
///     city: String,
/// }
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let users: Vec<User> = conn.fetch_all(text("select 'Rome' as city, null as full_name, 7 as id"))?;
/// assert_eq!(users, [User { id: 7, name: None, age: 0, place: Place { city: "Rome".into() }, seen: false }]);
/// # Ok::<(), rebis::Error>(())
/// ```
///
/// | on a field | |
/// |---|---|
/// | `#[rebis(column = "name")]` | from the column of that name |
/// | `#[rebis(flatten)]` | its type is a `FromRow` of its own that takes cells of the same row; an `Option` of one is `None` where all of them are NULL |
/// | `#[rebis(default)]` | `Default::default()` where the answer has no such column |
/// | `#[rebis(skip)]` | `Default::default()` always |
///
/// A tuple struct is read by position. Columns are looked up once for an answer, not for each row. On the struct
/// `#[rebis(crate = "rebis_core")]` names another crate that has the trait.
pub use rebis_derive::FromRow;
/// Makes a struct a model: its values are rows of a table, and objects of a [`Session`].
///
/// ```
/// use rebis::prelude::*;
///
/// #[derive(Debug, Clone, Default, Model)]
/// #[rebis(table = "users")]
/// struct User {
///     #[rebis(primary_key)] // an integer alone is counted by the database: 0 is not assigned yet
///     id: i64,
///     #[rebis(unique, length = 50)]
///     name: String,
///     fullname: Option<String>,
///     #[rebis(relationship(back_populates = "user", cascade = "all, delete-orphan", order_by = "id"))]
///     addresses: Many<Address>,
/// }
///
/// #[derive(Debug, Clone, Default, Model)]
/// #[rebis(table = "addresses")]
/// struct Address {
///     #[rebis(primary_key)]
///     id: i64,
///     email: String,
///     #[rebis(foreign_key = User::id, on_delete = "cascade", index)]
///     user_id: i64,
///     #[rebis(relationship(back_populates = "addresses"))]
///     user: One<User>,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<(User, Address)>(&engine)?;
/// let session = Session::new(&engine);
/// let ed = session.add(User {
///     name: "ed".into(),
///     addresses: [Address { email: "ed@example.com".into(), ..Address::default() }].into(),
///     ..User::default()
/// })?;
/// session.commit()?;
/// let address = session.query::<Address>().filter(Address::email.like("ed@%")).one()?;
/// assert_eq!(address.related(Address::user)?, Some(ed));
/// # Ok::<(), rebis::Error>(())
/// ```
///
/// Columns and relations are constants with the names of the fields, as visible as these: `User::name`, `User::addresses`. The struct
/// is `Clone`; `Default` helps. It is [`FromRow`] as well, by the names of its columns: `conn.fetch_all::<User>(…)`.
///
/// | on the struct | |
/// |---|---|
/// | `table = "users"`, `schema = "shop"` | what the table is called; without it, as the struct: `UserKeyword` → `user_keyword` |
/// | `unique(a, b)`, `index(a, b, name = "ix")` | of several fields; `index = "a, b"` is the same, and clippy, which takes a field in two indexes for an attribute that is there twice, does not mind it |
/// | `check = "price > 0"` | a condition that every row meets: SQL, or a `CheckConstraint` |
/// | `foreign_key(columns(a, b), refers(Line::a, Line::b), on_delete = "cascade")` | a foreign key of several columns |
/// | `comment = "…"` | kept by the database |
/// | `version = field` | the column that counts the changes of a row: whoever changes an older one gets `StaleData` |
/// | `columns = UserColumns` | puts the constants on a type of their own, where one of them has the name of a method, or is called `default`; other models name them by paths then: `back_populates = UserColumns::addresses` |
/// | `crate = "…"` | the path of this crate, where it is not `::rebis` |
///
/// | on a column's field | |
/// |---|---|
/// | `primary_key` | the key, or a part of it. A whole number (or an `Option` of one) that is the key alone is counted by the database, unless it is a foreign key, has a default or a type of its own, or says `autoincrement = false`; `autoincrement` says it of an alias. PostgreSQL counts no `u64` |
/// | `column = "name"`, `const = "NAME"` | the name of the column, and that of the constant |
/// | `unique`, `index`, `comment = "…"`, `collation = "…"` | |
/// | `length = 50` | of text |
/// | `type = SqlType::Numeric { … }` | the type of the column, where the field's own type does not say it ([`ColumnType`](schema::ColumnType)) |
/// | `foreign_key = User::id`, `on_delete = "cascade"`, `on_update = "set null"` | the column that it refers to; both types must be comparable |
/// | `default = 1` | for statements that do not name the column, as [`insert_into`](sql::insert_into). A struct always has a value: for structs, write `Default` |
/// | `server_default = "now()"` | what the database puts in where the field, an `Option`, is `None`: SQL, a number, a truth value, or a `ServerDefault` |
/// | `not_null` | never NULL although the field is an `Option`, beside a `server_default` |
/// | `computed = "price * 2"` | the database computes it, and gives it back at the flush: SQL (stored), or a `Computed` |
/// | `deferred = "media"` | a group of [`Deferred`] columns, which are loaded together; a field of that type needs no word |
/// | `embedded`, `prefix = "ship_"` | its type is a struct whose own fields are columns: [`Embedded`](derive@Embedded) |
/// | `skip` | no column: `Default::default()` when it is read |
///
/// An `Option` may be NULL, anything else may not.
///
/// | in `relationship(…)`, on a field of the type [`Many<T>`](Many) or [`One<T>`](One) | |
/// |---|---|
/// | `back_populates = "user"` | the relation of the other model that leads back: both are kept in step |
/// | `cascade = "all, delete-orphan"` | what goes along: `save-update`, `merge`, `delete`, `delete-orphan`, `expunge`, `refresh-expire`, `all`, `none`; without it `save-update, merge` |
/// | `order_by = "name, id desc"` | columns of the other model |
/// | `secondary = UserKeyword` | many to many: the model of the table between both, or a function that returns a `Table` |
/// | `foreign_keys = "billing_id"` | the columns of the foreign key, where there are several between both |
/// | `join = "country = code"` | fields of this model and those of the other one that are equal, where the tables have no foreign key for it |
/// | `passive_deletes`, `passive_deletes = "all"`, `passive_updates = false`, `post_update`, `single_parent`, `view_only` | as in SQLAlchemy, see [`RelationDef`](mapper::RelationDef) |
pub use rebis_derive::Model;
pub use scoped::ScopedSession;
pub use session::{
    Answer, AnyInstance, Attribute, Child, Collection, EntityColumns, GetOptions, InsertModels, Instance,
    IntoKey, JoinMode, JoinRelated, Keyed, LazyLoads, Nested, NullableEntity, Part, Query, ReadGuard,
    Related, RelationOf, RowPart, RowParts, RowQuery, Session, SessionEvents, SessionMaker, SessionOptions,
    Stream, ValueFor, WriteGuard, entity,
};
// By name too: through the glob, the compiler does not see which feature is missing.
#[cfg(feature = "jiff")]
pub use rebis_core::jiff;
#[cfg(feature = "time")]
pub use rebis_core::time;

/// What most programs import: `use rebis::prelude::*;`.
pub mod prelude {
    pub use crate::{
        InsertModels, Instance, JoinRelated, Many, Model, One, ScopedSession, Session, SessionMaker, entity,
        joinedload, selectinload,
    };
    pub use rebis_core::sql::count;
    pub use rebis_core::{
        Connection, Engine, Error, ErrorKind, Expression, FromRow, Result, Transaction, Value, alias, delete,
        insert, raw, select, text, update,
    };
    pub use rebis_derive::FromRow;
}

#[cfg(doctest)]
mod guide;
