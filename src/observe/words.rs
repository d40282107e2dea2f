//! What a peer wrote, made fit to be kept and shown.

/// The most characters of a line of a peer that are kept.
const LONGEST_LINE: usize = 200;

/// Text of a peer, cut to a line that may be shown.
pub fn clipped(text: &str) -> String {
    let mut line: String = text.chars().filter(|c| is_harmless(*c)).take(LONGEST_LINE).collect();
    line.shrink_to_fit();
    line
}

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
    clipped(&text)
}

/// The beginning of a body as text that may be shown.
pub fn readable(bytes: &[u8]) -> String {
    let mut text: String = String::from_utf8_lossy(bytes).chars().filter(|c| is_harmless(*c)).collect();
    text.shrink_to_fit();
    text
}

/// Whether a character leaves a terminal, and the order of what stands around it, as they are. Control characters steer
/// terminals; the marks of writing direction show text in another order than it has (Unicode Standard Annex 9, §2).
fn is_harmless(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    !c.is_control() && !turns && !breaks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        let text = "a\u{1b}[2Jb\r\nc\u{9b}31md\u{7}e\u{202e}f\u{2028}g\0h\u{2067}ü";
        assert_eq!(clipped(text), "a[2Jbc31mdefghü");
        assert_eq!(readable(text.as_bytes()), "a[2Jbc31mdefghü");
        assert_eq!(readable(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
        assert_eq!(clipped(&"x".repeat(10_000)).len(), LONGEST_LINE);
    }
}
