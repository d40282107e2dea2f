//! `fencepost explain`: every fault of the lab told with its cause, replays that tell the same, names without a plan.

use crate::repository::{repo, text_of};
use crate::support::agent::{fencepost, outcome};
use crate::support::lab::{CHAT, LabProcess};
use crate::support::place::Place;
use crate::support::{Folder, free_port};
use fencepost::judge::Code;
use fencepost::lab::World;
use fencepost::story;
use serde_json::Value;
use std::path::Path;

/// What `explain` of a plan prints: exit code and text.
fn explained(plan: &Path, vantage: &str, words: &[&str]) -> (i32, String) {
    let mut command = fencepost();
    command.args(["explain", "--vantage", vantage, "--plan"]).arg(plan).args(words);
    let (code, out, err) = outcome(&mut command);
    assert_eq!(err, "", "{words:?}");
    (code, out)
}

fn replayed(file: &Path, words: &[&str]) -> (i32, String) {
    let (code, out, err) = outcome(fencepost().args(["explain", "--replay"]).arg(file).args(words));
    assert_eq!(err, "", "{words:?}");
    (code, out)
}

/// The text without what wraps it.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What every tale must hold, whatever it tells.
fn assert_whole(tale: &str, check: &Value) {
    let text = flat(tale);
    let facts = &check["facts"];
    for resolver in facts["names"]["resolvers"].as_array().unwrap() {
        let named = format!("{} ({}", resolver["resolver"].as_str().unwrap(), resolver["server"].as_str().unwrap());
        assert!(text.contains(&named), "{named} is left out:\n{tale}");
    }
    for path in facts["paths"].as_array().unwrap() {
        let address = path["address"].as_str().unwrap();
        let classed = ["expected", "public", "other-private", "special"];
        let named = classed.iter().any(|class| text.contains(&format!("{address} ({class}), port ")));
        assert!(named, "{address} has no class:\n{tale}");
    }
    for finding in check["findings"].as_array().unwrap() {
        for key in ["code", "try"] {
            let told = finding[key].as_str().unwrap();
            assert!(text.contains(told), "{told} is left out:\n{tale}");
        }
        if let Some(cause) = finding["cause"].as_str() {
            let code: Code = serde_json::from_value(finding["code"].clone()).unwrap();
            let known = story::about(code).unwrap().causes;
            assert!(known.iter().any(|known| known.word() == cause), "{cause} is not on the page of {}", code.word());
        }
        let commands = finding["confirm"].as_array().map(Vec::as_slice).unwrap_or_default();
        for command in commands.iter().map(|command| command.as_str().unwrap()) {
            let unbroken = flat(&tale.replace(" \\\n", "\n"));
            assert!(unbroken.contains(&flat(command)), "{command} is left out:\n{tale}");
        }
    }
    let commands = |line: &&str| line.trim_start().starts_with("az ") || line.contains("confirm ");
    let long = tale.lines().filter(|line| !commands(line)).find(|line| line.chars().count() > 120);
    assert_eq!(long, None, "a line is too long");
}

#[test]
fn every_fault_of_the_lab_is_told_with_its_cause_and_replayed_alike() {
    let lab = LabProcess::start();
    let folder = Folder::new();
    let plan = lab.plan();
    let world = World::hub_and_spoke();
    let mut causes = 0;
    for (name, fault) in world.faults() {
        let Some(row) = fault.expect.iter().find(|row| row.vantage == "prod-app") else { continue };
        lab.order(&["break", name]);
        let what = row.check.trim_end_matches("/*");
        let (code, json) = explained(&plan, "prod-app", &[what, "--format", "json"]);
        let file = folder.write("saved.json", &json);
        let report: Value = serde_json::from_str(&json).unwrap();
        let check = &report["checks"][0];
        // Nobody watched, so nothing opened.
        assert_eq!(check.get("incident"), None, "{name}");
        assert_eq!(check["verdict"], row.verdict.as_str(), "{name}");
        assert_eq!(
            code,
            match row.verdict.as_str() {
                "holds" => 0,
                "broken" => 1,
                _ => 3,
            },
            "{name}"
        );
        let (again, tale) = replayed(&file, &[]);
        assert_eq!(again, code, "{name}");
        assert!(tale.starts_with(&row.verdict.to_uppercase()), "{name}: {tale}");
        if let Some(cause) = &row.cause {
            let told = format!("cause {cause} (inferred)");
            assert!(flat(&tale).contains(&told), "{name}: {tale}");
            causes += 1;
        }
        for (check, tale) in report["checks"].as_array().unwrap().iter().zip(tale.split("\n\n-----")) {
            assert_whole(tale, check);
        }
        // What the replay prints as JSON is what was saved, so it can be replayed for ever.
        assert_eq!(replayed(&file, &["--format", "json"]).1, json, "{name}");
        let (_, live) = explained(&plan, "prod-app", &[what]);
        assert_eq!(masked(&live), masked(&tale), "{name}: a look and a replay tell it differently");
        lab.order(&["heal"]);
    }
    assert!(causes >= 4, "only {causes} faults have a cause");
    for (vantage, what, verdict, says) in [
        ("prod-app", "gateway", "HOLDS", "leads to the private endpoint"),
        ("sandbox", CHAT, "HOLDS", "Witness connecting to status.contoso.example"),
        ("branch-lan", "chat-prod/contoso-chat.openai.azure.com", "HOLDS", "stopped (denied)"),
    ] {
        let (code, tale) = explained(&plan, vantage, &[what]);
        assert_eq!(code, 0);
        assert!(tale.starts_with(verdict) && flat(&tale).contains(says), "{tale}");
    }
    a_report_of_check_and_a_board_are_told_too(&lab, &folder);
    what_the_plan_does_not_know_is_answered(&plan);
}

fn a_report_of_check_and_a_board_are_told_too(lab: &LabProcess, folder: &Folder) {
    let (_, json, _) =
        outcome(fencepost().args(["check", "--format", "json", "--vantage", "prod-app", "--plan"]).arg(lab.plan()));
    let saved = folder.write("check.json", &json);
    let (code, tale) = replayed(&saved, &[]);
    assert_eq!((code, tale.matches("HOLDS: ").count()), (0, 7), "{tale}");
    let (_, one) = replayed(&saved, &["Contoso-AI.azure-api.net."]);
    assert!(one.starts_with("HOLDS: gateway/contoso-ai.azure-api.net, from prod-app\n"), "{one}");
    let (_, three) = replayed(&saved, &["foundry-prod"]);
    assert_eq!(three.matches("HOLDS: ").count(), 3, "{three}");
    let board = folder.write("board.json", lab.board("prod-app"));
    let (_, tale) = replayed(&board, &["gateway"]);
    assert!(tale.contains("gateway/contoso-ai.azure-api.net, from prod-app"), "{tale}");
    let fed = std::fs::File::open(&board).unwrap();
    let mut piped = fencepost();
    piped.args(["explain", "--replay", "-", "gateway"]).stdin(fed);
    assert_eq!(String::from_utf8(piped.output().unwrap().stdout).unwrap(), tale);
    // As wide as the terminal says, within what reads well.
    let widest = |columns: &str| {
        let mut command = fencepost();
        let (_, tale, _) =
            outcome(command.env("COLUMNS", columns).args(["explain", "--replay"]).arg(&saved).arg("gateway"));
        let first = tale.lines().find(|line| line.starts_with("Every resolver here")).unwrap().chars().count();
        (first, tale)
    };
    let [narrow, wide] = ["40", "500"].map(|columns| widest(columns).0);
    assert!((45..=60).contains(&narrow) && (100..=120).contains(&wide), "{narrow} {wide}");
    // A newer version may say more.
    let newer =
        json.replacen("\"plan\":", "\"news\": {\"a\": [1]}, \"plan\":", 1).replace("\"port\":", "\"x\": 1, \"port\":");
    let file = folder.write("newer.json", newer);
    assert_eq!(replayed(&file, &[]).1, replayed(&saved, &[]).1);
    // A word of a newer version costs nothing but its explanation.
    let mut newer: Value = serde_json::from_str(&json).unwrap();
    let check = &mut newer["checks"][0];
    check["findings"] = serde_json::json!([{
        "code": "moon-phase", "severity": "dire", "side": "sky", "cause": "full-moon", "confidence": "sworn",
        "summary": "The moon is full.", "evidence": ["the moon was seen"], "try": "Wait a week.",
    }]);
    check["verdict"] = "eclipsed".into();
    newer["checks"][1]["verdict"] = Value::Null;
    let file = folder.write("words.json", newer.to_string());
    let (code, tale) = replayed(&file, &[]);
    assert_eq!(code, 3, "{tale}");
    let said = [
        "A NEWER VERDICT: ",
        "`eclipsed`",
        "moon-phase (dire, side: sky)",
        "The moon is full.",
        "Wait a week.",
        "sworn: full-moon.",
        "NO VERDICT: ",
        "The report has no verdict.",
    ];
    for said in said {
        assert!(tale.contains(said), "{said} is missing in {tale}");
    }
    let again: Value = serde_json::from_str(&replayed(&file, &["--format", "json"]).1).unwrap();
    assert_eq!(again["checks"][0]["findings"], newer["checks"][0]["findings"]);
    // An older one said less.
    let mut older: Value = serde_json::from_str(&json).unwrap();
    for check in older["checks"].as_array_mut().unwrap() {
        for key in ["asked", "reached", "witnessed_by"] {
            check.as_object_mut().unwrap().remove(key);
        }
    }
    let file = folder.write("older.json", older.to_string());
    assert!(replayed(&file, &["gateway"]).1.contains("HTTP 401"));
}

fn what_the_plan_does_not_know_is_answered(plan: &Path) {
    for (words, says) in [
        (vec!["gatewy"], "did you mean `gateway`?"),
        (vec!["contoso-chat.openai.azure.co"], "did you mean `contoso-chat.openai.azure.com`?"),
        (vec!["zzz"], "it has chat-prod, foundry-prod"),
        (vec!["10.20.3.5"], "is an address, and checks are of names"),
        (vec!["contoso-chat.privatelink.openai.azure.com"], "ask for contoso-chat.openai.azure.com instead"),
        (vec!["gateway", "--port", "444"], "--port is for names that no plan speaks of"),
        (vec!["gateway", "--resolver", "127.0.0.1"], "--resolver is for names that no plan speaks of"),
    ] {
        let mut command = fencepost();
        let (code, _, err) =
            outcome(command.args(["explain", "--vantage", "prod-app", "--plan"]).arg(plan).args(&words));
        assert_eq!(code, 2, "{words:?}: {err}");
        assert!(err.contains(says), "{words:?}: {err}");
    }
}

/// Times and certificates differ from run to run.
fn masked(text: &str) -> String {
    let is_time = |word: &str| word.contains(':') && word.chars().all(|c| c.is_ascii_digit() || c == ':' || c == '.');
    let is_day = |word: &str| word.len() == 10 && word.chars().all(|c| c.is_ascii_digit() || c == '-');
    let mut words: Vec<&str> = Vec::new();
    let mut all = text.split_whitespace().peekable();
    while let Some(word) = all.next() {
        let unit =
            all.peek().is_some_and(|next| matches!(next.trim_end_matches([',', ';', ')', ':', '.']), "ms" | "s"));
        let is_number = word.chars().all(|c| c.is_ascii_digit() || c == '.');
        match word {
            // What breaks a long command, and what stands before a time too short to say.
            "under" | "\\" => {}
            _ if is_time(word) || is_day(word) => words.push("WHEN"),
            _ if is_number && unit => words.push("N"),
            _ => words.push(word),
        }
    }
    words.join(" ")
}

#[test]
fn a_name_is_explained_without_a_plan() {
    let place = Place::new();
    let resolver = format!("127.0.0.1:{}", place.dns.port);
    let port = place.tls.port.to_string();
    let trust = place.folder.path().join("ca.pem").display().to_string();
    let explain = |host: &str, more: &[&str]| {
        let mut command = fencepost();
        command.args(["explain", host, "--resolver", &resolver, "--port", &port, "--trust", &trust]).args(more);
        outcome(&mut command)
    };
    let (code, out, err) = explain("contoso.openai.azure.com", &["--expect", "127.0.0.2"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("HOLDS: azure-openai/contoso.openai.azure.com, from here\n"), "{out}");
    assert!(out.contains(&format!("resolver-1 ({resolver}")) && out.contains("127.0.0.2 (expected), port"), "{out}");
    assert!(!out.contains("No plan names") && out.contains("expected on the command line"), "{out}");
    let (code, out, _) = explain("https://contoso.openai.azure.com/openai/models", &[]);
    assert_eq!(code, 1, "{out}");
    assert!(flat(&out).contains("No plan names the expected address, so any private one passes."), "{out}");
    assert!(out.contains("special-answer") && out.contains("127.0.0.2 (special)"), "{out}");
    let (code, out, _) = explain("missing.openai.azure.com", &[]);
    assert_eq!(code, 1);
    assert!(
        out.contains("record-missing (critical") && out.contains("--zone-name privatelink.openai.azure.com"),
        "{out}"
    );
    let (code, out, _) = explain("contoso.services.example", &[]);
    assert_eq!(code, 1);
    assert!(out.starts_with("BROKEN: https/contoso.services.example"), "{out}");
    let (code, json, _) = explain("missing.openai.azure.com", &["--format", "json"]);
    let file = place.folder.write("saved.json", &json);
    let (again, tale) = replayed(&file, &["missing.openai.azure.com"]);
    assert_eq!((code, again), (1, 1));
    assert!(flat(&tale).contains("No plan names the expected address"), "{tale}");
}

#[test]
fn what_cannot_be_explained_says_why() {
    let folder = Folder::new();
    let nowhere = format!("127.0.0.1:{}", free_port());
    let cut = folder.write("cut.json", "{\"plan\": \"a\",\n \"plan_hash\": 7");
    let other = folder.write("other.json", "{\"plan\": \"a\"}");
    let empty = folder.write(
        "empty.json",
        r#"{"plan":"a","plan_hash":"","vantage":"b","at":"2026-11-22T15:00:00Z","checks":[],"summary":{"holds":0,"broken":0,"unknown":0}}"#,
    );
    let number = folder.write("number.json", "{\"plan\": \"a\",\n \"plan_hash\": 7}");
    let inner = folder
        .write("inner.json", r#"{"plan":"a","plan_hash":"","vantage":"b","at":"2026-11-22T15:00:00Z","checks":[7]}"#);
    let nothing = folder.write("nothing.json", "\n");
    let list = folder.write("list.json", "[]");
    let image = folder.path().join("image.json");
    std::fs::write(&image, [0xff, 0xd8, 0xff]).unwrap();
    let [number, inner, nothing, list, image] =
        [&number, &inner, &nothing, &list, &image].map(|file| file.to_str().unwrap());
    let (cut, other, empty) = (cut.to_str().unwrap(), other.to_str().unwrap(), empty.to_str().unwrap());
    for (words, says) in [
        (vec!["a.privatelink.openai.azure.com"], "ask for a.openai.azure.com instead"),
        (vec!["a.privatelink.vaultcore.azure.net"], "ask for a.vault.azure.net instead"),
        (vec!["privatelink.azure-api.net"], "ask for NAME.azure-api.net instead"),
        (vec!["10.0.0.1"], "is an address, not a host name"),
        (vec!["a b"], "write a host name"),
        (vec!["contoso"], "write one, such as contoso.openai.azure.com"),
        (vec!["a.openai.azure.com", "--resolver", "hub", "--expect", "127.0.0.2"], "`hub`"),
        (vec!["a.openai.azure.com", "--resolver", &nowhere, "--expect", "hub"], "`hub`"),
        (vec!["a.openai.azure.com", "--resolver", &nowhere, "--trust", "/nonexistent.pem"], "/nonexistent.pem"),
        (vec![], "HOST|TARGET"),
        (vec!["--replay", "/nonexistent.json"], "/nonexistent.json: No such file"),
        (vec!["--replay", cut], "cut.json: the file ends early (cut off?); a report is what `fencepost explain"),
        (vec!["--replay", other], "missing field `plan_hash`"),
        (vec!["--replay", empty], "holds no check"),
        (vec!["--replay", number], "number.json:2:15: invalid type: integer `7`, expected a string; a report is what"),
        (vec!["--replay", inner], "expected an object; a report is what"),
        (vec!["--replay", nothing], "nothing.json: the file is empty; a report is what"),
        (vec!["--replay", list], "list.json: the file is JSON, but holds no report; a report is what"),
        (vec!["--replay", image], "image.json: the file is no text in UTF-8; a report is what"),
        (vec!["--replay", other, "--plan", "p.yaml"], "--plan says nothing to --replay"),
        (vec!["--replay", other, "--vantage", "a"], "--vantage says nothing to --replay"),
        (vec!["--replay", other, "--trust", "a"], "--trust says nothing to --replay"),
        (vec!["a.openai.azure.com", "--vantage", "a"], "--vantage is a place in a plan"),
        (
            vec!["a.openai.azure.com", "--resolver", &nowhere, "--trust", "/nonexistent.pem"],
            "--trust: /nonexistent.pem",
        ),
        (vec!["openai.azure.com"], "such as NAME.openai.azure.com"),
        (vec!["api.openai.com"], "has no private side"),
        (vec!["westeurope.api.cognitive.microsoft.com"], "give the account a custom subdomain"),
        (vec!["https://"], "`https://` holds no host name"),
        (vec!["https://user:secret@a.openai.azure.com"], "holds a user name or a password"),
        (vec!["[::1]:443"], "`::1` is an address, not a host name"),
    ] {
        let (code, out, err) = outcome(fencepost().arg("explain").args(&words));
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}: {err}");
        assert!(err.contains(says), "{words:?}: {err}");
        assert!(!err.contains("secret") && !err.contains("struct"), "{words:?}: {err}");
    }
    // A variable of the environment is no word of this command.
    for words in [vec!["--replay", empty], vec!["10.0.0.1", "--resolver", &nowhere]] {
        let mut command = fencepost();
        command.env("FENCEPOST_PLAN", "/nonexistent.yaml").env("FENCEPOST_VANTAGE", "a").arg("explain").args(&words);
        let (_, _, err) = outcome(&mut command);
        assert!(err.contains("holds no check") || err.contains("is an address"), "{words:?}: {err}");
    }
}

/// A document around one tale: what stands before it, the tale, and what stands behind it. The tale is the first block
/// of text behind a heading.
fn around<'t>(text: &'t str, heading: &str) -> [&'t str; 3] {
    let start = text.find(heading).unwrap_or_else(|| panic!("no heading {heading}"));
    let start = start + text[start..].find("```text\n").unwrap() + "```text\n".len();
    let end = start + text[start..].find("```").unwrap();
    [&text[..start], &text[start..end], &text[end..]]
}

/// What `check` prints of one check below its table.
fn checked(lab: &LabProcess, check: &str) -> String {
    let plan = lab.plan();
    let (_, out, _) = outcome(fencepost().args(["check", "--vantage", "prod-app", "--plan"]).arg(plan));
    let start = out.find(&format!("{check} — ")).unwrap_or_else(|| panic!("no {check} in {out}"));
    let block = out[start..].split("\n\n").next().unwrap_or_default();
    format!("{}\n", block.trim_end())
}

#[test]
fn the_documents_show_what_is_printed() {
    let lab = LabProcess::start();
    let mut documents = ["docs/explain.md", "README.md"].map(|file| (file, text_of(file)));
    let mut differ = false;
    for (fault, what, places) in [
        ("zone-not-linked", "gateway", vec![(0, "### zone-not-linked\n"), (1, "## Ask why\n")]),
        ("redirect-on", "chat-prod", vec![(0, "### redirect-on\n")]),
        ("forwarder-bypasses-azure", "chat-prod", vec![(0, "### forwarder-bypasses-azure\n")]),
    ] {
        lab.order(&["break", fault]);
        let (code, tale) = explained(&lab.plan(), "prod-app", &[what]);
        let short = (fault == "zone-not-linked").then(|| checked(&lab, "gateway/contoso-ai.azure-api.net"));
        lab.order(&["heal"]);
        assert_eq!(code, 1);
        let told = places.into_iter().map(|(place, heading)| (place, heading, tale.clone()));
        let short = short.map(|short| (1, "below its table:\n", short));
        for (place, heading, text) in told.chain(short) {
            let tale = lab.with_usual_ports(&text);
            let [before, shown, behind] = around(&documents[place].1, heading);
            if masked(shown) != masked(&tale) {
                differ = true;
                documents[place].1 = format!("{before}{tale}{behind}");
            }
        }
    }
    let fresh = repo("target/explain");
    std::fs::create_dir_all(&fresh).unwrap();
    for (file, text) in &documents {
        std::fs::write(fresh.join(file.rsplit('/').next().unwrap()), text).unwrap();
    }
    assert!(
        !differ,
        "the tales in the documents are not what is printed; run: cp target/explain/explain.md docs/ && cp target/explain/README.md ."
    );
}
