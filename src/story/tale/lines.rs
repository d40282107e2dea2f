//! Lines of a tale: wrapped at a width that is given, so that the same facts give the same text at the same width.

use crate::plan::is_harmless;

/// The longest line where nobody says otherwise, but for commands and addresses, which are never broken.
pub const WIDTH: usize = 108;

/// How a line is meant; whoever prints it may colour it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Heading,
    Good,
    Bad,
    Doubtful,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub tone: Tone,
    pub text: String,
}

pub struct Lines {
    width: usize,
    lines: Vec<Line>,
}

impl Lines {
    /// None yet; `width` is in characters.
    pub const fn of(width: usize) -> Self {
        Self { width, lines: Vec::new() }
    }

    pub fn done(self) -> Vec<Line> {
        self.lines
    }

    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.push(Tone::Heading, text.to_owned());
    }

    pub fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.text.is_empty()) {
            self.push(Tone::Plain, String::new());
        }
    }

    /// A paragraph; what does not fit goes on below its beginning.
    pub fn say(&mut self, indent: usize, text: &str) {
        self.toned(Tone::Plain, indent, text);
    }

    pub fn toned(&mut self, tone: Tone, indent: usize, text: &str) {
        for line in wrapped(text, self.width.saturating_sub(indent)) {
            self.push(tone, format!("{:indent$}{line}", ""));
        }
    }

    /// A word, and beside it a paragraph that keeps to its own column.
    pub fn beside(&mut self, indent: usize, word: &str, column: usize, text: &str) {
        let mut word = word;
        for line in wrapped(text, self.width.saturating_sub(indent + column)) {
            self.push(Tone::Plain, format!("{:indent$}{word:column$}{line}", ""));
            word = "";
        }
    }

    /// A command to copy: broken between its options only, as a shell reads it.
    pub fn command(&mut self, indent: usize, word: &str, column: usize, text: &str) {
        let mut word = word;
        let broken = broken(text, self.width.saturating_sub(indent + column + 2));
        for (place, line) in broken.iter().enumerate() {
            let more = if place + 1 < broken.len() { " \\" } else { "" };
            let inset = if place > 0 { "  " } else { "" };
            self.whole(indent, std::mem::take(&mut word), column, &format!("{inset}{line}{more}"));
        }
    }

    /// A line that is kept whole.
    pub fn whole(&mut self, indent: usize, word: &str, column: usize, text: &str) {
        self.push(Tone::Plain, format!("{:indent$}{word:column$}{text}", ""));
    }

    /// What peers say may hold anything; nothing of it moves a cursor or changes a colour.
    fn push(&mut self, tone: Tone, text: String) {
        let text: String = text.chars().map(|c| if is_harmless(c) { c } else { '\u{fffd}' }).collect();
        self.lines.push(Line { tone, text: text.trim_end().to_owned() });
    }
}

/// Breaks a text between words.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(|line| line.chars().count()).unwrap_or_default();
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else if let Some(last) = lines.last_mut() {
            if line > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// Breaks a command before options and addresses that stand outside of quotes, and before the steps of a query within
/// double quotes, where a shell passes over the end of a line as well.
fn broken(command: &str, width: usize) -> Vec<String> {
    let mut cuts: Vec<usize> = Vec::new();
    let mut quote = None;
    for (at, c) in command.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None => {}
        }
        let rest = &command[at..];
        let is_option = [" --", " -q ", " 'https:", " | "].iter().any(|start| rest.starts_with(start));
        if (quote.is_none() && is_option) || (quote == Some('"') && rest.starts_with(" | ")) {
            cuts.push(at);
        }
    }
    cuts.push(command.len());
    let mut lines = vec![String::new()];
    let mut from = 0;
    for cut in cuts {
        let piece = &command[from..cut];
        match lines.last_mut() {
            Some(last) if last.is_empty() || last.chars().count() + piece.chars().count() <= width => {
                last.push_str(piece);
            }
            Some(_) | None => lines.push(piece.trim_start().to_owned()),
        }
        from = cut;
    }
    lines
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed<S: AsRef<str>>(words: &[S]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// A time as one says it: whole milliseconds, from a second on tenths of seconds.
pub fn took(time: std::time::Duration) -> String {
    match time.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms @ 1..1_000 => format!("{ms} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_between_words_and_long_words_do_not() {
        assert_eq!(wrapped("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrapped("abcdefgh i", 4), ["abcdefgh", "i"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    #[test]
    fn a_command_breaks_where_a_shell_may() {
        let command = "curl --include --noproxy '* --x' 'https://a.example/b'";
        assert_eq!(broken(command, 30), ["curl --include", "--noproxy '* --x'", "'https://a.example/b'"]);
        assert_eq!(broken(command, 99), [command]);
    }

    #[test]
    fn a_peer_cannot_move_the_cursor() {
        let mut lines = Lines::of(WIDTH);
        lines.say(0, "red \u{1b}[31m\u{202e}text");
        assert_eq!(lines.done()[0].text, "red \u{fffd}[31m\u{fffd}text");
    }
}
