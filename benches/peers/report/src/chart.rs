//! The charts: points on a logarithmic scale, a line for each workload or pool.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::figures::{Figure, Figures, Table, is_ours};
use crate::shown;

/// A chart that stands beside the page.
pub struct Drawn {
    pub section: String,
    pub table: String,
    pub title: String,
    /// From the page.
    pub link: String,
}

/// What a chart shows: for each series a number at some of the lines.
struct Chart<'a> {
    title: String,
    /// Of the numbers; `None` for ratios.
    unit: Option<&'a str>,
    lines: Vec<&'a str>,
    series: Vec<Series<'a>>,
}

struct Series<'a> {
    name: &'a str,
    ours: bool,
    /// The line's place and the number.
    points: Vec<(usize, f64)>,
}

const WIDTH: u32 = 960;
const LINE_HEIGHT: u32 = 34;
/// Told apart by people who see colours otherwise too.
const COLORS: [RGBColor; 9] = [
    RGBColor(0, 0, 0),
    RGBColor(130, 130, 130),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(0, 158, 115),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(120, 94, 60),
    RGBColor(170, 170, 0),
];
const OURS: [RGBColor; 2] = [RGBColor(0, 60, 200), RGBColor(120, 40, 200)];

/// One for each table of workloads and of loads by processes, and one for the waits of each load of a pool.
pub fn draw_all(figures: &Figures, folder: &Path) -> Result<Vec<Drawn>, Box<dyn Error>> {
    let mut drawn = Vec::new();
    for table in &figures.tables {
        let chart = match table.section.as_str() {
            "workloads" => ratios(table),
            // Behind a colon: the processor's time, the memory.
            "processes" if !table.title.contains(':') => ratios(table),
            "pools" => waits(table),
            _ => None,
        };
        let Some(chart) = chart else { continue };
        let file = format!("{}-{}.svg", table.section, slug(&table.title));
        draw(&chart, &folder.join(&file)).map_err(|error| format!("{file}: {error}"))?;
        let beside = folder.file_name().unwrap_or_default().to_string_lossy();
        drawn.push(Drawn {
            section: table.section.clone(),
            table: table.title.clone(),
            title: chart.title,
            link: format!("{beside}/{file}"),
        });
    }
    Ok(drawn)
}

fn slug(title: &str) -> String {
    let letters = title.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    let letters: String = letters.collect::<String>().to_lowercase();
    letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Ratios to the raw driver, a series for each column. The driver itself is the line at 1.
fn ratios(table: &Table) -> Option<Chart<'_>> {
    let number = |figure: &Figure| figure.ratio.map(|ratio| ratio.median);
    let columns: Vec<&str> =
        table.columns.iter().map(String::as_str).filter(|column| *column != "raw").collect();
    let lines: Vec<&str> = table.rows.iter().map(String::as_str).collect();
    let title = format!("{}: time as a ratio to the raw driver", table.title);
    chart(table, title, None, lines, columns, number)
}

/// How long the slowest of a hundred checkouts waits, a series for each pool.
fn waits(table: &Table) -> Option<Chart<'_>> {
    let load = table.title.strip_suffix(": p99 wait")?;
    let title = format!("{load}: how long the slowest of a hundred checkouts waits, by users");
    let unit = Some(table.figures.first()?.unit.as_str());
    let lines = table.rows.iter().map(String::as_str).collect();
    let columns = table.columns.iter().map(String::as_str).collect();
    chart(table, title, unit, lines, columns, |figure| Some(figure.value))
}

fn chart<'a>(
    table: &'a Table,
    title: String,
    unit: Option<&'a str>,
    lines: Vec<&'a str>,
    names: Vec<&'a str>,
    number: impl Fn(&Figure) -> Option<f64>,
) -> Option<Chart<'a>> {
    let at =
        |line: &str, name: &str| table.figure(line, name).and_then(&number).filter(|number| *number > 0.0);
    let lines: Vec<&str> =
        lines.into_iter().filter(|line| names.iter().any(|name| at(line, name).is_some())).collect();
    let series = names.iter().map(|name| {
        let points = lines.iter().enumerate().filter_map(|(place, line)| Some((place, at(line, name)?)));
        Series { name, ours: is_ours(name), points: points.collect() }
    });
    let series: Vec<Series<'_>> = series.filter(|series| !series.points.is_empty()).collect();
    (!series.is_empty()).then_some(Chart { title, unit, lines, series })
}

fn draw(chart: &Chart<'_>, file: &Path) -> Result<(), Box<dyn Error>> {
    let height = 150 + LINE_HEIGHT * chart.lines.len() as u32;
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let numbers = || chart.series.iter().flat_map(|series| series.points.iter().map(|(_, number)| *number));
    // Ratios have the line at 1.
    let highest_least = if chart.unit.is_some() { f64::INFINITY } else { 0.9 };
    let least = numbers().fold(f64::INFINITY, f64::min).min(highest_least) * 0.8;
    let most = numbers().fold(0.0, f64::max) * 1.4;
    let count = chart.lines.len();
    let mut context = ChartBuilder::on(&area)
        .caption(&chart.title, ("sans-serif", 20))
        .margin(12)
        .margin_right(190)
        .x_label_area_size(46)
        .y_label_area_size(150)
        .build_cartesian_2d((least..most).log_scale(), (0..count - 1).into_segmented())?;
    // The first line of the table is on top.
    let place = |line: usize| SegmentValue::CenterOf(count - 1 - line);
    context
        .configure_mesh()
        .disable_y_mesh()
        .x_max_light_lines(0)
        .y_labels(count)
        .y_label_formatter(&|at| match at {
            SegmentValue::CenterOf(at) if *at < count => chart.lines[count - 1 - *at].to_owned(),
            _ => String::new(),
        })
        .x_label_formatter(&|number| match chart.unit {
            Some(unit) => shown::value(*number, unit),
            None => format!("{number}"),
        })
        .x_desc(if chart.unit.is_some() {
            "logarithmic, less is better"
        } else {
            "ratio to raw, logarithmic, less is better"
        })
        .label_style(("sans-serif", 14))
        .draw()?;
    let guides = (0..count).map(|line| {
        PathElement::new(vec![(least, place(line)), (most, place(line))], RGBColor(225, 225, 225))
    });
    context.draw_series(guides)?;
    if chart.unit.is_none() {
        let ends = vec![(1.0, SegmentValue::Exact(0)), (1.0, SegmentValue::Last)];
        context.draw_series([PathElement::new(ends, BLACK.stroke_width(2))])?;
    }
    let (mut own, mut others) = (OURS.iter().cycle(), COLORS.iter().cycle());
    // Ours are drawn last, so that nothing covers them.
    let mut series: Vec<_> = chart
        .series
        .iter()
        .filter_map(|series| {
            let color = if series.ours { own.next() } else { others.next() };
            Some((series, *color?))
        })
        .collect();
    series.sort_by_key(|(series, _)| series.ours);
    for (series, color) in &series {
        let size = if series.ours { 7 } else { 5 };
        let points = series
            .points
            .iter()
            .map(|(line, number)| Circle::new((*number, place(*line)), size, color.filled()));
        context.draw_series(points)?;
    }
    legend(&area, chart, &series)?;
    area.present()?;
    Ok(())
}

/// Beside the chart, in the order of the table.
fn legend(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    chart: &Chart<'_>,
    colors: &[(&Series<'_>, RGBColor)],
) -> Result<(), Box<dyn Error>> {
    let left = WIDTH as i32 - 175;
    for (at, series) in chart.series.iter().enumerate() {
        let color = colors.iter().find(|(one, _)| one.name == series.name).map_or(BLACK, |(_, color)| *color);
        let top = 60 + 24 * at as i32;
        area.draw(&Circle::new((left, top), if series.ours { 7 } else { 5 }, color.filled()))?;
        area.draw(&Text::new(series.name.to_owned(), (left + 14, top - 8), ("sans-serif", 15)))?;
    }
    Ok(())
}
