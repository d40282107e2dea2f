//! What a peer wrote, made fit to be kept and shown.

use crate::facts::shown;
use crate::plan::is_harmless;

/// An error with what brought it about, as one line that may be shown.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        let words = deeper.to_string();
        // Some errors repeat their source.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = deeper.source();
    }
    shown(&text)
}

/// The beginning of a body as text that may be shown.
pub fn readable(bytes: &[u8]) -> String {
    let mut text: String = String::from_utf8_lossy(bytes).chars().filter(|c| is_harmless(*c)).collect();
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        let text = "a\u{1b}[2Jb\r\nc\u{9b}31md\u{7}e\u{202e}f\u{2028}g\0h\u{2067}ü";
        assert_eq!(readable(text.as_bytes()), "a[2Jbc31mdefghü");
        assert_eq!(readable(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
    }
}
