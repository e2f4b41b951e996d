//! Structs from rows, by the derive.
#![allow(clippy::unwrap_used)]

use rebis::{Connection, Engine, ErrorKind, text};

fn connect() -> Connection {
    Engine::new("sqlite://").unwrap().connect().unwrap()
}

/// Without an import, private, with names that Rust reserves.
mod private {
    #[derive(Debug, PartialEq, rebis::FromRow)]
    pub(super) struct Raw {
        r#type: String,
        #[rebis(column = "the number")]
        number: Option<u32>,
    }

    #[derive(Debug, PartialEq, rebis::FromRow)]
    #[rebis(crate = "rebis_core")]
    struct Core(i64, #[rebis(skip)] u8);

    // The crate may have any name where the derive is used.
    mod rebis_core {
        pub(super) use rebis::*;
    }

    pub(super) fn raw(kind: &str, number: Option<u32>) -> Raw {
        Raw { r#type: kind.to_owned(), number }
    }

    #[test]
    fn a_tuple_struct_is_read_by_position() {
        let rows = "select 7";
        let read: Core = super::connect().execute(::rebis::raw(rows)).unwrap().of().one().unwrap();
        assert_eq!(read, Core(7, 0));
    }
}

#[derive(Debug, PartialEq, rebis::FromRow)]
struct User {
    id: i64,
    name: String,
    #[rebis(default)]
    age: Option<i64>,
    #[rebis(flatten)]
    place: Option<Place>,
}

#[derive(Debug, PartialEq, rebis::FromRow)]
struct Place {
    city: String,
    zip: i64,
}

#[test]
fn names_decide_and_order_does_not() {
    let rows = text("select 'x' as type, 3 as \"the number\", 1 as more union all select 'y', null, 2");
    let read: Vec<private::Raw> = connect().fetch_all(rows).unwrap();
    assert_eq!(read, [private::raw("x", Some(3)), private::raw("y", None)]);
}

#[test]
fn a_flattened_option_is_none_where_all_its_cells_are_null() {
    let rows =
        text("select 1 as zip, 'Rome' as city, 'ed' as name, 7 as id union all select null, null, 'jo', 8");
    let mut conn = connect();
    let read: Vec<User> = conn.fetch_all(rows.clone()).unwrap();
    assert_eq!(read[0].place, Some(Place { city: "Rome".into(), zip: 1 }));
    assert_eq!(read[1], User { id: 8, name: "jo".into(), age: None, place: None });
    let rows = conn.execute(rows).unwrap().all().unwrap();
    assert_eq!(rows[1].get::<User>().unwrap(), read[1]);
    let half = conn.execute(text("select null as zip, 'Rome' as city, 'ed' as name, 7 as id")).unwrap();
    let error = half.of::<User>().one().unwrap_err();
    assert_eq!(error.to_string(), "column 'zip' cannot be read as i64: it is NULL; read it as Option<i64>");
    let pair: Option<(i64, String)> = conn.execute(text("select null, null")).unwrap().of().one().unwrap();
    assert_eq!(pair, None);
}

#[test]
fn a_missing_column_is_told_with_the_field_and_the_columns_there_are() {
    let mut conn = connect();
    let mut error = |sql| {
        let error = conn.execute(rebis::raw(sql)).unwrap().of::<User>().all().unwrap_err();
        assert_eq!((error.kind(), error.sql()), (ErrorKind::Conversion, Some(sql)));
        error.to_string()
    };
    assert_eq!(
        error("select 7 as id, 'ed' as nmae"),
        "the field User.name cannot be read: the answer has no column 'name'; it has: id, nmae"
    );
    assert_eq!(
        error("select 7 as id, 'ed' as name, 1 as zip"),
        "the field Place.city cannot be read: the answer has no column 'city'; it has: id, name, zip"
    );
    assert_eq!(
        error("select 7 as id, 8 as id, 'ed' as name"),
        "the field User.id cannot be read: the answer has more than one column 'id'"
    );
    #[derive(Debug, rebis::FromRow)]
    struct Pair(#[expect(dead_code)] i64, #[expect(dead_code)] i64);
    let error = conn.execute(text("select 7")).unwrap().of::<Pair>().one().unwrap_err();
    assert_eq!(error.to_string(), "the answer has 1 columns, and Pair has 2 fields");
}
