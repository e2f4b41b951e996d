//! Every attribute of a model, by the table and the session that come of it.
#![allow(clippy::unwrap_used)]

use std::str::FromStr;

use rebis::chrono::{NaiveDate, NaiveDateTime};
use rebis::rust_decimal::Decimal;
use rebis::schema::{
    CheckConstraint, ColumnDef, Computed, Entity, EnumType, ForeignKey, Index, OnChange, ServerDefault,
    SqlType, Table, UniqueConstraint,
};
use rebis::sql::{Expression, insert_into};
use rebis::uuid::Uuid;
use rebis::{Engine, ErrorKind, Json, Many, Model, One, Session, create_all};

fn session<E: rebis::schema::Entities>() -> Session {
    let engine = Engine::new("sqlite://").unwrap();
    create_all::<E>(&engine).unwrap();
    Session::new(&engine)
}

// ---- types of columns ----

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Size {
    #[default]
    Small,
    Large,
}
rebis::sql_enum!(Size as "size" { Small => "small", Large => "large" });

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(schema = "main", comment = "what there is", version = revision)]
#[rebis(
    unique(code, size, name = "uq_code"),
    index = "price",
    index(code, price, name = "ix_both"),
    check = "price > 0"
)]
#[rebis(check = CheckConstraint::new("code <> ''").name("ck_code"))]
struct StockItem {
    #[rebis(primary_key)]
    id: Uuid,
    #[rebis(collation = "NOCASE", comment = "as printed")]
    code: String,
    size: Option<Size>,
    #[rebis(type = SqlType::Numeric { precision: 10, scale: 2 })]
    price: Decimal,
    #[rebis(type = SqlType::Numeric { precision: 10, scale: 2 })]
    reduced: Option<Decimal>,
    since: Option<NaiveDate>,
    tags: Json<Vec<String>>,
    #[rebis(default = 1 + 1)]
    number: i32,
    #[rebis(server_default = "'new'", not_null)]
    state: Option<String>,
    #[rebis(server_default = 7)]
    rank: Option<i64>,
    #[rebis(server_default = ServerDefault::CurrentTimestamp)]
    made: Option<NaiveDateTime>,
    #[rebis(computed = "number * 2")]
    double: i64,
    revision: i32,
    #[rebis(column = "the type", const = "KIND")]
    r#type: String,
    #[rebis(skip)]
    seen: Vec<u8>,
}

#[test]
fn each_attribute_is_in_the_table() {
    let numeric = SqlType::Numeric { precision: 10, scale: 2 };
    let by_hand = Table::build("stock_item")
        .schema("main")
        .comment("what there is")
        .column(ColumnDef::new("id", SqlType::Uuid).primary_key())
        .column(ColumnDef::new("code", SqlType::Text).collation("NOCASE").comment("as printed"))
        .column(ColumnDef::new("size", SqlType::Enum(EnumType::of::<Size>())).nullable())
        .column(ColumnDef::new("price", numeric.clone()))
        .column(ColumnDef::new("reduced", numeric).nullable())
        .column(ColumnDef::new("since", SqlType::Date).nullable())
        .column(ColumnDef::new("tags", SqlType::Json))
        .column(ColumnDef::new("number", SqlType::Integer))
        .column(ColumnDef::new("state", SqlType::Text).server_default(ServerDefault::Sql("'new'")))
        .column(
            ColumnDef::new("rank", SqlType::BigInteger).nullable().server_default(ServerDefault::Integer(7)),
        )
        .column(
            ColumnDef::new("made", SqlType::DateTime)
                .nullable()
                .server_default(ServerDefault::CurrentTimestamp),
        )
        .column(ColumnDef::new("double", SqlType::BigInteger).computed(Computed::stored("number * 2")))
        .column(ColumnDef::new("revision", SqlType::Integer))
        .column(ColumnDef::new("the type", SqlType::Text))
        .unique_constraint(UniqueConstraint::new(["code", "size"]).name("uq_code"))
        .index(Index::on(["price"]))
        .index(Index::new("ix_both", ["code", "price"]))
        .check(CheckConstraint::new("price > 0"))
        .check(CheckConstraint::new("code <> ''").name("ck_code"))
        .finish()
        .unwrap();
    let derived = StockItem::table();
    assert_eq!((derived.schema(), derived.name()), (by_hand.schema(), by_hand.name()));
    assert_eq!(StockItem::table_name(), (Some("main"), "stock_item"));
    assert_eq!(derived.columns(), by_hand.columns());
    assert_eq!(derived.comment(), by_hand.comment());
    assert_eq!(derived.unique_constraints(), by_hand.unique_constraints());
    assert_eq!(derived.indexes(), by_hand.indexes());
    assert_eq!(derived.check_constraints(), by_hand.check_constraints());
    assert_eq!(StockItem::KIND.name(), "the type");
}

#[test]
fn every_type_comes_back_as_it_went_in() {
    let session = session::<StockItem>();
    let item = StockItem {
        id: Uuid::from_u128(7),
        code: "a".into(),
        size: Some(Size::Large),
        price: Decimal::from_str("1.50").unwrap(),
        tags: Json(vec!["x".into()]),
        number: 4,
        r#type: "b".into(),
        seen: vec![1],
        ..StockItem::default()
    };
    let added = session.add(item.clone()).unwrap();
    session.flush().unwrap();
    // What the database has made is there without a question.
    {
        let read = added.read().unwrap();
        assert_eq!(
            (read.state.as_deref(), read.rank, read.double, read.revision),
            (Some("new"), Some(7), 8, 1)
        );
        assert!(read.made.is_some());
        assert_eq!(read.seen, [1]);
    }
    session.commit().unwrap();
    added.write().unwrap().number = 5;
    session.commit().unwrap();
    let read = added.to_value().unwrap();
    let made = read.made;
    let expected = StockItem {
        number: 5,
        double: 10,
        revision: 2,
        state: Some("new".into()),
        rank: Some(7),
        made,
        seen: vec![],
        ..item
    };
    assert_eq!(read, expected);
    assert_eq!(session.get_one::<StockItem>(Uuid::from_u128(7)).unwrap(), added);
    let found =
        session.query::<StockItem>().filter(StockItem::size.eq(Size::Large) & StockItem::KIND.eq("b"));
    assert_eq!(found.one().unwrap(), added);
}

#[test]
fn a_client_default_is_for_statements_that_leave_the_column_out() {
    let engine = Engine::new("sqlite://").unwrap();
    create_all::<StockItem>(&engine).unwrap();
    let mut conn = engine.connect().unwrap();
    let row = [
        StockItem::id.set(Uuid::from_u128(1)),
        StockItem::code.set("a"),
        StockItem::price.set(Decimal::ONE),
        StockItem::tags.set(Json(Vec::<String>::new())),
        StockItem::revision.set(1),
        StockItem::KIND.set("b"),
    ];
    conn.execute(insert_into(StockItem::table()).row(row).unwrap()).unwrap();
    let read: Vec<StockItem> = conn.fetch_all(rebis::text("select * from stock_item")).unwrap();
    assert_eq!((read[0].number, read[0].double), (2, 4));
}

// ---- keys ----

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Order {
    #[rebis(primary_key)]
    shop: i64,
    #[rebis(primary_key)]
    number: i64,
    #[rebis(relationship(back_populates = "order", cascade = "all", passive_deletes))]
    lines: Many<Line>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(foreign_key(
    columns(shop, order_number),
    refers(Order::shop, Order::number),
    on_delete = "cascade",
    on_update = "restrict"
))]
struct Line {
    note: String,
    #[rebis(primary_key, autoincrement = false)]
    id: i64,
    shop: Option<i64>,
    order_number: Option<i64>,
    #[rebis(relationship(back_populates = "lines"))]
    order: One<Order>,
}

#[test]
fn keys_of_several_columns() {
    let key = ForeignKey::new(["shop", "order_number"], "order", ["shop", "number"])
        .on_delete(OnChange::Cascade)
        .on_update(OnChange::Restrict);
    assert_eq!(Line::table().foreign_keys(), [key]);
    assert!(Line::table().columns().iter().all(|column| !column.is_autoincrement()));
    let session = session::<(Order, Line)>();
    let line = |id| Line { id, note: format!("line {id}"), ..Line::default() };
    session.add(Order { shop: 1, number: 7, lines: [line(0), line(5)].into() }).unwrap();
    session.commit().unwrap();
    let order = session.get_one::<Order>((1, 7)).unwrap();
    assert_eq!(order.related(Order::lines).unwrap().len(), 2);
    // Zero is a key like any other one, where nobody counts.
    let first = session.get_one::<Line>(0).unwrap();
    assert_eq!((first.get(Line::shop).unwrap(), first.related(Line::order).unwrap()), (Some(1), Some(order)));
    assert_eq!(session.get::<Order>(7).unwrap_err().kind(), ErrorKind::Bind);
}

// ---- several foreign keys, tables that refer to each other ----

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Person {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Place::id)]
    home_id: Option<i64>,
    #[rebis(foreign_key = Place::id)]
    work_id: Option<i64>,
    #[rebis(relationship(foreign_keys = "home_id", back_populates = "residents", post_update))]
    home: One<Place>,
    #[rebis(relationship(foreign_keys = work_id))]
    work: One<Place>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Place {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Person::id)]
    owner_id: Option<i64>,
    #[rebis(relationship(foreign_keys = "home_id", back_populates = "home"))]
    residents: Many<Person>,
    #[rebis(relationship(foreign_keys = "owner_id"))]
    owner: One<Person>,
}

#[test]
fn two_tables_refer_to_each_other() {
    assert_eq!(Person::table().foreign_keys()[0].table(), "place");
    assert_eq!(Place::table().foreign_keys()[0].table(), "person");
    let session = session::<(Person, Place)>();
    let home = session.add(Place::default()).unwrap();
    let work = session.add(Place::default()).unwrap();
    let ann =
        session.add(Person { home: (&home).into(), work: (&work).into(), ..Person::default() }).unwrap();
    home.set(Place::owner, &ann).unwrap();
    session.commit().unwrap();
    assert_eq!(ann.get(Person::home_id).unwrap(), home.get(Place::id).ok());
    assert_eq!(ann.get(Person::work_id).unwrap(), work.get(Place::id).ok());
    assert_eq!(home.get(Place::owner_id).unwrap(), ann.get(Person::id).ok());
    assert_eq!(home.related(Place::residents).unwrap().all(), [ann]);
}

// ---- relations that follow no foreign key ----

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Country {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 2, unique)]
    code: Option<String>,
    #[rebis(relationship(join = "code = country", back_populates = "home", order_by = "id"))]
    clubs: Many<Club>,
    #[rebis(relationship(
        join = "code = capital_of",
        foreign_keys = "capital_of",
        back_populates = "country"
    ))]
    capital: One<Capital>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Club {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 2)]
    country: Option<String>,
    #[rebis(relationship(join = "country = code", back_populates = "clubs"))]
    home: One<Country>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Capital {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 2)]
    capital_of: Option<String>,
    #[rebis(relationship(join = "capital_of = code", back_populates = "capital"))]
    country: One<Country>,
}

#[test]
fn columns_without_a_foreign_key_are_joined() {
    let session = session::<(Country, Club, Capital)>();
    let norway = Country {
        code: Some("no".into()),
        clubs: [Club::default(), Club::default()].into(),
        capital: Capital::default().into(),
        ..Country::default()
    };
    let norway = session.add(norway).unwrap();
    let nowhere = session.add(Country::default()).unwrap();
    let homeless = session.add(Club::default()).unwrap();
    session.commit().unwrap();
    let clubs = norway.related(Country::clubs).unwrap().all();
    assert_eq!(clubs.len(), 2);
    assert_eq!(clubs[0].get(Club::country).unwrap().as_deref(), Some("no"));
    assert_eq!(clubs[0].related(Club::home).unwrap().as_ref(), Some(&norway));
    assert_eq!(
        norway.related(Country::capital).unwrap().unwrap().related(Capital::country).unwrap(),
        Some(norway)
    );
    // Nobody's NULL is somebody else's.
    assert!(nowhere.related(Country::clubs).unwrap().is_empty());
    assert_eq!(homeless.related(Club::home).unwrap(), None);
    let with_clubs = session.query::<Country>().filter(Country::clubs.any(Club::id.gt(0))).all().unwrap();
    assert_eq!(with_clubs.len(), 1);
    let loaded =
        session.query::<Country>().option(rebis::joinedload(Country::clubs)).order_by(Country::id).all();
    let counts: Vec<usize> =
        loaded.unwrap().iter().map(|country| country.related(Country::clubs).unwrap().len()).collect();
    assert_eq!(counts, [2, 0]);
}

/// A tree whose table knows nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Twig {
    #[rebis(primary_key)]
    id: i64,
    above: Option<i64>,
    #[rebis(relationship(join = "above = id", back_populates = "twigs"))]
    branch: One<Twig>,
    #[rebis(relationship(join = "id = above", back_populates = "branch"))]
    twigs: Many<Twig>,
}

#[test]
fn rows_of_one_table_are_in_order_without_a_foreign_key() {
    let session = session::<(Twig,)>();
    // The leaf comes first; its row needs the key of the stem's.
    let leaf = session.add(Twig::default()).unwrap();
    let stem = session.add(Twig::default()).unwrap();
    leaf.set(Twig::branch, &stem).unwrap();
    session.commit().unwrap();
    assert_eq!(leaf.get(Twig::above).unwrap(), stem.get(Twig::id).ok());
    assert_eq!(stem.related(Twig::twigs).unwrap().all(), [leaf]);
}

// ---- odd places ----

/// Without an import, with names that Rust reserves, in modules that see little of each other.
mod private {
    pub(super) mod one {
        #[derive(Debug, Clone, Default, rebis::Model)]
        #[rebis(columns = OwnerColumns)]
        pub(in super::super) struct Owner {
            #[rebis(primary_key)]
            pub(in super::super) r#type: i64,
            pub(in super::super) default: String,
            #[rebis(relationship(back_populates = super::two::PetColumns::owner, order_by = super::two::PetColumns::row))]
            pub(in super::super) pets: rebis::Many<super::two::Pet>,
        }
    }

    pub(super) mod two {
        // Names that the derive's own could meet.
        #[allow(dead_code, non_upper_case_globals)]
        const row: () = ();
        #[allow(dead_code, non_upper_case_globals)]
        const value: () = ();
        #[allow(dead_code)]
        struct Option;
        #[allow(dead_code)]
        struct Result;

        #[derive(Debug, Clone, Default, rebis::Model)]
        #[rebis(columns = PetColumns, table = "the pets")]
        pub(in super::super) struct Pet {
            #[rebis(primary_key)]
            pub(in super::super) row: i64,
            pub(in super::super) value: String,
            #[rebis(foreign_key = super::one::OwnerColumns::r#type)]
            pub(in super::super) place: i64,
            #[rebis(relationship(back_populates = super::one::OwnerColumns::pets))]
            pub(in super::super) owner: rebis::One<super::one::Owner>,
        }
    }
}

#[test]
fn columns_on_a_type_of_their_own() {
    use private::one::{Owner, OwnerColumns};
    use private::two::{Pet, PetColumns};
    let session = session::<(Owner, Pet)>();
    let pet = |name: &str| Pet { value: name.into(), ..Pet::default() };
    let owner = Owner { pets: [pet("a"), pet("b")].into(), ..Owner::default() };
    let owner = session.add(owner).unwrap();
    session.commit().unwrap();
    assert_eq!(owner.get(OwnerColumns::default).unwrap(), "");
    let pets = owner.related(OwnerColumns::pets).unwrap().all();
    assert_eq!(pets.len(), 2);
    assert_eq!(pets[0].get(PetColumns::value).unwrap(), "a");
    assert_eq!(pets[1].get(PetColumns::place).unwrap(), owner.get(OwnerColumns::r#type).unwrap());
    assert_eq!(pets[1].related(PetColumns::owner).unwrap(), Some(owner));
}

#[test]
fn inside_a_function() {
    fn between() -> Table {
        Table::build("between")
            .column(ColumnDef::new("one", SqlType::Integer).primary_key())
            .column(ColumnDef::new("other", SqlType::Integer).primary_key())
            .foreign_key(ForeignKey::new(["one"], "local", ["id"]))
            .foreign_key(ForeignKey::new(["other"], "local", ["id"]))
            .finish()
            .unwrap()
    }

    #[derive(Clone, Default, Model)]
    struct Local {
        #[rebis(primary_key)]
        id: i32,
        #[rebis(relationship(secondary = between, foreign_keys = "one", back_populates = "followers"))]
        follows: Many<Local>,
        #[rebis(relationship(secondary = between, foreign_keys = "other", back_populates = "follows"))]
        followers: Many<Local>,
    }

    let engine = Engine::new("sqlite://").unwrap();
    create_all::<Local>(&engine).unwrap();
    engine.transaction(|tx| tx.create_table(&between())).unwrap();
    let session = Session::new(&engine);
    let one = session
        .add(Local { follows: [Local::default(), Local::default()].into(), ..Local::default() })
        .unwrap();
    session.commit().unwrap();
    let others = one.related(Local::follows).unwrap().all();
    assert_eq!(others.len(), 2);
    session.expire(&others[0]).unwrap();
    assert_eq!(others[0].related(Local::followers).unwrap().all(), [one]);
}

// ---- other shapes of relations ----

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Author {
    #[rebis(primary_key)]
    id: i64,
    /// One to one: the key is on the other side.
    #[rebis(relationship(back_populates = "author", cascade = "all, delete-orphan"))]
    profile: One<Profile>,
    /// By objects of the table between both, which have a column of their own.
    #[rebis(relationship(back_populates = "author", cascade = "save-update, merge, delete"))]
    parts: Many<Part>,
    #[rebis(relationship(secondary = Part, view_only, order_by = "id desc"))]
    books: Many<Book>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Profile {
    #[rebis(primary_key, foreign_key = Author::id)]
    author_id: i64,
    text: String,
    #[rebis(relationship(back_populates = "profile"))]
    author: One<Author>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Part {
    #[rebis(primary_key, foreign_key = Author::id)]
    author_id: i64,
    #[rebis(primary_key, foreign_key = Book::id)]
    book_id: i64,
    share: f64,
    #[rebis(relationship(back_populates = "parts"))]
    author: One<Author>,
    #[rebis(relationship)]
    book: One<Book>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Book {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, column = "isbn number")]
    isbn: Option<String>,
}

#[test]
fn one_to_one_and_objects_between() {
    let session = session::<(Author, Profile, Part, Book)>();
    let part = |share, isbn: &str| Part {
        share,
        book: Book { isbn: Some(isbn.into()), ..Book::default() }.into(),
        ..Part::default()
    };
    let profile = Profile { text: "hello".into(), ..Profile::default() };
    let author = Author {
        profile: profile.into(),
        parts: [part(0.5, "a"), part(0.25, "b")].into(),
        ..Author::default()
    };
    let author = session.add(author).unwrap();
    session.commit().unwrap();
    let profile = author.related(Author::profile).unwrap().unwrap();
    assert_eq!(profile.get(Profile::author_id).unwrap(), author.get(Author::id).unwrap());
    assert_eq!(profile.related(Profile::author).unwrap(), Some(author.clone()));
    let books = author.related(Author::books).unwrap().all();
    let isbn: Vec<Option<String>> = books.iter().map(|book| book.get(Book::isbn).unwrap()).collect();
    assert_eq!(isbn, [Some("b".to_owned()), Some("a".to_owned())]);
    let part = session.get_one::<Part>((1, 2)).unwrap();
    assert_eq!(part.related(Part::book).unwrap().as_ref(), Some(&books[0]));
    session.delete(&author).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Part>().all().unwrap(), []);
    assert_eq!(session.query::<Profile>().all().unwrap(), []);
    assert_eq!(session.query::<Book>().all().unwrap().len(), 2);
}

#[test]
fn what_only_the_tables_tell_is_told_at_the_first_use() {
    #[derive(Debug, Clone, Default, Model)]
    struct Flight {
        #[rebis(primary_key)]
        id: i64,
        #[rebis(foreign_key = Book::id)]
        one: i64,
        #[rebis(foreign_key = Book::id)]
        other: i64,
        #[rebis(relationship)]
        book: One<Book>,
        #[rebis(relationship)]
        parts: Many<Part>,
    }
    let error = session::<(Book, Flight)>().add(Flight::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let text = error.to_string();
    assert!(text.contains("Flight::book finds several foreign keys (one; other)"), "{text}");
    assert!(text.contains("Flight::parts finds no foreign key between 'part' and 'flight'"), "{text}");
}
