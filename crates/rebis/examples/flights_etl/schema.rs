//! The tables: created where they do not exist.

use rebis::{Engine, Result, raw};

use crate::load::RAW_TABLES;

/// Written once for all databases; `{timestamp}` and `{end}` stand for the words that differ.
const TABLES: &[&str] = &[
    // What is done: one row for each finished step of the load, one for each month of the transform.
    "create table if not exists etl_load (
        step varchar(40) not null primary key,
        row_count bigint not null,
        finished_at {timestamp} not null
    ){end}",
    "create table if not exists etl_months (
        month integer not null primary key,
        state varchar(10) not null,
        worker_pid bigint,
        rows_read bigint,
        rows_loaded bigint,
        rejects bigint,
        finished_at {timestamp}
    ){end}",
    // The clean tables.
    "create table if not exists carriers (
        code varchar(2) not null primary key,
        name varchar(60) not null
    ){end}",
    "create table if not exists airports (
        code varchar(3) not null primary key,
        name varchar(60) not null,
        latitude double precision not null,
        longitude double precision not null,
        altitude integer not null,
        utc_offset integer not null,
        dst varchar(1) not null,
        time_zone varchar(60)
    ){end}",
    "create table if not exists planes (
        tailnum varchar(6) not null primary key,
        year integer,
        type varchar(60) not null,
        manufacturer varchar(60) not null,
        model varchar(60) not null,
        engines integer not null,
        seats integer not null,
        speed integer,
        engine varchar(60) not null
    ){end}",
    // `time_hour` is UTC: the local hour is not unique when the clocks go back.
    "create table if not exists weather (
        origin varchar(3) not null,
        time_hour {timestamp} not null,
        temp double precision,
        dewp double precision,
        humid double precision,
        wind_dir integer,
        wind_speed double precision,
        wind_gust double precision,
        precip double precision,
        pressure double precision,
        visib double precision,
        primary key (origin, time_hour),
        foreign key (origin) references airports (code)
    ){end}",
    // Times are local: departures in New York, arrivals at the destination. `tailnum` and `dest` are what the file
    // says; `plane` and `destination` are NULL when nothing is known of them.
    "create table if not exists flights (
        scheduled_departure {timestamp} not null,
        carrier varchar(2) not null,
        flight integer not null,
        origin varchar(3) not null,
        month integer not null,
        time_hour {timestamp} not null,
        departure {timestamp},
        dep_delay integer,
        scheduled_arrival {timestamp} not null,
        arrival {timestamp},
        arr_delay integer,
        air_time integer,
        distance integer not null,
        tailnum varchar(6),
        plane varchar(6),
        dest varchar(3) not null,
        destination varchar(3),
        primary key (scheduled_departure, carrier, flight, origin),
        foreign key (carrier) references carriers (code),
        foreign key (origin) references airports (code),
        foreign key (plane) references planes (tailnum),
        foreign key (destination) references airports (code)
    ){end}",
    "create table if not exists flight_rejects (
        month integer not null,
        scheduled_departure {timestamp} not null,
        carrier varchar(2) not null,
        flight integer not null,
        origin varchar(3) not null,
        reason varchar(30) not null,
        primary key (scheduled_departure, carrier, flight, origin, reason)
    ){end}",
    // Sums of whole minutes, not averages: every database agrees on them to the last digit.
    "create table if not exists delays_by_carrier (
        carrier varchar(2) not null,
        month integer not null,
        flights bigint not null,
        cancelled bigint not null,
        departures bigint not null,
        dep_delay_sum bigint not null,
        dep_delay_max bigint,
        arrivals bigint not null,
        arr_delay_sum bigint not null,
        arr_delay_max bigint,
        primary key (carrier, month),
        foreign key (carrier) references carriers (code)
    ){end}",
    "create table if not exists delays_by_day (
        origin varchar(3) not null,
        day date not null,
        flights bigint not null,
        cancelled bigint not null,
        departures bigint not null,
        dep_delay_sum bigint not null,
        dep_delay_max bigint,
        arrivals bigint not null,
        arr_delay_sum bigint not null,
        arr_delay_max bigint,
        primary key (origin, day),
        foreign key (origin) references airports (code)
    ){end}",
];

/// The tables that the job is there for, in the order in which they name each other.
pub(crate) const CLEAN_TABLES: &[&str] = &[
    "carriers",
    "airports",
    "planes",
    "weather",
    "flights",
    "flight_rejects",
    "delays_by_carrier",
    "delays_by_day",
];

/// Creates what does not exist yet.
pub(crate) fn create(engine: &Engine) -> Result<()> {
    let words = Words::of(engine.dialect().name);
    engine.transaction(|tx| {
        for table in RAW_TABLES {
            tx.execute(raw(words.put_into(&table.create_statement())))?;
        }
        for table in TABLES {
            tx.execute(raw(words.put_into(table)))?;
        }
        Ok(())
    })
}

/// The words in which the databases differ.
struct Words {
    timestamp: &'static str,
    end: &'static str,
}

impl Words {
    fn of(database: &str) -> Words {
        match database {
            // A `timestamp` of MySQL is in UTC and ends in 2038. Keys are compared byte by byte, as elsewhere.
            "mysql" | "mariadb" => Words {
                timestamp: "datetime(6)",
                end: " engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin",
            },
            // The rows lie in their primary key, as InnoDB does it by itself: one tree to write instead of two.
            "sqlite" => Words { timestamp: "timestamp", end: " without rowid" },
            _ => Words { timestamp: "timestamp", end: "" },
        }
    }

    fn put_into(&self, statement: &str) -> String {
        statement.replace("{timestamp}", self.timestamp).replace("{end}", self.end)
    }
}
