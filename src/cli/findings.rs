//! `fencepost findings`: the closed list, and the page of each.

use super::out::{self, say};
use super::{Exit, Fault, Outcome, table};
use crate::judge::{Cause, Code};
use crate::plan::nearest;
use crate::story;

pub fn run(code: Option<&str>) -> Outcome {
    let Some(wanted) = code else {
        let mut shown = table::table(&["finding", "severity", "side", "meaning"]);
        for code in Code::ALL {
            shown.add_row([code.word(), code.severity().word(), code.side().word(), code.summary()]);
        }
        table::print(&shown);
        return Ok(Exit::Good);
    };
    let wanted = wanted.to_ascii_lowercase();
    let Some(code) = Code::ALL.iter().find(|code| code.word() == wanted) else {
        if let Some(cause) = Cause::ALL.iter().find(|cause| cause.word() == wanted) {
            return Ok(of_cause(*cause));
        }
        let words = Code::ALL.iter().map(|code| code.word()).chain(Cause::ALL.iter().map(|cause| cause.word()));
        let near = nearest(&wanted, words);
        let hint = near.map_or_else(|| "`fencepost findings` lists them".to_owned(), |near| format!("write `{near}`"));
        return Err(Fault(format!("there is no finding `{wanted}`; {hint}")));
    };
    out::write(format_args!("{}", story::page(*code)));
    Ok(Exit::Good)
}

/// A cause stands on the page of each finding that may carry it.
fn of_cause(cause: Cause) -> Exit {
    let carries = |code: &Code| story::about(*code).is_some_and(|about| about.causes.contains(&cause));
    let carrying: Vec<Code> = Code::ALL.iter().copied().filter(carries).collect();
    let words: Vec<&str> = carrying.iter().map(|code| code.word()).collect();
    say!("{} is a cause, and stands below under Causes. Findings that carry it: {}.\n", cause.word(), words.join(", "));
    if let Some(first) = carrying.first() {
        out::write(format_args!("{}", story::page(*first)));
    }
    Exit::Good
}
