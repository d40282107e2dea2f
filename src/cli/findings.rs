//! `fencepost findings`: the closed list, and what each means.

use super::{Exit, Fault, Outcome, table};
use crate::judge::Code;

pub fn run(code: Option<&str>) -> Outcome {
    let Some(wanted) = code else {
        let mut shown = table::table(&["finding", "severity", "meaning"]);
        for code in Code::ALL {
            shown.add_row([code.word(), code.severity().word(), code.summary()]);
        }
        table::print(&shown);
        return Ok(Exit::Good);
    };
    let Some(code) = Code::ALL.iter().find(|code| code.word() == wanted) else {
        return Err(Fault(format!("there is no finding `{wanted}`; `fencepost findings` lists them")));
    };
    anstream::println!(
        "{} ({})\n\n{}\n\nTry first: {}",
        code.word(),
        code.severity().word(),
        code.summary(),
        code.first_try()
    );
    Ok(Exit::Good)
}
