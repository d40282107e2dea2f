//! What a peer said, as it may be shown: in a terminal, in a log, in a page.

use crate::plan::is_harmless;

/// The longest text of a peer that is kept, in characters.
const LONGEST: usize = 200;

/// Text of a peer, cut to one line that moves no cursor.
pub fn shown(text: &str) -> String {
    let mut line: String = text.chars().filter(|c| is_harmless(*c)).take(LONGEST).collect();
    // It stays on the board as long as the check does.
    line.shrink_to_fit();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_moves_no_cursor_and_turns_no_text() {
        assert_eq!(shown("red \u{1b}[31m\u{9b}31m\r\n\u{202e}text\u{2028}"), "red [31m31mtext");
        assert_eq!(shown(&"ä".repeat(1_000)).chars().count(), LONGEST);
    }
}
