//! The figures of all runs, put together: of each the median of the runs, and the least and the most of all rounds of all runs.

use results::{ABOUT, Record, median};

/// The order of columns where several are known; others come behind in the order of the file.
const COLUMNS: [&str; 10] = [
    "raw",
    "raw, other way",
    "rebis core",
    "rebis ORM",
    "diesel",
    "sqlx",
    "sea-orm",
    "toasty",
    "SQLAlchemy core",
    "SQLAlchemy ORM",
];
/// The order of chapters; others come behind.
const SECTIONS: [&str; 5] = ["workloads", "pools", "processes", "builds", "statements"];

/// Whether a column, or a row, is of Rebis.
pub fn is_ours(name: &str) -> bool {
    name.to_lowercase().starts_with("rebis")
}

#[derive(Debug, Clone)]
pub struct Figure {
    pub row: String,
    pub column: String,
    pub value: f64,
    /// Of the values of the runs.
    pub spread: (f64, f64),
    pub unit: String,
    pub ratio: Option<Ratio>,
}

#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

#[derive(Debug)]
pub struct Table {
    pub section: String,
    pub title: String,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    pub figures: Vec<Figure>,
}

/// What a run told about itself: what kind of thing, its name, the text.
pub type About = (String, String, String);

#[derive(Debug)]
pub struct Figures {
    pub tables: Vec<Table>,
    pub about: Vec<About>,
    pub runs: usize,
}

fn add_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

fn place(names: &[&str], name: &str) -> usize {
    names.iter().position(|known| *known == name).unwrap_or(names.len())
}

impl Figures {
    pub fn of(runs: &[Vec<Record>]) -> Self {
        let all: Vec<&Record> = runs.iter().flatten().collect();
        let mut figures = Figures { tables: Vec::new(), about: Vec::new(), runs: runs.len() };
        let mut titles = Vec::new();
        for record in &all {
            if record.section == ABOUT {
                let text = record.text.clone().unwrap_or_default();
                add_new(&mut figures.about, (record.table.clone(), record.row.clone(), text));
            } else {
                add_new(&mut titles, (record.section.as_str(), record.table.as_str()));
            }
        }
        titles.sort_by_key(|(section, _)| place(&SECTIONS, section));
        for (section, title) in titles {
            let records: Vec<&Record> = all
                .iter()
                .copied()
                .filter(|record| record.section == section && record.table == title)
                .collect();
            figures.tables.push(Table::of(section, title, &records));
        }
        figures
    }

    pub fn sections(&self) -> Vec<&str> {
        let mut sections = Vec::new();
        self.tables.iter().for_each(|table| add_new(&mut sections, table.section.as_str()));
        sections
    }

    pub fn tables_of<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Table> {
        self.tables.iter().filter(move |table| table.section == section)
    }
}

impl Table {
    fn of(section: &str, title: &str, records: &[&Record]) -> Self {
        let (mut rows, mut columns, mut figures) = (Vec::new(), Vec::new(), Vec::new());
        for record in records {
            add_new(&mut rows, record.row.clone());
            add_new(&mut columns, record.column.clone());
        }
        columns.sort_by_key(|column| place(&COLUMNS, column));
        for row in &rows {
            for column in &columns {
                let same: Vec<&Record> = records
                    .iter()
                    .copied()
                    .filter(|record| record.row == *row && record.column == *column)
                    .collect();
                figures.extend(figure(&same));
            }
        }
        Table { section: section.to_owned(), title: title.to_owned(), rows, columns, figures }
    }

    pub fn figure(&self, row: &str, column: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.row == row && figure.column == column)
    }
}

/// One figure from those of all runs.
fn figure(records: &[&Record]) -> Option<Figure> {
    let first = records.first()?;
    let values: Vec<f64> = records.iter().map(|record| record.value).collect();
    let ratios: Vec<f64> = records.iter().filter_map(|record| record.ratio).collect();
    let lowest = records.iter().filter_map(|record| record.least.or(record.ratio)).reduce(f64::min);
    let highest = records.iter().filter_map(|record| record.most.or(record.ratio)).reduce(f64::max);
    let ratio = match (lowest, highest) {
        (Some(least), Some(most)) if !ratios.is_empty() => {
            Some(Ratio { median: median(&ratios), least, most })
        }
        _ => None,
    };
    let least = values.iter().copied().reduce(f64::min)?;
    let most = values.iter().copied().reduce(f64::max)?;
    Some(Figure {
        row: first.row.clone(),
        column: first.column.clone(),
        value: median(&values),
        spread: (least, most),
        unit: first.unit.clone(),
        ratio,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_runs_and_the_extremes_of_all_rounds() {
        let run = |value, ratio, least, most| {
            let record = Record::new("workloads", "SQLite", "a_load_1", "sqlx");
            let unit = "ns".to_owned();
            vec![Record { value, unit, ratio: Some(ratio), least: Some(least), most: Some(most), ..record }]
        };
        let figures =
            Figures::of(&[run(5.0, 2.0, 1.5, 2.5), run(7.0, 3.0, 2.9, 9.0), run(6.0, 2.2, 2.1, 2.3)]);
        let figure = figures.tables[0].figure("a_load_1", "sqlx").unwrap();
        assert_eq!((figure.value, figure.spread), (6.0, (5.0, 7.0)));
        let ratio = figure.ratio.unwrap();
        assert_eq!((ratio.median, ratio.least, ratio.most), (2.2, 1.5, 9.0));
    }
}
