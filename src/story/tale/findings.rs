//! The findings in order: what, why, what speaks for it, what to do, and how to be sure.

use super::Scene;
use super::lines::{Lines, Tone, listed};
use super::names::question;
use crate::facts::{ConnectOutcome, TlsOutcome};
use crate::judge::{Confidence, Evidence, Severity};
use crate::plan::AddressClass;
use crate::story::{Told, Word, evidence};
use std::sync::Arc;

const COLUMN: usize = 9;

pub fn tell(scene: &Scene<'_>, lines: &mut Lines) {
    if scene.record.findings.is_empty() {
        return;
    }
    lines.heading("Findings");
    let above = told_above(scene);
    for (place, finding) in scene.record.findings.iter().enumerate() {
        tell_one(finding, place == 0, &above, lines);
    }
}

/// The cause of the first one stands at the beginning of the tale already.
fn tell_one(finding: &Told, is_first: bool, above: &[Above], lines: &mut Lines) {
    let tone = match finding.severity.known() {
        Some(Severity::Critical) => Tone::Bad,
        Some(Severity::Warning) => Tone::Doubtful,
        Some(Severity::Info) | None => Tone::Plain,
    };
    let (code, severity, side) = (finding.code.word(), finding.severity.word(), finding.side.word());
    lines.toned(tone, 2, &format!("{code} ({severity}, side: {side})"));
    lines.say(4, finding.sentence());
    if let Some(cause) = &finding.cause {
        let how = match &finding.confidence {
            Some(Word::Known(Confidence::Undetermined)) => "what was seen fits more than one".to_owned(),
            Some(sure) if is_first => format!("{} ({})", cause.word(), sure.word()),
            Some(sure) => format!("{} ({}): {}", cause.word(), sure.word(), cause.summary()),
            None => format!("{}: {}", cause.word(), cause.summary()),
        };
        lines.beside(4, "cause", COLUMN, &how);
    }
    tell_seen("for", &finding.supports, above, lines);
    tell_seen("against", &finding.against, above, lines);
    let fresh: Vec<String> = finding.evidence.iter().filter(|seen| !finding.supports.contains(seen)).cloned().collect();
    tell_seen("seen", &fresh, above, lines);
    lines.beside(4, "try", COLUMN, &finding.first_try);
    let mut word = "confirm";
    for command in &finding.confirm {
        lines.command(4, std::mem::take(&mut word), COLUMN, command);
    }
}

/// What the sections above have told in full is only pointed to.
fn tell_seen(word: &str, seen: &[String], above: &[Above], lines: &mut Lines) {
    let mut pointed: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut fresh: Vec<&str> = Vec::new();
    for sentence in seen {
        let Some(told) = above.iter().find(|told| told.sentence == *sentence) else {
            fresh.push(sentence);
            continue;
        };
        match pointed.iter_mut().find(|(what, _)| *what == told.what) {
            Some((_, who)) if who.contains(&told.who.as_str()) => {}
            Some((_, who)) => who.push(&told.who),
            None => pointed.push((&told.what, vec![&told.who])),
        }
    }
    let mut word = word;
    for (what, who) in pointed {
        // The clause that a name has behind it ends before the resolvers.
        let comma = if what.contains(',') { "," } else { "" };
        let at = if who == [""] { String::new() } else { format!("{comma} at {}", listed(&who)) };
        lines.beside(4, std::mem::take(&mut word), COLUMN, &format!("{what}{at} (above)"));
    }
    for sentence in fresh {
        lines.beside(4, std::mem::take(&mut word), COLUMN, sentence);
    }
}

/// A sentence of evidence that the sections above tell, and the words that point to it.
struct Above {
    sentence: String,
    what: String,
    /// The resolver, where there is one.
    who: String,
}

/// Every sentence of evidence that the sections above tell.
fn told_above(scene: &Scene<'_>) -> Vec<Above> {
    let mut above = Vec::new();
    let mut add =
        |seen: Evidence, what: String, who: String| above.push(Above { sentence: evidence(&seen), what, who });
    for resolver in &scene.facts.names.resolvers {
        for lookup in resolver.lookups() {
            let (name, family) = (resolver.resolver.clone(), lookup.family);
            let seen = match lookup.answer() {
                Some(answer) => {
                    let addresses = answer.addresses.iter().map(|address| (*address, scene.class(*address))).collect();
                    Evidence::Answered { resolver: name, addresses, answer: Arc::new(answer.clone()), family }
                }
                None => Evidence::NotAnswered { resolver: name, family, outcome: lookup.outcome.clone() },
            };
            add(seen, family.word().to_owned(), resolver.resolver.to_string());
        }
    }
    if let Some(os) = &scene.facts.names.os {
        add(Evidence::Os(os.outcome.clone()), "what getaddrinfo gives".to_owned(), String::new());
    }
    for inquired in scene.facts.follow_up.iter().flat_map(|follow_up| &follow_up.inquired) {
        let who = inquired.inquiry.resolver.to_string();
        add(Evidence::Inquired(Arc::clone(inquired)), question(inquired), who);
    }
    for path in &scene.facts.paths {
        let (address, class) = (path.address, scene.class(path.address));
        let mut add = |seen: Evidence| add(seen, address.to_string(), String::new());
        add(Evidence::Connected { address, class, outcome: path.connect.outcome.clone() });
        add(Evidence::Connected { address, class, outcome: ConnectOutcome::Connected });
        if let Some(tls) = &path.tls {
            add(Evidence::Handshake { address, class, outcome: tls.outcome.clone() });
            let troubles = match &tls.outcome {
                TlsOutcome::Untrusted(troubles) => troubles.clone(),
                TlsOutcome::Trusted
                | TlsOutcome::TimedOut
                | TlsOutcome::Reset
                | TlsOutcome::Closed
                | TlsOutcome::Alert(_)
                | TlsOutcome::Garbled(_) => Vec::new(),
            };
            let certificate = tls.certificate.clone();
            if let Some(certificate) = certificate {
                add(Evidence::Certificate { certificate, troubles });
            }
        }
        if let Some(http) = &path.http {
            add(Evidence::Http { address: Some(address), class, outcome: http.outcome.clone() });
        }
    }
    if let Some(proxy) = &scene.facts.proxy {
        let what = || "the way through the proxy".to_owned();
        let through = Evidence::Proxy { proxy: proxy.proxy.clone(), tunnel: proxy.tunnel.clone() };
        add(through, what(), String::new());
        if let Some(http) = &proxy.http {
            let (class, outcome) = (AddressClass::Public, http.outcome.clone());
            add(Evidence::Http { address: None, class, outcome }, what(), String::new());
        }
    }
    above
}
