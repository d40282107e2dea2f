//! `fencepost findings`: the closed list, and the page of each.

use super::{Exit, Fault, Outcome, table};
use crate::judge::Code;
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
    let Some(code) = Code::ALL.iter().find(|code| code.word() == wanted) else {
        let near = nearest(wanted, Code::ALL.iter().map(|code| code.word()));
        let hint = near.map_or_else(|| "`fencepost findings` lists them".to_owned(), |near| format!("write `{near}`"));
        return Err(Fault(format!("there is no finding `{wanted}`; {hint}")));
    };
    anstream::print!("{}", story::page(*code));
    Ok(Exit::Good)
}
