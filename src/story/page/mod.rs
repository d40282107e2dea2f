//! The page of a finding, and the index of all: one text for the terminal and for `docs/findings`.

mod example;
mod names;
mod paths;
mod rest;

use super::tale::wrapped;
use crate::judge::{Cause, Code, Confidence};
use std::fmt::Write as _;

/// What is known of a finding beside its code, severity and sentence.
pub struct About {
    pub code: Code,
    /// What it does to the verdict.
    pub effect: &'static str,
    /// What usually brings it about, and how to tell.
    pub about: &'static str,
    /// The causes it may carry.
    pub causes: &'static [Cause],
    pub related: &'static [Code],
    /// What it rests on.
    pub sources: &'static [&'static str],
}

/// As long as lines of documents are.
const WIDTH: usize = 120;

/// What is known of a finding. A test holds that there is a piece for every code.
pub fn about(code: Code) -> Option<&'static About> {
    [names::NAMES, paths::PATHS, rest::REST].into_iter().flatten().find(|about| about.code == code)
}

/// How sure a cause is at best.
pub const fn surest(cause: Cause) -> Confidence {
    match cause {
        Cause::HostsFile | Cause::PublicAccessOn | Cause::PathOpen => Confidence::Certain,
        Cause::ZoneNotLinked
        | Cause::RecordMissingWithRedirect
        | Cause::ForwarderBypassesAzure
        | Cause::PrivatelinkOnlyForwarder
        | Cause::NoPrivateEndpoint
        | Cause::PublicRecordInZone => Confidence::Inferred,
        Cause::Undetermined => Confidence::Undetermined,
    }
}

/// The page of one finding, in Markdown.
pub fn page(code: Code) -> String {
    let mut page = Page(format!("# {}\n", code.word()));
    page.say(code.summary());
    let (severity, side) = (code.severity().word(), code.side().word());
    page.say(&format!("Severity: {severity}. Side: {side}."));
    let Some(about) = about(code) else { return page.0 };
    page.heading("What it does to the verdict");
    page.say(about.effect);
    page.heading("What brings it about");
    page.say(about.about);
    page.heading("Evidence");
    page.say(evidence(code));
    if about.causes.is_empty() {
        page.heading("Try first");
        page.say(code.first_try());
        page.commands(code, &example::commands(code, None));
    } else {
        page.heading("Causes");
        for cause in about.causes {
            page.cause(code, *cause);
        }
    }
    page.end(about);
    page.0
}

/// The index of all findings, in Markdown.
pub fn index() -> String {
    let mut page = Page("# Findings\n".to_owned());
    page.say(
        "A finding is one reason for a verdict. Its code never changes: it is the same in metrics, in JSON, in alerts and \
         here. `fencepost findings CODE` prints the same pages.",
    );
    page.0.push_str("\n| finding | severity | side | meaning |\n|---|---|---|---|\n");
    for code in Code::ALL {
        let (word, severity, side) = (code.word(), code.severity().word(), code.side().word());
        let _ = writeln!(page.0, "| [{word}]({word}.md) | {severity} | {side} | {} |", code.summary());
    }
    page.0
}

/// What stands in the evidence of a finding.
const fn evidence(code: Code) -> &'static str {
    match code {
        Code::PublicAnswer
        | Code::MixedAnswer
        | Code::PublicIpv6Answer
        | Code::UnexpectedPrivateAddress
        | Code::SpecialAnswer
        | Code::ResolversDisagree => {
            "What each resolver answered: addresses with their class, the aliases on the way, and what an alias says of the \
             public side."
        }
        Code::NxdomainRewritten | Code::ZoneShadowed | Code::RecordMissing | Code::NameMissing => {
            "What each resolver answered, the zone and primary server of a negative answer, and the follow-up question that \
             told."
        }
        Code::NoPrivateEndpoint => {
            "The resolver with the public view, and the alias that leads past the privatelink zone."
        }
        Code::ResolverSilent | Code::ResolverRefused | Code::ResolverFailing | Code::ResolverGarbled => {
            "Which resolver, for which family, and how the question ended."
        }
        Code::PublicResolverConfigured => "The addresses in resolv.conf that lie on the internet.",
        Code::HostsOverride | Code::SearchSuffixAnswer | Code::OsLookupFailing => {
            "What getaddrinfo gives, and where that was found: the hosts file, or a longer name at a resolver."
        }
        Code::ConnectTimeout | Code::ConnectRefused | Code::ConnectReset | Code::NoRoute => {
            "The address with its class, and how the connection attempt ended."
        }
        Code::TlsTimeout | Code::TlsReset | Code::TlsFailed => "The address, and how the handshake ended.",
        Code::TlsUntrusted | Code::TlsWrongName | Code::TlsExpired | Code::TlsExpiring => {
            "The certificate: subject, issuer, end, and what is wrong with it."
        }
        Code::HttpTimeout => "The address, and that the request got no answer in time.",
        Code::NotTheService
        | Code::AnswerAmbiguous
        | Code::ServiceFailing
        | Code::DeniedAsPublic
        | Code::WrongEndpoint
        | Code::AnonymousAccepted
        | Code::Throttled => "The address, the status and the beginning of the body.",
        Code::ProxyGoesPublic | Code::ProxyFailing => "The proxy, how it answered CONNECT, and what came through it.",
        Code::PublicSideOpen | Code::BlockOpen | Code::BlockedByNameOnly => {
            "The address that let the request in, and its answer."
        }
        Code::PublicSideClosed => "Each public address that was tried, and how it refused or stopped the request.",
        Code::PublicSideUnseen => "None: there was nothing to try.",
        Code::BlockByOtherLayer => {
            "The layer at which it was stopped, the layers that the rule names, and what was seen there."
        }
        Code::WitnessFailing => "What was tried as a witness, and what came of it.",
        Code::AgentOverloaded | Code::AgentOffline => "The question or connection that could not be made, and why.",
        Code::ExceptionExpiring | Code::ExceptionExpired | Code::ExceptionUnused => "The exception and its last day.",
        Code::PlanStale => "The first fault of the newest plan, or why it could not be had.",
    }
}

struct Page(String);

impl Page {
    fn heading(&mut self, text: &str) {
        let _ = write!(self.0, "\n## {text}\n");
    }

    fn say(&mut self, text: &str) {
        let _ = write!(self.0, "\n{}\n", wrapped(text, WIDTH).join("\n"));
    }

    fn cause(&mut self, code: Code, cause: Cause) {
        let _ = write!(self.0, "\n### {}\n", cause.word());
        let side = cause.side().map(|side| format!(" Side: {}.", side.word())).unwrap_or_default();
        let how = match surest(cause) {
            Confidence::Certain => "Certain, because it is read off directly: ",
            Confidence::Inferred => "Inferred: ",
            Confidence::Undetermined => "Undetermined: ",
        };
        self.say(&format!("{how}{}.{side}", cause.summary()));
        self.say(&format!("Try first: {}", cause.first_try()));
        self.commands(code, &example::commands(code, Some(cause)));
    }

    fn commands(&mut self, code: Code, commands: &[String]) {
        if !commands.is_empty() {
            let place = if example::is_of_it(commands) {
                format!(", here for {}", example::place(code))
            } else {
                String::new()
            };
            self.say(&format!("To confirm it{place}:"));
            let _ = write!(self.0, "\n```sh\n{}\n```\n", commands.join("\n"));
        }
    }

    /// What else to read.
    fn end(&mut self, about: &About) {
        if !about.related.is_empty() {
            self.heading("See also");
            let links: Vec<String> = about.related.iter().map(|code| format!("[{0}]({0}.md)", code.word())).collect();
            self.say(&format!("{}.", links.join(", ")));
        }
        if !about.sources.is_empty() {
            self.heading("Sources");
            self.0.push('\n');
            for source in about.sources {
                let _ = writeln!(self.0, "* {source}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_piece_and_only_one() {
        let all: Vec<Code> =
            [names::NAMES, paths::PATHS, rest::REST].into_iter().flatten().map(|about| about.code).collect();
        for code in Code::ALL {
            assert_eq!(all.iter().filter(|other| *other == code).count(), 1, "{}", code.word());
        }
        assert_eq!(all.len(), Code::ALL.len());
    }

    #[test]
    fn pieces_are_sentences_and_point_elsewhere() {
        for about in [names::NAMES, paths::PATHS, rest::REST].into_iter().flatten() {
            for text in [about.effect, about.about] {
                assert!(text.ends_with('.') && !text.contains('\n'), "{}: {text}", about.code.word());
            }
            assert!(!about.related.contains(&about.code), "{}", about.code.word());
        }
    }

    #[test]
    fn every_cause_stands_on_a_page() {
        for cause in Cause::ALL {
            let pages = [names::NAMES, rest::REST].into_iter().flatten();
            assert!(pages.into_iter().any(|about| about.causes.contains(cause)), "{}", cause.word());
        }
    }
}
