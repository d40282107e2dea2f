//! Words in which no pipeline finds an order.
//!
//! GitHub's runner takes a line for a command that begins with `::` behind any blanks, and one that holds `##[` anywhere;
//! Azure's agent one that holds `##vso[` anywhere, TeamCity's one with `##teamcity[`. A server that is looked at decides
//! what stands in a report, and it must not decide what a pipeline does.

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// Text of one or more lines that carries no order. Headings of Markdown stay as they are.
pub fn inert(text: &str) -> Cow<'_, str> {
    if !text.contains("##") && !text.split(['\n', '\r']).any(begins_with_order) {
        return Cow::Borrowed(text);
    }
    let mut inert = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive(['\n', '\r']) {
        let line = match line.split_once("::") {
            Some((before, after)) if begins_with_order(line) => Cow::Owned(format!("{before}: :{after}")),
            Some(_) | None => Cow::Borrowed(line),
        };
        let mut marks = 0;
        for c in line.chars() {
            if marks >= 2 && c != '#' && !c.is_whitespace() {
                // The last of the marks stands apart from the one before.
                inert.pop();
                inert.push_str(" # ");
            }
            marks = if c == '#' { marks + 1 } else { 0 };
            inert.push(c);
        }
    }
    Cow::Owned(inert)
}

/// Whether a line begins as an order of GitHub's does, `::name …::`. An IPv6 address that begins so is none.
fn begins_with_order(line: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("::") else { return false };
    let first = rest.split([' ', ',', ';', ')']).next().unwrap_or_default().trim_end();
    rest.contains("::") && format!("::{first}").parse::<Ipv6Addr>().is_err()
}

/// JSON that means the same, and holds no `##`: the second is escaped. A mark stands in JSON only within strings.
pub fn inert_json(json: &str) -> String {
    json.replace("##", "#\\u0023")
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
            ("\t\u{a0}::stop-commands::x", "\t\u{a0}: :stop-commands::x"),
        ] {
            assert_eq!(inert(text), wanted);
            assert_eq!(inert(&inert(text)), wanted, "once is enough");
        }
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({"##vso[x]": ["###[a]", "\\##", "#", "\u{23}\u{23}"]});
        let text = inert_json(&value.to_string());
        assert!(!text.contains("##"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
