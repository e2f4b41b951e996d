//! The CSV files → raw tables: the same columns, `NA` as NULL, nothing judged.

use std::fs::File;
use std::path::Path;

use csv::StringRecord;
use flate2::read::GzDecoder;
use rebis::sql::ParameterSet;
use rebis::{Engine, Error, Result, Transaction, Value, raw};

use crate::once::once;
use crate::progress::Progress;

/// A file and the table that takes its rows.
#[derive(Debug)]
pub(crate) struct RawTable {
    name: &'static str,
    file: &'static str,
    /// What is asked for together lies together: the flights are read by month.
    key: &'static str,
    columns: &'static [(&'static str, Kind)],
}

/// What a column holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Int,
    Float,
    Text,
}

use self::Kind::{Float, Int, Text};

#[rustfmt::skip]
pub(crate) const RAW_TABLES: &[RawTable] = &[
    RawTable {
        name: "raw_airlines",
        file: "airlines.csv.gz",
        key: "line",
        columns: &[("carrier", Text), ("name", Text)],
    },
    RawTable {
        name: "raw_airports",
        file: "airports.csv.gz",
        key: "line",
        columns: &[
            ("faa", Text), ("name", Text), ("lat", Float), ("lon", Float), ("alt", Int), ("tz", Int), ("dst", Text),
            ("tzone", Text),
        ],
    },
    RawTable {
        name: "raw_planes",
        file: "planes.csv.gz",
        key: "line",
        columns: &[
            ("tailnum", Text), ("year", Int), ("type", Text), ("manufacturer", Text), ("model", Text),
            ("engines", Int), ("seats", Int), ("speed", Int), ("engine", Text),
        ],
    },
    RawTable {
        name: "raw_weather",
        file: "weather.csv.gz",
        key: "line",
        columns: &[
            ("origin", Text), ("year", Int), ("month", Int), ("day", Int), ("hour", Int), ("temp", Float),
            ("dewp", Float), ("humid", Float), ("wind_dir", Int), ("wind_speed", Float), ("wind_gust", Float),
            ("precip", Float), ("pressure", Float), ("visib", Float), ("time_hour", Text),
        ],
    },
    RawTable {
        name: "raw_flights",
        file: "flights.csv.gz",
        key: "month, line",
        columns: &[
            ("year", Int), ("month", Int), ("day", Int), ("dep_time", Int), ("sched_dep_time", Int),
            ("dep_delay", Int), ("arr_time", Int), ("sched_arr_time", Int), ("arr_delay", Int), ("carrier", Text),
            ("flight", Int), ("tailnum", Text), ("origin", Text), ("dest", Text), ("air_time", Int),
            ("distance", Int), ("hour", Int), ("minute", Int), ("time_hour", Text),
        ],
    },
];

/// Loads the files that are not loaded yet; gives the number of rows.
pub(crate) fn load_files(engine: &Engine, folder: &Path) -> Result<u64> {
    let bytes = RAW_TABLES.iter().map(|table| file_size(&folder.join(table.file))).sum::<Result<u64>>()?;
    let progress = Progress::new("load", bytes);
    let mut rows = 0;
    for table in RAW_TABLES {
        let path = folder.join(table.file);
        match once(engine, table.file, |tx| table.load(tx, &path, &progress))? {
            Some(loaded) => {
                rows += loaded;
                progress.line(&format!("{}: {loaded} rows", table.file));
            }
            None => {
                progress.advance(file_size(&path)?);
                progress.line(&format!("{}: loaded before", table.file));
            }
        }
    }
    Ok(rows)
}

fn file_size(path: &Path) -> Result<u64> {
    Ok(path.metadata().map_err(|error| unreadable(path, &error))?.len())
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Error {
    Error::other(format!("{}: {error}", path.display()))
}

impl RawTable {
    /// `line` is the row's place in the file: the only key that no file can break.
    pub(crate) fn create_statement(&self) -> String {
        let columns: Vec<String> =
            self.columns.iter().map(|(name, kind)| format!("{name} {}", kind.sql())).collect();
        format!(
            "create table if not exists {} (line integer not null, {}, primary key ({})){{end}}",
            self.name,
            columns.join(", "),
            self.key
        )
    }

    fn insert_statement(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let (columns, parameters) = (names.join(", "), names.join(", :"));
        format!("insert into {} (line, {columns}) values (:line, :{parameters})", self.name)
    }

    fn load(&self, tx: &mut Transaction<'_>, path: &Path, progress: &Progress) -> Result<u64> {
        // A table without a mark is empty, unless somebody else wrote to it.
        tx.execute(raw(format!("delete from {}", self.name)))?;
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let mut reader = csv::Reader::from_reader(GzDecoder::new(progress.reading(file)));
        self.check_header(reader.headers().map_err(|error| unreadable(path, &error))?)?;
        // The rows go from the file to the driver as they are asked for: the file is never in memory as a whole.
        let lines = reader.into_records().zip(1_u64..).map(|(record, number)| {
            progress.count_row();
            Line { table: self, number, record }
        });
        tx.execute_many(raw(self.insert_statement()), lines)
    }

    fn check_header(&self, header: &StringRecord) -> Result<()> {
        if header.iter().eq(self.columns.iter().map(|(name, _)| *name)) {
            return Ok(());
        }
        Err(Error::other(format!("{}: the columns are not those expected: {header:?}", self.file)))
    }
}

/// A line of a file, as one set of values for its table.
struct Line<'t> {
    table: &'t RawTable,
    number: u64,
    record: csv::Result<StringRecord>,
}

impl ParameterSet for Line<'_> {
    fn append_to(self, values: &mut Vec<Value>, _names: &[Box<str>]) -> Result<()> {
        let RawTable { file, columns, .. } = self.table;
        let record = self.record.map_err(|error| Error::other(format!("{file}: {error}")))?;
        values.push(self.number.into());
        for ((column, kind), field) in columns.iter().zip(&record) {
            let value = kind.value(field).ok_or_else(|| {
                Error::other(format!("{file}, row {}: {column} cannot be '{field}'", self.number))
            })?;
            values.push(value);
        }
        Ok(())
    }
}

impl Kind {
    fn sql(self) -> &'static str {
        match self {
            Int => "integer",
            Float => "double precision",
            Text => "varchar(60)",
        }
    }

    /// The value of a field; `None` when the field does not hold one of this kind.
    fn value(self, field: &str) -> Option<Value> {
        if field == "NA" {
            return Some(Value::Null);
        }
        match self {
            Int => field.parse().ok().map(Value::Int),
            Float => field.parse().ok().map(Value::Float),
            Text => Some(field.into()),
        }
    }
}
