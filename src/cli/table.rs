//! Tables: lines and colours on a terminal, plain columns in a pipe.

use super::out;
use crate::story::WIDTH;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};
use std::io::IsTerminal;

/// Columns of names that somebody copies or searches for: broken within, they are neither.
const WHOLE: [&str; 3] = ["endpoint", "target", "finding"];

/// The width of the terminal: what COLUMNS says, else what the terminal itself says, where it says anything.
fn terminal_width() -> Option<u16> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(|| Table::new().width()).filter(|width| *width > 0)
}

/// How wide text is set: as the terminal is, within what reads well; in a pipe the same everywhere, unless COLUMNS says
/// otherwise.
pub fn text_width() -> usize {
    terminal_width().map_or(WIDTH, |width| usize::from(width).clamp(60, 120))
}

/// A table with a heading, fitted to where it will be shown.
pub fn table(heading: &[&str]) -> Table {
    table_for(heading, std::io::stdout().is_terminal())
}

/// A table with a heading, for a terminal or for a file.
pub fn table_for(heading: &[&str], terminal: bool) -> Table {
    let mut table = Table::new();
    if terminal {
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(heading.iter().map(|text| Cell::new(text).add_attribute(Attribute::Bold)));
        if let Some(width) = terminal_width() {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        for (place, _) in heading.iter().enumerate().filter(|(_, text)| WHOLE.contains(text)) {
            if let Some(column) = table.column_mut(place) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
    } else {
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
        table.set_header(heading);
    }
    table
}

/// A word in the colour of what it means; the table leaves colours out where there is no terminal.
pub fn word(word: &str) -> Cell {
    let cell = Cell::new(word);
    match word {
        "holds" | "none" => cell.fg(Color::Green),
        "broken" | "usable" | "answered" => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        "unknown" | "latent" => cell.fg(Color::Yellow),
        _ => cell,
    }
}

/// The table without trailing blanks.
pub fn print(table: &Table) {
    out::write(format_args!("{}", text(table)));
}

/// The lines of the table without trailing blanks.
pub fn text(table: &Table) -> String {
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
