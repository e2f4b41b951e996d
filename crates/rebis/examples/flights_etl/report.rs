//! What came of the job, as tables on standard output.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;

use chrono::NaiveDate;
use rebis::{Connection, Engine, Result, text};

use crate::Phase;
use crate::checksum::checksum;

/// All that is printed, read from the database when the job is over.
pub(crate) struct Report {
    months: Vec<MonthLine>,
    carriers: Vec<CarrierLine>,
    worst_days: Vec<DayLine>,
    phases: Vec<Phase>,
    workers: NonZeroUsize,
    server: String,
    checksum: u64,
}

/// What came of a month, with the rejects by reason.
struct MonthLine {
    month: u8,
    state: String,
    read: i64,
    loaded: i64,
    rejects: BTreeMap<String, i64>,
}

/// Name, flights, cancelled, average delay at departure and at arrival.
type CarrierLine = (String, i64, i64, Option<f64>, Option<f64>);

/// Origin, day, flights, cancelled, average delay at departure.
type DayLine = (String, NaiveDate, i64, i64, Option<f64>);

const REASONS: [&str; 3] = ["plane unknown", "tail number missing", "destination unknown"];
const WORST_DAYS: usize = 3;

impl Report {
    pub(crate) fn read(engine: &Engine, phases: Vec<Phase>, workers: NonZeroUsize) -> Result<Report> {
        let mut conn = engine.connect()?;
        let report = Report {
            months: read_months(&mut conn)?,
            carriers: read_carriers(&mut conn)?,
            worst_days: read_worst_days(&mut conn)?,
            phases,
            workers,
            server: conn
                .server()
                .map_or_else(String::new, |server| format!("{} {}", server.product, server.version)),
            checksum: 0,
        };
        // The checksum leases a connection of its own.
        drop(conn);
        Ok(Report { checksum: checksum(engine)?, ..report })
    }
}

fn read_months(conn: &mut Connection) -> Result<Vec<MonthLine>> {
    let mut rejects = BTreeMap::<u8, BTreeMap<String, i64>>::new();
    let counts = text("select month, reason, count(*) from flight_rejects group by month, reason");
    for row in conn.execute(counts)?.of() {
        let (month, reason, count) = row?;
        rejects.entry(month).or_default().insert(reason, count);
    }
    let months: Vec<(u8, String, Option<i64>, Option<i64>)> =
        conn.fetch_all(text("select month, state, rows_read, rows_loaded from etl_months order by month"))?;
    let line = |(month, state, read, loaded): (u8, String, Option<i64>, Option<i64>)| MonthLine {
        month,
        state,
        read: read.unwrap_or(0),
        loaded: loaded.unwrap_or(0),
        rejects: rejects.remove(&month).unwrap_or_default(),
    };
    Ok(months.into_iter().map(line).collect())
}

fn read_carriers(conn: &mut Connection) -> Result<Vec<CarrierLine>> {
    let sums: Vec<(String, i64, i64, i64, i64, i64, i64)> = conn.fetch_all(text(
        "select c.name, sum(d.flights), sum(d.cancelled), sum(d.departures), sum(d.dep_delay_sum), sum(d.arrivals),
             sum(d.arr_delay_sum)
         from delays_by_carrier d join carriers c on c.code = d.carrier
         group by c.name",
    ))?;
    let line = |(name, flights, cancelled, departures, dep, arrivals, arr)| {
        (name, flights, cancelled, average(dep, departures), average(arr, arrivals))
    };
    let mut carriers: Vec<CarrierLine> = sums.into_iter().map(line).collect();
    carriers.sort_by(|a, b| b.4.unwrap_or(0.0).total_cmp(&a.4.unwrap_or(0.0)));
    Ok(carriers)
}

fn read_worst_days(conn: &mut Connection) -> Result<Vec<DayLine>> {
    let sums: Vec<(String, NaiveDate, i64, i64, i64, i64)> = conn.fetch_all(text(
        "select origin, day, flights, cancelled, departures, dep_delay_sum from delays_by_day",
    ))?;
    let mut by_origin = BTreeMap::<String, Vec<DayLine>>::new();
    for (origin, day, flights, cancelled, departures, sum) in sums {
        let line = (origin.clone(), day, flights, cancelled, average(sum, departures));
        by_origin.entry(origin).or_default().push(line);
    }
    let worst = |mut days: Vec<DayLine>| {
        days.sort_by(|a, b| b.4.unwrap_or(0.0).total_cmp(&a.4.unwrap_or(0.0)));
        days.truncate(WORST_DAYS);
        days
    };
    Ok(by_origin.into_values().flat_map(worst).collect())
}

fn average(sum: i64, count: i64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print_months(f)?;
        self.print_carriers(f)?;
        self.print_worst_days(f)?;
        self.print_phases(f)?;
        writeln!(f, "database: {}; workers: {}", self.server, self.workers)?;
        writeln!(f, "checksum: {:016x}", self.checksum)
    }
}

impl Report {
    fn print_months(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [plane, tailnum, destination] = REASONS;
        writeln!(
            f,
            "{:<6} {:<8} {:>8} {:>8} {plane:>14} {tailnum:>20} {destination:>20}",
            "month", "state", "read", "loaded"
        )?;
        let mut totals = [0; 5];
        for month in &self.months {
            let rejects = REASONS.map(|reason| month.rejects.get(reason).copied().unwrap_or(0));
            let numbers = [month.read, month.loaded, rejects[0], rejects[1], rejects[2]];
            print_counts(f, &month.month.to_string(), &month.state, numbers)?;
            for (total, number) in totals.iter_mut().zip(numbers) {
                *total += number;
            }
        }
        print_counts(f, "total", "", totals)
    }

    fn print_carriers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:<30} {:>8} {:>10} {:>15} {:>13}",
            "carrier", "flights", "cancelled", "departs late by", "arrives by"
        )?;
        for (name, flights, cancelled, departure, arrival) in &self.carriers {
            let (departure, arrival) = (minutes(*departure), minutes(*arrival));
            writeln!(f, "{name:<30} {flights:>8} {cancelled:>10} {departure:>15} {arrival:>13}")?;
        }
        Ok(())
    }

    fn print_worst_days(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<30} {:>8} {:>10} {:>15}", "worst days", "flights", "cancelled", "departs late by")?;
        for (origin, day, flights, cancelled, departure) in &self.worst_days {
            let name = format!("{origin} {day}");
            writeln!(f, "{name:<30} {flights:>8} {cancelled:>10} {:>15}", minutes(*departure))?;
        }
        Ok(())
    }

    fn print_phases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<10} {:>8} {:>10} {:>10}", "phase", "rows", "seconds", "rows/s")?;
        for phase in &self.phases {
            let seconds = phase.elapsed.as_secs_f64();
            let speed = phase.rows as f64 / seconds;
            writeln!(f, "{:<10} {:>8} {seconds:>10.2} {speed:>10.0}", phase.name, phase.rows)?;
        }
        let total: f64 = self.phases.iter().map(|phase| phase.elapsed.as_secs_f64()).sum();
        writeln!(f, "{:<10} {:>8} {total:>10.2}\n", "total", "")
    }
}

fn print_counts(f: &mut fmt::Formatter<'_>, month: &str, state: &str, numbers: [i64; 5]) -> fmt::Result {
    let [read, loaded, plane, tailnum, destination] = numbers;
    writeln!(f, "{month:<6} {state:<8} {read:>8} {loaded:>8} {plane:>14} {tailnum:>20} {destination:>20}")
}

fn minutes(average: Option<f64>) -> String {
    average.map_or_else(|| "-".to_owned(), |minutes| format!("{minutes:.1} min"))
}
