//! Standard output. A write that fails ends no command in the middle: it goes on, and its exit code says so.

use crate::publish::forms::inert;
use anstream::ColorChoice;
use anstream::adapter::strip_str;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::OnceLock;

/// The first write that failed. Standard output belongs to the whole process, and so does this.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Writes; colours are dropped where there is no terminal. A pipeline that reads it finds no order in it.
pub fn write(text: Arguments<'_>) {
    let text = text.to_string();
    // What colours hide at the beginning of a line stands there once they are dropped.
    if anstream::stdout().current_choice() == ColorChoice::Never {
        orders(&inert(&strip_str(&text).to_string()));
    } else {
        orders(&inert(&text));
    }
}

/// Writes what holds orders for a pipeline, and none but ours.
pub fn orders(text: &str) {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => {}
        // Whoever reads only the beginning, as `head` does, has read enough.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
        Err(e) => {
            // Only the first says why.
            let _ = FAILED.set(e);
        }
    }
}

/// Why what was printed did not arrive.
pub fn failure() -> Option<&'static io::Error> {
    FAILED.get()
}

/// Prints a line.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::out::write(format_args!("{}\n", format_args!($($text)*)))
    };
}

pub(crate) use say;
