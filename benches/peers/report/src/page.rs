//! The page.

use std::fmt::Write;
use std::path::Path;

use crate::HERE;
use crate::chart::Drawn;
use crate::figures::{Figures, Table};
use crate::losses::{Loss, Win, goals_reached, wins};
use crate::reasons::Reasons;
use crate::shown::cell;

const UNEXPLAINED: &str = "No explanation yet";

/// A text of `texts/`, or nothing where there is none.
fn text(name: &str) -> String {
    let text = std::fs::read_to_string(Path::new(HERE).join("texts").join(format!("{name}.md")));
    text.map(|text| text.trim().to_owned() + "\n\n").unwrap_or_default()
}

fn heading(section: &str) -> &str {
    match section {
        "workloads" => "Loading and flushing",
        "pools" => "Pools",
        "processes" => "Processes",
        "builds" => "Compile time and size",
        "statements" => "Statements",
        other => other,
    }
}

pub fn written(
    figures: &Figures,
    losses: &[Loss],
    reasons: &Reasons,
    drawn: &[Drawn],
    machine: &[(String, String)],
) -> Result<String, std::fmt::Error> {
    let mut page = String::from(
        "<!-- Written by `cargo xtask bench`: texts, reasons and goals are in `benches/peers/report`. -->\n\n# Benchmarks\n\n",
    );
    page += &text("intro");
    write_losses(&mut page, losses, reasons)?;
    write_wins(&mut page, figures)?;
    for section in figures.sections() {
        writeln!(page, "## {}\n", heading(section))?;
        page += &text(section);
        for table in figures.tables_of(section) {
            write_table(&mut page, table, drawn)?;
        }
    }
    page += "## How it was measured\n\n";
    page += &text("measured");
    page += "| | |\n|---|---|\n";
    for (what, value) in machine {
        writeln!(page, "| {what} | {value} |")?;
    }
    let mut left_out = figures.about.iter().filter(|(what, _, _)| what == "left out").peekable();
    if left_out.peek().is_some() {
        page += "\nNot run:\n\n";
        for (_, name, why) in left_out {
            writeln!(page, "- {name}: {why}")?;
        }
    }
    page += "\n";
    Ok(page.trim_end().to_owned() + "\n")
}

/// By reason, the serious ones first; what has no reason is on top.
fn write_losses(page: &mut String, losses: &[Loss], reasons: &Reasons) -> std::fmt::Result {
    page.push_str("## Where we lose\n\n");
    if losses.is_empty() {
        return writeln!(page, "Nowhere: every goal is met, and no peer is ahead by more than 10 %.\n");
    }
    page.push_str(&text("losses"));
    let unexplained: Vec<&Loss> = losses.iter().filter(|loss| reasons.of(loss).is_none()).collect();
    if !unexplained.is_empty() {
        write_group(page, UNEXPLAINED, &unexplained, "")?;
    }
    let mut groups = Vec::new();
    for reason in reasons.all() {
        let of_it = |loss: &&Loss| reasons.of(loss).is_some_and(|found| std::ptr::eq(found, reason));
        let explained: Vec<&Loss> = losses.iter().filter(of_it).collect();
        if !explained.is_empty() {
            groups.push((explained.iter().filter(|loss| loss.serious).count(), reason, explained));
        }
    }
    groups.sort_by_key(|(serious, _, _)| std::cmp::Reverse(*serious));
    for (_, reason, explained) in groups {
        write_group(page, &reason.title, &explained, &reason.text)?;
    }
    Ok(())
}

fn write_group(page: &mut String, title: &str, losses: &[&Loss], text: &str) -> std::fmt::Result {
    writeln!(page, "### {title}\n")?;
    if !text.is_empty() {
        writeln!(page, "{text}\n")?;
    }
    writeln!(page, "| | | ours | floor / goal | a peer ahead |\n|---|---|---|---|---|")?;
    for loss in losses {
        let ours = if loss.serious { format!("**{}**", loss.ours) } else { loss.ours.clone() };
        writeln!(page, "| {} | {} | {ours} | {} | {} |", loss.table, loss.row, loss.wanted, loss.peer)?;
    }
    writeln!(page)
}

fn write_wins(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let (goals, floors, reached) = goals_reached(figures);
    page.push_str("## Where we win\n\n");
    if goals > 0 {
        writeln!(page, "Of {goals} goals {reached} are met, and {floors} of their floors.\n")?;
    }
    let wins = wins(figures);
    if wins.is_empty() {
        return Ok(());
    }
    writeln!(page, "More than 10 % ahead of the best peer:\n")?;
    writeln!(page, "| | | ours | best peer |\n|---|---|---|---|")?;
    for Win { table, row, ours, peer } in wins {
        writeln!(page, "| {table} | {row} | {ours} | {peer} |")?;
    }
    writeln!(page)
}

fn write_table(page: &mut String, table: &Table, drawn: &[Drawn]) -> std::fmt::Result {
    writeln!(page, "### {}\n", table.title)?;
    for chart in drawn.iter().filter(|chart| chart.section == table.section && chart.table == table.title) {
        writeln!(page, "![{}]({})\n", chart.title, chart.link)?;
    }
    writeln!(page, "| | {} |\n|---|{}", table.columns.join(" | "), "---|".repeat(table.columns.len()))?;
    for row in &table.rows {
        let cells =
            table.columns.iter().map(|column| table.figure(row, column).map(cell).unwrap_or_default());
        writeln!(page, "| {row} | {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    writeln!(page)
}
