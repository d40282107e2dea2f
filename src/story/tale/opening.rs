//! How a tale begins: what the check came to, and what that means for whoever calls the service from here.

use super::lines::{Lines, Tone, listed, took};
use crate::facts::Why;
use crate::judge::{Code, Confidence, Ending, PublicFallback, Verdict};
use crate::plan::AddressClass;
use crate::story::{Expectation, Past, Record, Word};

pub fn tell(record: &Record<'_>, lines: &mut Lines) {
    let (verdict, tone) = match record.verdict {
        Some(Verdict::Holds) => ("HOLDS", Tone::Good),
        Some(Verdict::Broken) => ("BROKEN", Tone::Bad),
        Some(Verdict::Unknown) => ("UNKNOWN", Tone::Doubtful),
        None if record.newer_verdict.is_some() => ("A NEWER VERDICT", Tone::Doubtful),
        None if record.facts.is_some() => ("NO VERDICT", Tone::Doubtful),
        None => ("NOT LOOKED AT YET", Tone::Doubtful),
    };
    lines.toned(tone, 0, &format!("{verdict}: {}, from {}", record.check, record.vantage));
    let fallback = record.fallback.map(|state| format!(", public fallback {}", state.word())).unwrap_or_default();
    lines.beside(0, "claim", 9, &format!("{}{fallback}", claim(record)));
    let exception = record.exception.map(|name| format!(", suspended by the exception {name}")).unwrap_or_default();
    lines.beside(0, "rule", 9, &format!("{}{exception}", record.rule));
    lines.beside(0, "when", 9, &when(record));
    if let Some(past) = record.incident.filter(|past| past.broken_looks > 1) {
        lines.beside(0, "incident", 9, &incident(&past));
    }
    lines.blank();
    if let Some(meaning) = meaning(record) {
        lines.say(0, &meaning);
    }
    reasons(record, lines);
}

fn claim(record: &Record<'_>) -> String {
    let by = record.brief.map(|brief| brief.by.as_slice()).unwrap_or_default();
    let layers: Vec<&str> = by.iter().map(|layer| layer.word()).collect();
    if layers.is_empty() { record.claim.to_owned() } else { format!("{} by {}", record.claim, layers.join(", ")) }
}

fn stamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// One look may be bad; what lasts, and what comes and goes, is told by the incident.
fn incident(past: &Past) -> String {
    let flaps = match past.flaps {
        0 => String::new(),
        1 => ", was over once and came back".to_owned(),
        many => format!(", was over {many} times and came back"),
    };
    let (opened, seen) = (stamp(past.opened), stamp(past.last_seen));
    let peak = past.peak.word();
    format!("open since {opened}, last broken {seen}, {} looks; worst public fallback {peak}{flaps}", past.broken_looks)
}

fn when(record: &Record<'_>) -> String {
    let Some(facts) = record.facts else { return stamp(record.at) };
    let mut text = format!("looked at {}, in {}", stamp(facts.at), took(facts.took));
    // A single look stands since itself, which says nothing.
    if let Some(since) = record.since.filter(|since| facts.at.duration_since(*since).as_secs() >= 1) {
        text.push_str(&format!("; so since {}", stamp(since)));
    }
    text
}

/// The cause and the first thing to try, of the finding that decides.
fn reasons(record: &Record<'_>, lines: &mut Lines) {
    if record.brief.is_some_and(|brief| brief.expectation == Expectation::AnyPrivate) {
        lines.say(0, "No plan names the expected address, so any private one passes.");
    }
    let Some(first) = record.findings.first() else { return };
    lines.blank();
    if let Some(cause) = &first.cause {
        let who = public_answerers(record);
        let at = if who.all || who.names.is_empty() { String::new() } else { format!(", at {}", listed(&who.names)) };
        let text = match &first.confidence {
            Some(Word::Known(Confidence::Certain)) => format!("certain{at}: {}.", cause.summary()),
            Some(Word::Known(Confidence::Inferred)) | None => format!("inferred{at}: {}.", cause.summary()),
            Some(Word::Newer(word)) => format!("{word}{at}: {}.", cause.summary()),
            Some(Word::Known(Confidence::Undetermined)) => {
                "undetermined: what was seen fits more than one cause.".to_owned()
            }
        };
        lines.beside(0, "cause", 9, &text);
    } else {
        // That a proxy carried the request is not yet what is wrong with it.
        let seen = first.evidence.first().filter(|_| first.code != Code::ProxyGoesPublic);
        let seen = seen.map_or(first.sentence(), String::as_str);
        let word = if record.verdict == Some(Verdict::Holds) { "note" } else { "why" };
        lines.beside(0, word, 9, &format!("{} ({})", seen.trim_end_matches('.'), first.code.word()));
    }
    lines.beside(0, "try", 9, &first.first_try);
}

/// One or two sentences on what it means here.
fn meaning(record: &Record<'_>) -> Option<String> {
    let Some(verdict) = record.verdict else { return no_verdict(record) };
    match record.claim {
        "private" => Some(private(record, verdict)),
        "blocked" => Some(blocked(record, verdict)),
        "public" => Some(public(record, verdict)),
        // A claim of a newer version.
        _ => record.findings.first().map(|first| first.sentence().to_owned()),
    }
}

fn no_verdict(record: &Record<'_>) -> Option<String> {
    match (record.newer_verdict, record.facts) {
        (Some(word), _) => Some(format!("The report's verdict is `{word}`, a word that only a newer version knows.")),
        (None, Some(_)) => Some("The report has no verdict.".to_owned()),
        (None, None) => None,
    }
}

fn private(record: &Record<'_>, verdict: Verdict) -> String {
    let host = record.endpoint;
    match verdict {
        Verdict::Holds => {
            let any = record.brief.is_some_and(|brief| brief.expectation == Expectation::AnyPrivate);
            let what = if any { "a private address for" } else { "the private endpoint of" };
            let leads = format!("Every resolver here leads to {what} {host}");
            match record.fallback {
                Some(PublicFallback::Latent) => format!(
                    "{leads}, but its public side would let requests in: one DNS fault, and traffic leaves over the \
                     internet."
                ),
                Some(
                    PublicFallback::None | PublicFallback::Answered | PublicFallback::Usable | PublicFallback::Unknown,
                )
                | None => format!("{leads}, and it answers as the service."),
            }
        }
        Verdict::Broken => broken_private(record, host),
        Verdict::Unknown => {
            format!("It could not be told whether {host} is private from here, which is neither good nor bad news.")
        }
    }
}

fn blocked(record: &Record<'_>, verdict: Verdict) -> String {
    let host = record.endpoint;
    match verdict {
        Verdict::Holds => {
            format!("Nobody here reaches {host}: every address that the name leads to is stopped where it should be.")
        }
        Verdict::Broken if open(record, None) => {
            let sides =
                [(AddressClass::Expected, "at its private endpoint"), (AddressClass::Public, "by its public side")];
            let open_sides: Vec<&str> =
                sides.into_iter().filter(|(class, _)| open(record, Some(*class))).map(|(_, side)| side).collect();
            let side = listed(&open_sides);
            let space = if side.is_empty() { "" } else { " " };
            format!("{host} can be reached from here{space}{side}, and should not be.")
        }
        Verdict::Broken => format!("{host} is not reached from here, but not for the reason it should be."),
        Verdict::Unknown => {
            format!("It could not be told whether {host} is blocked from here. It is not counted as a block.")
        }
    }
}

fn public(record: &Record<'_>, verdict: Verdict) -> String {
    let host = record.endpoint;
    match verdict {
        Verdict::Holds => format!("The public side of {host} lets requests in from here, as the plan says."),
        Verdict::Broken => format!("The public side of {host} should let requests in from here, and does not."),
        Verdict::Unknown => {
            format!("It could not be told whether the public side of {host} lets requests in from here.")
        }
    }
}

fn broken_private(record: &Record<'_>, host: &str) -> String {
    if record.findings.first().is_some_and(|first| first.code == Code::ProxyGoesPublic) {
        return format!(
            "Applications here that use the proxy reach {host} by its public side, and it does not let them in. Calls \
             that go direct are private."
        );
    }
    let private_side_works = open(record, Some(AddressClass::Expected));
    let only_names =
        if private_side_works { " The private endpoint itself answers; only the name leads past it." } else { "" };
    let who = public_answerers(record);
    let some = if who.all { "Applications here get" } else { "Some applications here get" };
    let by = if who.all || who.names.is_empty() { String::new() } else { format!(" from {}", listed(&who.names)) };
    match record.fallback {
        Some(PublicFallback::Usable) => format!(
            "{some} a public address for {host}{by}, and the public side lets them in: data can leave over the \
             internet now.{only_names}"
        ),
        Some(PublicFallback::Answered) => format!(
            "{some} a public address for {host}{by}, and the public side does not let them in: an outage now, a leak \
             as soon as public access is opened.{only_names}"
        ),
        Some(PublicFallback::None | PublicFallback::Latent | PublicFallback::Unknown) | None => {
            let beside = if private_side_works && !is_answered(record) {
                " The private endpoint itself answers; the name does not lead to it."
            } else {
                ""
            };
            format!("Calls to {host} from here fail, or may fail. No resolver gives a public address.{beside}")
        }
    }
}

/// Whether any answer holds an expected address.
fn is_answered(record: &Record<'_>) -> bool {
    let paths = record.facts.map(|facts| facts.paths.as_slice()).unwrap_or_default();
    let expected =
        |address| record.reached.iter().any(|way| way.address == Some(address) && way.class == AddressClass::Expected);
    paths.iter().any(|path| expected(path.address) && path.why.contains(&Why::Answered))
}

struct Answerers {
    names: Vec<String>,
    /// Whether all that answered did so.
    all: bool,
}

/// Who gives a public address.
fn public_answerers(record: &Record<'_>) -> Answerers {
    let (Some(facts), Some(brief)) = (record.facts, record.brief) else {
        return Answerers { names: Vec::new(), all: true };
    };
    let is_public = |address| brief.networks.class(address, &brief.expected) == AddressClass::Public;
    let mut names = Vec::new();
    let mut all = true;
    for resolver in facts.names.resolvers.iter().filter(|resolver| resolver.view.is_private()) {
        if resolver.addresses().any(is_public) {
            names.push(resolver.resolver.to_string());
        }
        all &= resolver.addresses().next().is_some() && resolver.addresses().all(is_public);
    }
    Answerers { names, all }
}

/// Whether a way is open: any, or one of a class.
fn open(record: &Record<'_>, class: Option<AddressClass>) -> bool {
    record.reached.iter().any(|way| way.end == Ending::Open && class.is_none_or(|class| way.class == class))
}
