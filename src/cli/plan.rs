//! `fencepost plan`: is it right, what does it claim, how is it written.

use super::args::{Import, Plan};
use super::out::{self, say};
use super::{Exit, Fault, Outcome, load, supply, table};
use crate::clock;
use crate::import;
use crate::plan::{self, Claim, Decision};
use std::path::PathBuf;

pub fn run(command: &Plan) -> Outcome {
    match command {
        Plan::Check { file, catalog, pinned } => {
            let (plan, files) = supply::plan_once(file, pinned, &load::catalog(catalog)?)?;
            let today = clock::day(clock::now());
            let endpoints: usize = plan.targets.iter().map(|target| target.endpoints.len()).sum();
            say!(
                "plan {} is good: {}, {} with {}, {}, {}",
                plan.name,
                counted(plan.vantages.len(), "vantage"),
                counted(plan.targets.len(), "target"),
                counted(endpoints, "endpoint"),
                counted(plan.rules.len(), "rule"),
                counted(plan.exceptions.len(), "exception")
            );
            say!("sha256 {}", plan.hash);
            if let Some(trust) = &plan.settings.trust {
                let found =
                    files.find(trust).and_then(|path| std::fs::metadata(path).map(drop).map_err(|e| e.to_string()));
                if let Err(why) = found {
                    say!(
                        "note: settings.trust: {trust}: {why}; agents need that file, which may be elsewhere than here"
                    );
                }
            }
            for exception in plan.exceptions.iter().filter(|exception| exception.ends < today) {
                say!("note: exception {} ended on {}; remove it", exception.name, exception.ends);
            }
            Ok(Exit::Good)
        }
        Plan::Show { file, catalog, on, pinned } => {
            let plan = supply::plan_alone(file, pinned, &load::catalog(catalog)?)?;
            show(&plan, on.unwrap_or_else(|| clock::day(clock::now())));
            Ok(Exit::Good)
        }
        Plan::Schema => {
            say!("{}", serde_json::to_string_pretty(&plan::schema())?);
            Ok(Exit::Good)
        }
        Plan::Example { name } => example(name.as_deref()),
        Plan::Import(Import::Blackbox { files }) => blackbox(files),
    }
}

/// `1 rule`, `2 rules`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn show(plan: &plan::Plan, day: jiff::civil::Date) {
    let mut shown = table::table(&["vantage", "target", "endpoint", "claim", "decided by"]);
    for vantage in &plan.vantages {
        for case in plan.all_cases(&vantage.name, day) {
            shown.add_row([
                vantage.name.to_string(),
                case.target.name.to_string(),
                case.endpoint.host.to_string(),
                claim(case.decision.claim()),
                decider(&case.decision),
            ]);
        }
    }
    table::print(&shown);
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Blocked(by) => {
            let layers: Vec<&str> = by.iter().map(|layer| layer.word()).collect();
            format!("blocked by {}", layers.join(", "))
        }
        Claim::Private | Claim::Public | Claim::None => claim.word().to_owned(),
    }
}

fn decider(decision: &Decision<'_>) -> String {
    match decision.exception {
        Some(exception) => {
            format!("exception {} until {} (rule: {})", exception.name, exception.ends, decision.rule.name)
        }
        None => decision.rule.name.to_string(),
    }
}

fn example(name: Option<&str>) -> Outcome {
    let names = || plan::EXAMPLES.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    match name {
        None => names().iter().for_each(|name| say!("{name}")),
        Some(name) => match plan::example(name) {
            Some(text) => out::write(format_args!("{text}")),
            None => return Err(Fault(format!("there is no example `{name}`; there are {}", names().join(", ")))),
        },
    }
    Ok(Exit::Good)
}

fn blackbox(files: &[PathBuf]) -> Outcome {
    let texts: Result<Vec<_>, Fault> =
        files.iter().map(|file| Ok((file.display().to_string(), load::text(file)?))).collect();
    let catalog = load::catalog(&[])?;
    let imported = import::blackbox(&texts?, &catalog).map_err(Fault)?;
    out::write(format_args!("{}", imported.plan));
    anstream::eprintln!(
        "imported {}, with {}: see the head of the plan",
        counted(imported.endpoints, "endpoint"),
        counted(imported.notes.len(), "note")
    );
    // What was written is a plan that reads, whatever was imported; if it is not, nobody finds out later.
    plan::read("the imported plan", &imported.plan, &catalog.outlines()).map_err(|faults| Fault(faults.to_string()))?;
    Ok(Exit::Good)
}
