//! One or two sentences on what a check came to: what it means for whoever calls the service from here.

use super::leads::{Lead, Leads};
use super::lines::listed;
use super::{has_public_side, is_open};
use crate::judge::{Code, Ending, PublicFallback, Reached, Verdict};
use crate::plan::{AddressClass, Layer};
use crate::story::{Expectation, Record};

pub fn meaning(record: &Record<'_>, leads: &Leads) -> Option<String> {
    let Some(verdict) = record.verdict else { return no_verdict(record) };
    match record.claim {
        "private" => Some(private(record, leads, verdict)),
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

fn private(record: &Record<'_>, leads: &Leads, verdict: Verdict) -> String {
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
        Verdict::Broken if has(record, &[Code::ProxyGoesPublic]) => format!(
            "Applications here that use the proxy reach {host} by its public side, and it does not let them in. Calls \
             that go direct are private."
        ),
        Verdict::Broken => match record.fallback {
            Some(state @ (PublicFallback::Usable | PublicFallback::Answered)) => leaking(record, leads, state),
            Some(PublicFallback::None | PublicFallback::Latent | PublicFallback::Unknown) | None => {
                failing(record, leads)
            }
        },
        Verdict::Unknown => untold(record, leads),
    }
}

/// Somebody here is led to the public side.
fn leaking(record: &Record<'_>, leads: &Leads, state: PublicFallback) -> String {
    let host = record.endpoint;
    let is_let_in = state == PublicFallback::Usable;
    // A public side that nobody tried, or that answered in riddles, may be open.
    let is_public = |way: &&Reached| way.class == AddressClass::Public && way.address.is_some();
    let mut public = record.reached.iter().filter(is_public).peekable();
    let is_shut = public.peek().is_some() && public.all(|way| way.end == Ending::Stopped);
    let who = leads.some(Lead::is_public);
    let applications = match &who {
        Some(who) => format!("Applications that ask {}", listed(who)),
        None => "Applications here".to_owned(),
    };
    let is_mixed = if leads.os.is_some_and(Lead::is_public) {
        leads.os == Some(Lead::Both)
    } else {
        !leads.at(|lead| lead == Lead::Both).is_empty()
    };
    if is_mixed {
        let calls = if is_let_in {
            "some calls leave by the public side, which lets them in: data can leave over the internet now"
        } else if !is_shut {
            "some calls go to the public side, which may let them in: what it answers could not be told"
        } else {
            "some calls go to the public side, which does not let them in; these fail now, and leak as soon as public \
             access is opened"
        };
        return format!("{applications} get both the private and a public address for {host}: {calls}.");
    }
    let calls = if is_let_in {
        "lets them in: data can leave over the internet now"
    } else if is_shut {
        "does not let them in: an outage now, a leak as soon as public access is opened"
    } else {
        "may let them in: what it answers could not be told"
    };
    let only_names = if is_open(record, Some(AddressClass::Expected)) {
        " The private endpoint itself answers; only the name leads past it."
    } else {
        ""
    };
    format!("{applications} get a public address for {host}, and the public side {calls}.{only_names}")
}

/// No public answer was seen, and the claim does not hold.
fn failing(record: &Record<'_>, leads: &Leads) -> String {
    let host = record.endpoint;
    let mut text = if has(record, &[Code::ProxyFailing]) {
        format!("Calls to {host} that go by the proxy fail. Calls that go direct are private.")
    } else {
        calls_fail(record, leads)
    };
    if !has_public_side(record) {
        return text;
    }
    if record.fallback != Some(PublicFallback::Unknown) {
        text.push_str(" No resolver gives a public address.");
    } else if leads.untold.is_empty() {
        text.push_str(" Whether any resolver gives a public address could not be told.");
    } else {
        text.push_str(&format!(
            " No public address was seen, but {} did not tell of every address.",
            listed(&leads.untold)
        ));
    }
    text
}

fn calls_fail(record: &Record<'_>, leads: &Leads) -> String {
    let host = record.endpoint;
    let is_bad = |lead| match lead {
        Lead::Elsewhere | Lead::Nowhere | Lead::Untold => true,
        Lead::Private | Lead::Partly | Lead::Public | Lead::Both => false,
    };
    let beside = if is_open(record, Some(AddressClass::Expected))
        && leads.at(|lead| matches!(lead, Lead::Private | Lead::Partly)).is_empty()
    {
        " The private endpoint itself answers; the name does not lead to it."
    } else {
        ""
    };
    let is_elsewhere = |lead| matches!(lead, Lead::Elsewhere | Lead::Partly);
    // An address that nobody expects may still answer as the service: then calls arrive, only not where they should.
    if is_open(record, Some(AddressClass::OtherPrivate))
        && (leads.all(is_elsewhere) || !leads.at(is_elsewhere).is_empty())
    {
        let who = leads
            .some(is_elsewhere)
            .map_or("Applications here".to_owned(), |who| format!("Applications that ask {}", listed(&who)));
        return format!("{who} get an address for {host} that the plan does not expect, and it answers.{beside}");
    }
    let expected: Vec<_> = record.reached.iter().filter(|way| way.class == AddressClass::Expected).collect();
    let is_stopped = !expected.is_empty() && expected.iter().all(|way| way.end == Ending::Stopped);
    if leads.os.is_some_and(is_bad) && !leads.at(|lead| !is_bad(lead)).is_empty() {
        return format!("Every call to {host} from here fails that asks getaddrinfo, as nearly all do.{beside}");
    }
    if leads.all(is_bad) {
        return format!("Every call to {host} from here fails.{beside}");
    }
    if is_stopped {
        // Who does not look at certificates gets through.
        let is_tls = expected.iter().all(|way| way.layer == Some(Layer::Tls))
            && has(record, &[Code::TlsUntrusted, Code::TlsWrongName, Code::TlsExpired]);
        let which = if is_tls { "Every call to" } else { "Every call from here to" };
        let checks = if is_tls { " from here that checks the certificate" } else { "" };
        return format!(
            "{which} {host}{checks} fails: the name leads to the private endpoint, but calls do not get through to the service."
        );
    }
    if let Some(who) = leads.some(is_bad) {
        return format!("Calls to {host} that ask {} fail.{beside}", listed(&who));
    }
    let direct = record.reached.iter().filter(|way| way.class != AddressClass::Public);
    let stopped = direct.filter(|way| way.end == Ending::Stopped).filter_map(|way| way.address);
    let stopped: Vec<String> = stopped.map(|address| address.to_string()).collect();
    if stopped.is_empty() {
        return format!("Calls to {host} from here may fail.{beside}");
    }
    format!("Calls to {host} that go to {} fail; the others arrive.", listed(&stopped))
}

fn untold(record: &Record<'_>, leads: &Leads) -> String {
    let host = record.endpoint;
    let is_of_resolvers = [Code::ResolverSilent, Code::ResolverRefused, Code::ResolverFailing, Code::ResolverGarbled];
    let is_of_machine = has(record, &[Code::AgentOffline, Code::AgentOverloaded]);
    let silent = leads.at(|lead| lead == Lead::Untold);
    let good = leads.at(|lead| lead == Lead::Private);
    let is_theirs =
        record.findings.iter().any(|finding| finding.code.known().is_some_and(|code| is_of_resolvers.contains(&code)));
    if is_of_machine || !is_theirs || leads.untold.is_empty() {
        return format!(
            "It could not be told whether {host} is private from here, which is neither good nor bad news."
        );
    }
    let mut sentences = Vec::new();
    let verb = |who: &[&str], one: &'static str, many: &'static str| if who.len() == 1 { one } else { many };
    if !good.is_empty() {
        let answers = if is_open(record, Some(AddressClass::Expected)) { ", and it answers" } else { "" };
        let lead = verb(&good, "leads", "lead");
        sentences.push(format!("{} {lead} to the private endpoint{answers}.", listed(&good)));
    }
    if !silent.is_empty() {
        let (say, ask) = (verb(&silent, "says", "say"), verb(&silent, "it", "them"));
        let who = listed(&silent);
        sentences.push(format!("{who} {say} nothing of {host}: applications that ask {ask} wait or fail."));
    }
    let partly: Vec<&str> = leads.untold.iter().map(String::as_str).filter(|name| !silent.contains(name)).collect();
    if !partly.is_empty() {
        let (leave, ask) = (verb(&partly, "leaves", "leave"), verb(&partly, "it", "them"));
        let who = listed(&partly);
        sentences.push(format!("{who} {leave} a question open: applications that ask {ask} may wait."));
    }
    sentences.join(" ")
}

/// Whether the finding that decides is one of these.
fn has(record: &Record<'_>, codes: &[Code]) -> bool {
    record.findings.first().is_some_and(|first| first.code.known().is_some_and(|code| codes.contains(&code)))
}

fn blocked(record: &Record<'_>, verdict: Verdict) -> String {
    let host = record.endpoint;
    match verdict {
        Verdict::Holds => {
            format!("Nobody here reaches {host}: every address that the name leads to is stopped where it should be.")
        }
        Verdict::Broken if is_open(record, None) => {
            let sides =
                [(AddressClass::Expected, "at its private endpoint"), (AddressClass::Public, "by its public side")];
            let open = sides.into_iter().filter(|(class, _)| has_public_side(record) && is_open(record, Some(*class)));
            let side = listed(&open.map(|(_, side)| side).collect::<Vec<_>>());
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
    let side = if has_public_side(record) { "The public side of " } else { "" };
    match verdict {
        Verdict::Holds => format!("{side}{host} lets requests in from here, as the plan says."),
        Verdict::Broken => format!("{side}{host} should let requests in from here, and does not."),
        Verdict::Unknown => {
            let side = side.to_lowercase();
            format!("It could not be told whether {side}{host} lets requests in from here.")
        }
    }
}
