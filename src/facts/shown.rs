//! What a peer said, as it may be shown: in a terminal, in a log, in a page.

use crate::plan::is_harmless;

/// The longest text of a peer that is kept, in characters.
const LONGEST: usize = 200;

/// Text of a peer, cut to one line that moves no cursor.
pub fn shown(text: &str) -> String {
    kept(harmless(text).take(LONGEST))
}

/// The beginning of a body, already cut, as text that moves no cursor.
pub fn readable(bytes: &[u8]) -> String {
    kept(harmless(&String::from_utf8_lossy(bytes)))
}

fn harmless(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| is_harmless(*c))
}

fn kept(text: impl Iterator<Item = char>) -> String {
    let mut text: String = text.collect();
    // It stays on the board as long as the check does.
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_moves_no_cursor_and_turns_no_text() {
        assert_eq!(shown("red \u{1b}[31m\u{9b}31m\r\n\u{202e}text\u{2028}"), "red [31m31mtext");
        assert_eq!(shown(&"ä".repeat(1_000)).chars().count(), LONGEST);
        let text = "a\u{1b}[2Jb\r\nc\u{9b}31md\u{7}e\u{202e}f\u{2028}g\0h\u{2067}ü";
        assert_eq!(readable(text.as_bytes()), "a[2Jbc31mdefghü");
        assert_eq!(readable(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
    }
}
