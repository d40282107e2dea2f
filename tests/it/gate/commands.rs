//! What pipelines read from the output of a job, by their documented grammars: GitHub's workflow commands, and Azure's
//! logging commands. Any command counts, whether its name is known or not.

use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub data: String,
}

fn properties(text: &str, between: char, read: fn(&str) -> String) -> BTreeMap<String, String> {
    let pairs = text.split(between).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), read(value))).collect()
}

fn replaced(text: &str, marks: &[(&str, &str)]) -> String {
    marks.iter().fold(text.to_owned(), |text, (written, meant)| text.replace(written, meant))
}

/// What a comparison by the rules of a language passes over; both runners may compare so.
const SEEN_BY_NOBODY: [char; 3] = ['\u{ad}', '\u{200b}', '\u{feff}'];

/// The commands that GitHub's runner finds: `::name key=value,key=value::data` at the beginning of a line, behind any
/// blanks, and the older `##[name key=value;key=value]data` anywhere in one.
pub fn of_github(text: &str) -> Vec<Order> {
    let text = &text.replace(SEEN_BY_NOBODY, "");
    let data = |text: &str| replaced(text, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]);
    let value = |text: &str| replaced(text, &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]);
    let mut orders = Vec::new();
    for line in text.split(['\n', '\r']) {
        if let Some((head, rest)) = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::")) {
            let (name, keys) = head.split_once(' ').unwrap_or((head, ""));
            orders.push(Order { name: name.to_owned(), properties: properties(keys, ',', value), data: data(rest) });
        } else if let Some((head, rest)) = line.split_once("##[").and_then(|(_, rest)| rest.split_once(']')) {
            let (name, keys) = head.split_once(' ').unwrap_or((head, ""));
            orders.push(Order { name: name.to_owned(), properties: properties(keys, ';', value), data: data(rest) });
        }
    }
    orders
}

/// The commands that Azure's agent finds: `##vso[area.action key=value;key=value]data` anywhere in a line.
pub fn of_azure(text: &str) -> Vec<Order> {
    let text = &text.replace(SEEN_BY_NOBODY, "");
    let data = |text: &str| replaced(text, &[("%0D", "\r"), ("%0A", "\n"), ("%AZP25", "%")]);
    let value =
        |text: &str| replaced(text, &[("%0D", "\r"), ("%0A", "\n"), ("%3B", ";"), ("%5D", "]"), ("%AZP25", "%")]);
    let mut orders = Vec::new();
    for line in text.split(['\n', '\r']) {
        let Some(at) = line.to_lowercase().find("##vso[") else { continue };
        let Some((head, rest)) = line[at + "##vso[".len()..].split_once(']') else { continue };
        let (name, keys) = head.split_once(' ').unwrap_or((head, ""));
        orders.push(Order { name: name.to_owned(), properties: properties(keys, ';', value), data: data(rest) });
    }
    orders
}

#[test]
fn the_readers_read_what_the_documents_say() {
    let found =
        of_github("  ::error title=a%3A b%2C c,line=1::x%25%0Ay::z\nplain ::no::\n::debug::q\nat ##[add-mask]s\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!((found[0].name.as_str(), found[0].data.as_str()), ("error", "x%\ny::z"));
    assert_eq!(found[0].properties["title"], "a: b, c");
    assert_eq!((found[2].name.as_str(), found[2].data.as_str()), ("add-mask", "s"));
    let found = of_azure("text ##VSO[task.logissue type=error;code=a%3Bb%5D;]100%AZP25%0Aof ]it\n##[section]x\n");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_str(), found[0].data.as_str()), ("task.logissue", "100%\nof ]it"));
    assert_eq!(found[0].properties["code"], "a;b]");
}
