//! Words in which no pipeline finds an order.
//!
//! GitHub's runner takes a line for a command that begins with `::` behind any blanks, and one that holds `##[` anywhere;
//! Azure's agent one that holds `##vso[` anywhere, TeamCity's one with `##teamcity[`. A server that is looked at decides
//! what stands in a report, and it must not decide what a pipeline does.

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// Text of one or more lines that carries no order. Headings of Markdown stay as they are.
pub fn inert(text: &str) -> Cow<'_, str> {
    if !text.split(['\n', '\r']).any(|line| holds_order(&bare(line))) {
        return Cow::Borrowed(text);
    }
    text.split_inclusive(['\n', '\r']).map(disarmed).collect::<String>().into()
}

/// A line, with a blank where an order would begin.
fn disarmed(line: &str) -> Cow<'_, str> {
    let bare = bare(line);
    if !holds_order(&bare) {
        return Cow::Borrowed(line);
    }
    let bare = match bare.split_once("::") {
        Some((before, after)) if begins_with_order(&bare) => Cow::Owned(format!("{before}: :{after}")),
        Some(_) | None => bare,
    };
    let mut inert = String::with_capacity(bare.len() + 8);
    let mut marks = 0;
    for c in bare.chars() {
        if is_armed(marks, c) {
            // The last of the marks stands apart from the one before.
            inert.pop();
            inert.push_str(" # ");
        }
        marks = if c == '#' { marks + 1 } else { 0 };
        inert.push(c);
    }
    Cow::Owned(inert)
}

/// A line without what shows as nothing: .NET, in which both runners are written, may pass over it where it compares.
fn bare(line: &str) -> Cow<'_, str> {
    if line.contains(is_nothing) { Cow::Owned(line.replace(is_nothing, "")) } else { Cow::Borrowed(line) }
}

fn is_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
    ) || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !c.is_whitespace())
}

fn holds_order(line: &str) -> bool {
    let mut marks = 0;
    let armed = line.chars().any(|c| {
        let armed = is_armed(marks, c);
        marks = if c == '#' { marks + 1 } else { 0 };
        armed
    });
    armed || begins_with_order(line)
}

/// Whether a character behind so many marks makes an order of them. A blank makes a heading.
fn is_armed(marks: usize, c: char) -> bool {
    marks >= 2 && c != '#' && !c.is_whitespace()
}

/// Whether a line begins as an order of GitHub's does, `::name …::`. An IPv6 address that begins so is none.
fn begins_with_order(line: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("::") else { return false };
    let first = rest.split([' ', ',', ';', ')']).next().unwrap_or_default().trim_end();
    rest.contains("::") && format!("::{first}").parse::<Ipv6Addr>().is_err()
}

/// JSON that means the same, and holds no `##`: where there would be one, marks are escaped. They stand in JSON only within
/// strings.
pub fn inert_json(json: &str) -> String {
    if bare(json).contains("##") { json.replace('#', "\\u0023") } else { json.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_order_is_left_and_nothing_else_is_touched() {
        for (text, wanted) in [
            ("plain: text :: of # a ## heading", "plain: text :: of # a ## heading"),
            ("## Heading\n### Heading\n", "## Heading\n### Heading\n"),
            ("a ##vso[task.setvariable variable=x]y", "a # # vso[task.setvariable variable=x]y"),
            ("a ###[error]y ##teamcity[z", "a ## # [error]y # # teamcity[z"),
            (
                "::set-output name=x::y\n  ::error::z\r::add-mask::q",
                ": :set-output name=x::y\n  : :error::z\r: :add-mask::q",
            ),
            ("  ::1 answered, ::2 too\n::ffff:10.0.0.1, ::1", "  ::1 answered, ::2 too\n::ffff:10.0.0.1, ::1"),
            ("::1x::y", ": :1x::y"),
            ("\u{ad}:\u{200b}:error::x", ": :error::x"),
            ("x #\u{ad}#\u{feff}vso[y]", "x # # vso[y]"),
            ("no order\u{ad}: # \u{fe0f}", "no order\u{ad}: # \u{fe0f}"),
            ("\t\u{a0}::stop-commands::x", "\t\u{a0}: :stop-commands::x"),
        ] {
            assert_eq!(inert(text), wanted);
            assert_eq!(inert(&inert(text)), wanted, "once is enough");
        }
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({"##vso[x]": ["###[a]", "\\##", "#", "#\u{ad}#vso[a]"]});
        let text = inert_json(&value.to_string());
        assert!(!text.contains('#'), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
