//! YAML text as a tree in which every node knows its place.
//!
//! The parser is a library; the tree is ours because a plan's faults are all reported at once: a typed reader would
//! stop at the first unknown key, and a map type would have swallowed the second of two equal keys.

use super::fault::{Fault, Place};
use granit_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::HashMap;

/// The largest plan that is read, in bytes; larger ones are refused before parsing.
pub const LARGEST_PLAN: usize = 8 << 20;

/// The most nodes a plan may unfold to. Aliases are copied, so this also bounds "a billion laughs". A node counts once
/// for every [`BYTES_PER_NODE`] of its text, so that one long text cannot be copied without end either.
pub const MOST_NODES: usize = 500_000;

const BYTES_PER_NODE: usize = 64;

/// The deepest nesting that is read; the plan language itself needs six levels.
const DEEPEST: usize = 32;

#[derive(Clone, Debug)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    /// A scalar's text; what it means is decided by the key it stands under, so `yes` and `010` stay as written.
    Text(String),
    /// A plain scalar without text, `~` or `null`.
    Nothing,
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub struct Key {
    pub text: String,
    pub place: Place,
}

impl Node {
    pub fn is_empty_collection(&self) -> bool {
        match &self.value {
            Value::Text(_) | Value::Nothing => false,
            Value::List(items) => items.is_empty(),
            Value::Table(entries) => entries.is_empty(),
        }
    }

    pub fn has_key(&self, wanted: &str) -> bool {
        matches!(&self.value, Value::Table(entries) if entries.iter().any(|(key, _)| key.text == wanted))
    }

    /// What this node is, in a reader's words.
    pub fn form(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a single value",
            Value::Nothing => "empty",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Reads one YAML document.
pub fn read(text: &str) -> Result<Node, Fault> {
    read_part(0, text)
}

/// As [`read`], for one of several files: the one of this number.
pub fn read_part(file: usize, text: &str) -> Result<Node, Fault> {
    let start = Place { file, line: 1, column: 1 };
    if text.len() > LARGEST_PLAN {
        let reason = format!("the file has {} bytes, more than the {LARGEST_PLAN} that are read", text.len());
        return Err(Fault::new(start, reason, "split the fleet into several plans"));
    }
    let mut builder = Builder { file, open: Vec::new(), anchors: HashMap::new(), root: None, nodes: 0 };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|e| {
            let place = Place { file, line: e.marker().line(), column: e.marker().col() + 1 };
            Fault::new(place, format!("this is not YAML: {}", e.info()), "mend the syntax at this place")
        })?;
        builder.take(event, span)?;
    }
    builder.root.ok_or_else(|| Fault::new(start, "the file is empty", "begin with `fencepost plan example minimal`"))
}

struct Builder {
    file: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
}

struct Open {
    place: Place,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Table(Vec<(Key, Node)>, Option<Key>),
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let place = Place { file: self.file, line: span.start.line(), column: span.start.col() + 1 };
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let value = if nothing { Value::Nothing } else { Value::Text(text.into_owned()) };
                self.put(Node { place, value }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.enter(place, anchor, OpenKind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.enter(place, anchor, OpenKind::Table(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Alias(anchor) => {
                let Some(mut node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Fault::new(place, "this alias stands inside its own anchor", "write the value out"));
                };
                if self.open.len() + depth(&node) > DEEPEST {
                    return Err(too_deep(place));
                }
                node.place = place;
                self.count_in(count(&node), place)?;
                self.put(node, 0)
            }
            Event::DocumentStart(..) if self.root.is_some() => Err(Fault::new(
                place,
                "the file holds more than one YAML document",
                "keep one document in one file, without a second `---`",
            )),
            _ => Ok(()),
        }
    }

    fn count_in(&mut self, nodes: usize, place: Place) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes <= MOST_NODES {
            return Ok(());
        }
        Err(Fault::new(place, format!("the file unfolds to more than {MOST_NODES} values"), "use fewer aliases"))
    }

    fn enter(&mut self, place: Place, anchor: usize, kind: OpenKind) -> Result<(), Fault> {
        if self.open.len() >= DEEPEST {
            return Err(too_deep(place));
        }
        self.open.push(Open { place, anchor, kind });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Fault> {
        let Some(done) = self.open.pop() else { return Ok(()) };
        let value = match done.kind {
            OpenKind::List(items) => Value::List(items),
            OpenKind::Table(entries, _) => Value::Table(entries),
        };
        self.put(Node { place: done.place, value }, done.anchor)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        self.count_in(1, node.place)?;
        if anchor > 0 {
            self.count_in(count(&node), node.place)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(items)) => items.push(node),
            Some(OpenKind::Table(entries, key @ None)) => {
                let _ = entries;
                *key = Some(as_key(node)?);
            }
            Some(OpenKind::Table(entries, key @ Some(_))) => entries.extend(key.take().map(|k| (k, node))),
        }
        Ok(())
    }
}

fn as_key(node: Node) -> Result<Key, Fault> {
    match node.value {
        Value::Text(text) => Ok(Key { text, place: node.place }),
        Value::Nothing | Value::List(_) | Value::Table(_) => {
            Err(Fault::new(node.place, format!("a key is {}", node.form()), "write the key as a plain word"))
        }
    }
}

fn too_deep(place: Place) -> Fault {
    Fault::new(place, "this is nested too deeply", "write it with fewer levels; a plan needs six")
}

pub fn count(node: &Node) -> usize {
    let text = |text: &str| 1 + text.len() / BYTES_PER_NODE;
    match &node.value {
        Value::Text(written) => text(written),
        Value::Nothing => 1,
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Table(entries) => 1 + entries.iter().map(|(k, n)| text(&k.text) + count(n)).sum::<usize>(),
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Text(_) | Value::Nothing => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Table(entries) => 1 + entries.iter().map(|(_, n)| depth(n)).max().unwrap_or(0),
    }
}
