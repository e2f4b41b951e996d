use crate::driver::scripted::{Answer, Script};
use crate::{Dialect, Engine, Error, ErrorKind, Value, text};

fn engine(rows: Vec<[Value; 2]>) -> Engine {
    let script = Script::new();
    script.answer("q", Answer::rows(["id", "name"], rows));
    Engine::builder_with_connector(script.connector(), Dialect::SQLITE).build().unwrap()
}

fn users(count: i64) -> Vec<[Value; 2]> {
    (0..count).map(|id| [id.into(), format!("user {id}").into()]).collect()
}

#[test]
fn rows_come_in_order_across_buffers() {
    let mut conn = engine(users(200)).connect().unwrap();
    let rows = conn.execute(text("q")).unwrap().all().unwrap();
    assert_eq!(rows.len(), 200);
    for (id, row) in rows.iter().enumerate() {
        assert_eq!(row.get::<(usize, String)>().unwrap(), (id, format!("user {id}")));
    }
}

#[test]
fn typed_rows_go_on_after_next() {
    let mut conn = engine(users(10)).connect().unwrap();
    let mut rows = conn.execute(text("q")).unwrap();
    rows.next().unwrap();
    rows.next().unwrap();
    let rest: Vec<i64> = rows.of::<(i64, String)>().map(|row| row.unwrap().0).collect();
    assert_eq!(rest, (2..10).collect::<Vec<_>>());
}

#[test]
fn one_means_one() {
    let kind = |count| {
        engine(users(count)).connect().unwrap().execute(text("q")).unwrap().one().map_err(|e| e.kind())
    };
    assert_eq!(kind(0).unwrap_err(), ErrorKind::NoRow);
    assert!(kind(1).is_ok());
    assert_eq!(kind(2).unwrap_err(), ErrorKind::MultipleRows);
    let mut conn = engine(users(2)).connect().unwrap();
    assert_eq!(
        conn.execute(text("q")).unwrap().of::<(i64, String)>().one().unwrap_err().kind(),
        ErrorKind::MultipleRows
    );
    assert_eq!(conn.execute(text("q")).unwrap().first().unwrap().unwrap().value::<i64>("id").unwrap(), 0);
    assert_eq!(conn.execute(text("q")).unwrap().scalar::<i64>().unwrap(), 0);
}

#[test]
fn scalars_are_the_first_column() {
    let engine = |count| engine(users(count));
    let mut conn = engine(70).connect().unwrap();
    let ids: Vec<i64> = conn.scalars(text("q")).unwrap().all().unwrap();
    assert_eq!(ids, (0..70).collect::<Vec<_>>());
    assert_eq!(conn.scalars::<i64>(text("q")).unwrap().first().unwrap(), Some(0));
    let kind = |count: i64| {
        let mut conn = engine(count).connect().unwrap();
        let one = conn.scalars::<i64>(text("q")).unwrap().one().map_err(|error| error.kind());
        (one, conn.scalars::<i64>(text("q")).unwrap().one_or_none().map_err(|error| error.kind()))
    };
    assert_eq!(kind(0), (Err(ErrorKind::NoRow), Ok(None)));
    assert_eq!(kind(1), (Ok(0), Ok(Some(0))));
    assert_eq!(kind(2), (Err(ErrorKind::MultipleRows), Err(ErrorKind::MultipleRows)));
    let mut values = conn.scalars::<String>(text("q")).unwrap();
    assert_eq!(values.next().unwrap().unwrap_err().kind(), ErrorKind::Conversion);
    assert!(values.next().is_none(), "who stops at an error stops for good");
}

#[test]
fn rows_are_an_iterator_that_ends_with_its_first_error() {
    let mut conn = Engine::new("sqlite://").unwrap().connect().unwrap();
    let overflow = "select case i when 2 then abs(-9223372036854775808) else i end \
                    from (select 0 as i union all select 1 union all select 2 union all select 3)";
    let rows = conn.execute(text(overflow)).unwrap();
    let seen: Vec<_> = rows.into_iter().map(|row| row.and_then(|row| row.value::<i64>(0))).collect();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[1].as_ref().unwrap(), &1);
    assert_eq!(seen[2].as_ref().unwrap_err().kind(), ErrorKind::Statement);
}

#[test]
fn errors_name_the_column_and_both_types() {
    let mut conn = engine(vec![[Value::Null, "x".into()]]).connect().unwrap();
    let message = |error: Error| error.to_string();
    let row = conn.execute(text("q")).unwrap().one().unwrap();
    let null = message(row.value::<i64>("id").unwrap_err());
    assert_eq!(null, "column 'id' (scripted) cannot be read as i64: it is NULL; read it as Option<i64>");
    assert_eq!(
        message(row.value::<i64>(1).unwrap_err()),
        "column 'name' (scripted) cannot be read as i64: it holds text"
    );
    assert_eq!(
        message(row.value::<i64>("nam").unwrap_err()),
        "the answer has no column 'nam'; it has: id, name"
    );
    assert_eq!(message(row.get::<(i64,)>().unwrap_err()), "the answer has 2 columns, and the tuple has 1");
}

#[test]
fn a_cell_that_cannot_be_read_leaves_the_row() {
    let refused = || Value::Refused("no calendar has it".into());
    let mut conn = engine(vec![[1.into(), refused()], [2.into(), "jo".into()]]).connect().unwrap();
    let rows = conn.execute(text("q")).unwrap().all().unwrap();
    assert_eq!(rows[0].value::<i64>("id").unwrap(), 1);
    let error = rows[0].value::<String>("name").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(error.to_string(), "column 'name' (scripted) cannot be read: no calendar has it");
    assert!(format!("{:?}", rows[0]).contains("no calendar has it"));
    assert_eq!(rows[1].get::<(i64, String)>().unwrap(), (2, "jo".to_owned()));
}

#[test]
fn chunks_keep_what_came_before_an_error() {
    let mut rows = users(5);
    rows.insert(3, ["no number".into(), "x".into()]);
    let mut conn = engine(rows).connect().unwrap();
    let chunks = conn.scalars::<i64>(text("q")).unwrap().partitions(2);
    let seen: Vec<_> = chunks.map(|chunk| chunk.map_err(|error| error.kind())).collect();
    assert_eq!(seen, [Ok(vec![0, 1]), Ok(vec![2]), Err(ErrorKind::Conversion)]);
    let sizes = |count, size| -> Vec<usize> {
        let mut conn = engine(users(count)).connect().unwrap();
        conn.execute(text("q")).unwrap().partitions(size).map(|chunk| chunk.unwrap().len()).collect()
    };
    assert_eq!(sizes(0, 2), [0; 0]);
    assert_eq!(sizes(2, 2), [2]);
    assert_eq!(sizes(2, 0), [1, 1], "0 means 1");
}

#[test]
fn keys_that_cannot_be_read_are_errors() {
    let mut conn = engine(users(2)).connect().unwrap();
    let mut once = conn.execute(text("q")).unwrap().unique_by(|row| row.value::<i64>("nmae"));
    assert_eq!(once.next().unwrap().unwrap_err().kind(), ErrorKind::Conversion);
}
