//! No bound value and no password in anything that an error prints.

use rebis::{Error, Value, raw, text};

use super::{Database, Outcome, Scenario, passed, pick, prints, table};

pub(super) const CASES: &[Scenario] =
    &[("secrets_values_stay_out_of_errors", values), ("secrets_password_stays_out_of_prints", password)];

const SECRET: &str = "s3cret-'\": '-7777777";
const NUMBER: i64 = 7_777_777;

/// Statements that fail because of their value, each in the words of its database. Not among them: values that name
/// something, as in `nextval(:name)`. PostgreSQL repeats names, and errors about tables would say nothing without them.
fn failing(database: &Database) -> Vec<(&'static str, Value)> {
    let mut failing: Vec<(&str, Value)> = vec![
        ("insert into conf_secret (name) values (:v)", SECRET.into()),
        ("insert into conf_secret (n) values (:v)", NUMBER.into()),
        ("insert into conf_secret (bound) values (:v)", NUMBER.into()),
        ("insert into conf_secret (parent) values (:v)", NUMBER.into()),
    ];
    failing.extend(pick(
        database,
        vec![("select json_extract('{}', :v)", SECRET.into()), ("select json(:v)", SECRET.into())],
        vec![
            ("insert into conf_secret (small) values (:v)", SECRET.into()),
            ("insert into conf_secret (small) values (:v)", NUMBER.into()),
            ("insert into conf_secret (short) values (:v)", SECRET.into()),
            ("insert into conf_secret (day) values (:v)", SECRET.into()),
            ("update conf_secret set name = 'x' where day = :v", SECRET.into()),
            ("delete from conf_secret where n = :v", SECRET.into()),
            ("delete from conf_secret where small + :v > 0", (i64::MAX - NUMBER).into()),
            ("select 9223372036854775807 + :v", NUMBER.into()),
            ("select cast(:v as signed) * 9223372036854775807", SECRET.into()),
            ("select extractvalue('<a/>', :v)", SECRET.into()),
            ("set session sql_mode = :v", SECRET.into()),
            ("set session time_zone = :v", SECRET.into()),
            ("select st_geomfromtext(:v)", SECRET.into()),
            ("select name regexp :v from conf_secret", "s3cret(7777777".into()),
            ("select cast(:v as inet6) from conf_secret", SECRET.into()),
            ("insert into conf_secret (mood) values (:v)", SECRET.into()),
            ("insert into conf_secret (day) values (str_to_date(:v, '%Y-%m-%d'))", SECRET.into()),
            ("insert into conf_secret (short) values (json_extract('{}', :v))", SECRET.into()),
            ("select convert_tz(:v, 'a', 'b') + date_add(:v, interval 1 day)", SECRET.into()),
        ],
        vec![
            ("insert into conf_secret (small) values (:v)", SECRET.into()),
            ("insert into conf_secret (small) values (:v)", NUMBER.into()),
            ("insert into conf_secret (short) values (:v)", SECRET.into()),
            ("insert into conf_secret (day) values (:v)", SECRET.into()),
            ("select * from conf_secret where day = :v", SECRET.into()),
            ("select cast(:v as int)", SECRET.into()),
            ("select cast(:v as uuid)", SECRET.into()),
            ("select cast(:v as json)", SECRET.into()),
            ("select cast(:v as jsonb)", SECRET.into()),
            ("select cast(:v as numeric)", SECRET.into()),
            ("select cast(:v as interval)", SECRET.into()),
            ("select cast(:v as inet)", SECRET.into()),
            ("select cast(:v as int[])", SECRET.into()),
            ("select cast(:v as bytea)", "\\xs3cret-'\": '-7777777".into()),
            ("select to_date(:v, 'YYYY-MM-DD')", SECRET.into()),
            ("select to_number(:v, '999')", SECRET.into()),
            ("select 'x' ~ cast(:v as text)", "s3cret-((".into()),
            ("select 9223372036854775807 + cast(:v as int8)", NUMBER.into()),
            ("select jsonb_path_query('{}', cast(:v as jsonpath))", SECRET.into()),
            ("select timestamp '2024-01-01' at time zone :v", SECRET.into()),
            ("select cast(:v as regclass)", SECRET.into()),
            ("select cast(:v as xml)", "<s3cret-7777777".into()),
        ],
    ));
    failing
}

fn check(sql: &str, error: &Error) {
    let all = prints(error);
    assert!(!all.contains("s3cret") && !all.contains("7777777"), "{sql}: {all}");
}

fn values(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let columns = pick(database, "mood text", "mood enum('sad', 'ok')", "mood text");
    super::run_raw(&mut conn, "drop table if exists conf_secret");
    table(&mut conn, "conf_keys", "id int primary key");
    let columns = format!(
        "name varchar(80) unique, n int unique, bound int check (bound < 10), parent int, small smallint, \
         short varchar(3), day date, {columns}, foreign key (parent) references conf_keys (id)"
    );
    table(&mut conn, "conf_secret", &columns);
    conn.execute(
        text("insert into conf_secret (name, n, small, day) values (:name, :n, 3, '2024-01-01')")
            .bind("name", SECRET)
            .bind("n", NUMBER),
    )
    .unwrap();
    conn.commit().unwrap();
    let statements = failing(database);
    let (mut failed, total) = (0, statements.len());
    for (sql, value) in &statements {
        // Not every version refuses all of them.
        let result = match conn.execute(raw(*sql).bind("v", value.clone())) {
            Ok(rows) => rows.all().map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            failed += 1;
            check(sql, &error);
        }
        conn.rollback().unwrap();
        let sets = [(value.clone(),), (value.clone(),)];
        if let Err(error) = conn.execute_many(raw(*sql), sets) {
            check(sql, &error);
        }
        conn.rollback().unwrap();
    }
    assert!(failed >= pick(database, 5, 13, 22), "only {failed} of {total} statements failed");
    // A row's own Debug shows its values: it is the program's data. An error about a cell does not.
    let error = conn.execute(text("select name from conf_secret")).unwrap().scalar::<i64>().unwrap_err();
    check("conversion", &error);
    let error = conn
        .execute(text("select name from conf_secret"))
        .unwrap()
        .scalar::<chrono::NaiveDate>()
        .unwrap_err();
    check("conversion", &error);
    // What a program may print of what it holds.
    let mut held = format!("{conn:?} {:?}", conn.engine());
    held += &format!("{:?}", conn.execute(text("select :v").bind("v", SECRET)).unwrap());
    assert!(!held.contains("s3cret"), "{held}");
    conn.rollback().unwrap();
    super::run_raw(&mut conn, "drop table conf_secret");
    conn.commit().unwrap();
    passed(format!("{failed} of {total} statements failed, twice each; no value in any print"))
}

fn password(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let url = database.url();
    let Some(password) = url.password() else {
        return Outcome::Skipped("the URL has no password".to_owned());
    };
    let mut tx = engine.begin().unwrap();
    let error = tx.execute(text("selec")).map(drop).unwrap_err();
    let held =
        format!("{engine:?} {engine:#?} {tx:?} {url} {url:?} {:?} {}", database.builder(), prints(&error));
    assert!(!held.contains(password), "a password is printed");
    assert!(url.to_string_with_password().contains(password));
    passed("8 prints")
}
