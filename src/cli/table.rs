//! Tables: lines and colours on a terminal, plain columns in a pipe.

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use std::io::IsTerminal;

/// A table with a heading, fitted to where it will be shown.
pub fn table(heading: &[&str]) -> Table {
    let mut table = Table::new();
    if std::io::stdout().is_terminal() {
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(heading.iter().map(|text| Cell::new(text).add_attribute(Attribute::Bold)));
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
    for line in table.to_string().lines() {
        anstream::println!("{}", line.trim_end());
    }
}
