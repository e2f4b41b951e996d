//! Figures as text.

use crate::figures::Figure;

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        below if below < 100.0 => format!("{below:.1} ns"),
        below if below < 1e3 => format!("{below:.0} ns"),
        below if below < 1e6 => format!("{:.1} µs", below / 1e3),
        below if below < 1e9 => format!("{:.2} ms", below / 1e6),
        more => format!("{:.2} s", more / 1e9),
    }
}

fn scaled(value: f64, step: f64, names: [&str; 4]) -> String {
    let mut value = value;
    for (at, name) in names.iter().enumerate() {
        if value < step || at == 3 {
            return if at == 0 { format!("{value:.0}{name}") } else { format!("{value:.2}{name}") };
        }
        value /= step;
    }
    unreachable!("the last name ends the loop")
}

pub fn value(value: f64, unit: &str) -> String {
    match unit {
        "ns" => duration(value),
        "s" => format!("{value:.2} s"),
        "per s" => scaled(value, 1e3, ["/s", "k/s", "M/s", "G/s"]),
        "bytes" => scaled(value, 1024.0, [" B", " KiB", " MiB", " GiB"]),
        "share" => format!("{value:.2}"),
        "×" => format!("{value:.2}×"),
        "" => format!("{value}"),
        _ if value.fract() == 0.0 => format!("{value:.0} {unit}"),
        _ => format!("{value:.2} {unit}"),
    }
}

/// A cell of a table.
pub fn cell(figure: &Figure) -> String {
    let text = value(figure.value, &figure.unit);
    let (least, most) = figure.spread;
    match figure.ratio {
        Some(ratio) if ratio.least != 1.0 || ratio.most != 1.0 => {
            format!("{text} **{:.2}×** ({:.2}–{:.2})", ratio.median, ratio.least, ratio.most)
        }
        // The base, or without one: how far the runs are apart.
        _ if most > least && least > 0.0 => format!("{text} (±{:.0} %)", (most / least - 1.0) * 50.0),
        _ => text,
    }
}

/// The number that stands for a figure in a comparison.
pub fn comparable(figure: &Figure) -> String {
    match figure.ratio {
        Some(ratio) => format!("{:.2}×", ratio.median),
        None => value(figure.value, &figure.unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_readable_units() {
        let shown = [
            (17_000.0, "per s"),
            (2_400.0, "ns"),
            (3_145_728.0, "bytes"),
            (150.0, "lines"),
            (0.981, "share"),
        ];
        let shown: Vec<String> = shown.iter().map(|(number, unit)| value(*number, unit)).collect();
        assert_eq!(shown, ["17.00k/s", "2.4 µs", "3.00 MiB", "150 lines", "0.98"]);
    }
}
