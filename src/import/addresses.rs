//! Addresses inside the regular expressions by which a DNS answer is validated.

use std::net::IpAddr;

/// The addresses that an expression names in full. One that stands for several, such as `10\.20\.3\.[0-9]+`, names none.
pub fn named(expression: &str) -> Vec<IpAddr> {
    let plain = unescaped(expression);
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut found = Vec::new();
    let mut before = None;
    let mut rest = plain.as_str();
    while let Some(start) = rest.find(is_part) {
        before = rest[..start].chars().next_back().or(before);
        let token = &rest[start..];
        let (token, after) = token.split_at(token.find(|c| !is_part(c)).unwrap_or(token.len()));
        let begins = !before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, ']' | '}'));
        let ends = matches!(after.chars().next(), None | Some('$' | ')' | '|' | ' ' | '"' | ';'));
        if begins
            && ends
            && let Ok(address) = token.parse::<IpAddr>()
        {
            found.push(address);
        }
        before = token.chars().next_back();
        rest = after;
    }
    found
}

/// The expression without its escapes: a space where one stands for white space or an edge, a bracket where it stands for
/// a class of characters.
fn unescaped(expression: &str) -> String {
    let mut plain = String::with_capacity(expression.len());
    let mut rest = expression.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '\\' => match rest.next() {
                Some('.') => '.',
                Some('s' | 't' | 'b' | 'A' | 'z') => ' ',
                _ => ']',
            },
            c => c,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_are_named_in_full_are_taken() {
        for (expression, addresses) in [
            (r"contoso.*\t60\tIN\tA\t10\.20\.3\.5", vec!["10.20.3.5"]),
            (r".*10\.20\.3\.5$", vec!["10.20.3.5"]),
            (r".*A\s10\.20\.3\.5$", vec!["10.20.3.5"]),
            ("(10.20.3.5|10.20.3.6)", vec!["10.20.3.5", "10.20.3.6"]),
            (r"\b10\.20\.3\.5\b", vec!["10.20.3.5"]),
            (r"AAAA\s+fd00:20::5$", vec!["fd00:20::5"]),
            (r"10\.20\.3\.[0-9]+", vec![]),
            (r"10\.20\.3\.5\d", vec![]),
            (r"10\.20\.3\.5?", vec![]),
            (r"[12]10\.20\.3\.5", vec![]),
            (r"10\.", vec![]),
            ("", vec![]),
        ] {
            let wanted: Vec<IpAddr> = addresses.iter().map(|a| a.parse().unwrap()).collect();
            assert_eq!(named(expression), wanted, "{expression}");
        }
    }
}
