//! One plan, four places, real servers, real firewalls: an agent in each namespace finds its own vantage and gives its own
//! right verdicts, and every fault is judged from every place.

use crate::repository::repo;
use crate::support::town::Town;
use crate::support::town::faults::{FAULTS, Fault};
use crate::support::town::look::{differences, matrix, plan, short_plan, wanted};
use crate::support::town::ways::Ways;
use std::fmt::Write as _;

#[test]
fn four_agents_with_one_plan_each_find_their_vantage_and_agree_with_it() {
    let town = Town::new();
    let seen = matrix(&town, &plan(&town));
    let off: Vec<_> = seen.iter().filter(|(_, said)| !said.starts_with("holds ")).collect();
    assert!(off.is_empty(), "{off:#?}");
    for (vantage, checks) in [("prod-app", 1), ("build", 5), ("sandbox", 5), ("branch-lan", 5)] {
        let accounts = seen.keys().filter(|(of, endpoint)| of == vantage && endpoint.contains(".azure"));
        assert_eq!(accounts.filter(|(_, endpoint)| endpoint.contains("contoso")).count(), checks, "{vantage}");
    }
}

const PACE: &str = "every: 6s, timeout: 1500ms";

#[test]
fn every_fault_is_judged_right_from_every_vantage() {
    let mut town = Town::new();
    let plan = short_plan(&town, PACE, "");
    let healthy = matrix(&town, &plan);
    let mut wrong = Vec::new();
    let mut page = heading();
    for fault in FAULTS {
        // The fault before is mended in the same breath.
        town.change(|ways| {
            *ways = Ways::default();
            (fault.change)(ways);
        });
        let seen = matrix(&town, &plan);
        wrong.extend(differences(fault.name, &seen, &wanted(fault, &healthy)));
        describe(&mut page, fault);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    town.change(|ways| *ways = Ways::default());
    assert_eq!(matrix(&town, &plan), healthy, "all is mended");
    let file = "docs/fault-matrix.md";
    let fresh = repo("target/fault-matrix.md");
    std::fs::write(&fresh, &page).unwrap();
    assert!(std::fs::read_to_string(repo(file)).is_ok_and(|text| text == page), "cp target/fault-matrix.md {file}");
}

fn heading() -> String {
    "# Faults on a real network\n\n\
     Written by a test (`tests/it/netns.rs`), which builds the estate of `probes/hub-and-spoke.yaml` out of network namespaces:\n\
     BIND as Azure's resolver at 168.63.129.16 with a view for each virtual network and as the internet, unbound as forwarders of\n\
     hub and branch, nginx as private and public fronts, squid as a proxy, nftables between them. It changes what the second column says, and\n\
     looks from every vantage with one plan. Each cell is what `check` says there: the check, its verdict, the state of public\n\
     fallback, the first finding and its cause. A vantage without a line says what it said before.\n\n\
     | fault | what was done | from | says |\n|---|---|---|---|\n"
        .to_owned()
}

fn describe(page: &mut String, fault: &Fault) {
    if fault.rows.is_empty() {
        let _ = writeln!(page, "| {} | {} | – | what it said before |", fault.name, fault.what);
    }
    for (i, (vantages, endpoints, said)) in fault.rows.iter().enumerate() {
        let (name, what) = if i == 0 { (fault.name, fault.what) } else { ("", "") };
        let vantages = vantages.replace('|', ", ");
        let _ = writeln!(page, "| {name} | {what} | {vantages} | `{endpoints}`: {said} |");
    }
}
