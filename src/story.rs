//! One voice: findings and evidence told in plain words, the same in the table, in JSON, in logs and in alerts.
//!
//! It decides nothing; it only says what was decided and seen.

use crate::facts::{
    Answer, CertTrouble, Certificate, ConnectOutcome, HttpOutcome, LookupOutcome, OsOutcome, Rcode, TlsOutcome, Tunnel,
};
use crate::judge::{Cause, Evidence, Finding};
use crate::plan::{AddressClass, Layer};
use std::net::IpAddr;

/// A finding's headline: its summary, with the cause where one is known.
pub fn summary(finding: &Finding) -> String {
    let cause = match finding.cause {
        None => return finding.code.summary().to_owned(),
        Some(Cause::ForwarderBypassesAzure) => "probably a forwarder that bypasses Azure DNS (inferred)",
        Some(Cause::NoPrivateEndpoint) => {
            "the chain passes no privatelink alias: probably no private endpoint (inferred)"
        }
        Some(Cause::PublicRecordInZone) => "the privatelink name itself has the public address (inferred)",
        Some(Cause::Undetermined) => "the answers alone do not tell the cause",
    };
    format!("{} Cause: {cause}.", finding.code.summary())
}

/// One line for a log or a table: the code, and the first piece of evidence.
pub fn line(finding: &Finding) -> String {
    match finding.evidence.first() {
        Some(first) => format!("{}: {}", finding.code.word(), evidence(first)),
        None => format!("{}: {}", finding.code.word(), finding.code.summary()),
    }
}

/// A piece of evidence, as one sentence without its full stop.
pub fn evidence(seen: &Evidence) -> String {
    match seen {
        Evidence::Answered { resolver, addresses, answer, family } => {
            format!("{resolver} answered {family} with {}", answered(addresses, answer))
        }
        Evidence::NotAnswered { resolver, family, outcome } => format!("{resolver} {} for {family}", lookup(outcome)),
        Evidence::Os(outcome) => format!("applications on this machine get {}", os(outcome)),
        Evidence::Connected { address, class, outcome } => {
            format!("{address} ({}) {}", class.word(), connected(outcome))
        }
        Evidence::Handshake { address, class, outcome } => {
            format!("TLS with {address} ({}) {}", class.word(), handshake(outcome))
        }
        Evidence::Certificate { certificate, troubles } => certified(certificate, troubles),
        Evidence::Http { address, class, outcome } => {
            let whom =
                address.map_or_else(|| "the far end of the proxy".to_owned(), |a| format!("{a} ({})", class.word()));
            format!("{whom} {}", http(outcome))
        }
        Evidence::Layers { seen, allowed } => {
            format!("stopped at {}, while the rule allows {}", layers(seen), layers(allowed))
        }
        Evidence::Witness(said) => said.clone(),
        Evidence::Proxy { proxy, tunnel } => format!("the proxy {proxy} {}", tunnelled(tunnel)),
        Evidence::Tail { name, says } => format!("the alias {name} says that {says}"),
    }
}

fn layers(layers: &[Layer]) -> String {
    layers.iter().map(|layer| layer.word()).collect::<Vec<_>>().join(", ")
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn answered(addresses: &[(IpAddr, AddressClass)], answer: &Answer) -> String {
    let mut text = match addresses {
        [] if answer.rcode == Rcode::NO_ERROR => "no address".to_owned(),
        [] => answer.rcode.to_string(),
        given => given.iter().map(|(a, class)| format!("{a} ({})", class.word())).collect::<Vec<_>>().join(", "),
    };
    if !answer.chain.is_empty() {
        let names: Vec<&str> = answer.chain.iter().map(|hop| hop.name.as_str()).collect();
        text.push_str(&format!(" by way of {}", names.join(" → ")));
    }
    for error in &answer.extended_errors {
        text.push_str(&format!(" (extended error {}: {})", error.code, error.text));
    }
    text
}

fn lookup(outcome: &LookupOutcome) -> String {
    match outcome {
        LookupOutcome::Answer(_) => "answered".to_owned(),
        LookupOutcome::Silent => "did not answer in time".to_owned(),
        LookupOutcome::PortClosed => "has nothing that listens on its port".to_owned(),
        LookupOutcome::Unreachable => "cannot be reached: the network knows no way".to_owned(),
        LookupOutcome::Garbled(why) => format!("answered with nonsense ({why})"),
        LookupOutcome::NotAsked(why) => format!("was not asked ({why})"),
    }
}

fn os(outcome: &OsOutcome) -> String {
    match outcome {
        OsOutcome::Addresses(addresses) => list(addresses),
        OsOutcome::NoSuchName => "no address: getaddrinfo says that the name does not exist".to_owned(),
        OsOutcome::TryAgain => "no answer: getaddrinfo says to try again later".to_owned(),
        OsOutcome::Failed(why) => format!("an error from getaddrinfo: {why}"),
        OsOutcome::TimedOut => "nothing in time from getaddrinfo".to_owned(),
    }
}

fn connected(outcome: &ConnectOutcome) -> String {
    match outcome {
        ConnectOutcome::Connected => "lets the request in".to_owned(),
        ConnectOutcome::TimedOut => "did not answer the connection attempt in time".to_owned(),
        ConnectOutcome::Refused => "refused the connection".to_owned(),
        ConnectOutcome::Reset => "reset the connection".to_owned(),
        ConnectOutcome::Unreachable(why) => format!("cannot be reached: {why}"),
        ConnectOutcome::NotTried(why) => format!("was not tried: {why}"),
    }
}

fn handshake(outcome: &TlsOutcome) -> String {
    match outcome {
        TlsOutcome::Trusted => "succeeded".to_owned(),
        TlsOutcome::Untrusted(troubles) => {
            format!("ended with a certificate that is not trusted: {}", trouble_words(troubles))
        }
        TlsOutcome::TimedOut => "got no answer in time".to_owned(),
        TlsOutcome::Reset => "was reset".to_owned(),
        TlsOutcome::Closed => "was closed by the peer".to_owned(),
        TlsOutcome::Alert(alert) => format!("ended with the alert {alert}"),
        TlsOutcome::Garbled(why) => format!("failed: {why}"),
    }
}

fn trouble_words(troubles: &[CertTrouble]) -> String {
    let word = |trouble: &CertTrouble| match trouble {
        CertTrouble::WrongName => "it is for another name".to_owned(),
        CertTrouble::UnknownIssuer => "its issuer is unknown here".to_owned(),
        CertTrouble::Expired => "it has expired".to_owned(),
        CertTrouble::NotYetValid => "it is not valid yet".to_owned(),
        CertTrouble::Other(why) => why.clone(),
    };
    troubles.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn certified(certificate: &Certificate, troubles: &[CertTrouble]) -> String {
    let mut text = format!(
        "the certificate of {} from {} is valid until {}",
        certificate.subject,
        certificate.issuer,
        certificate.not_after.strftime("%Y-%m-%d")
    );
    if !troubles.is_empty() {
        text.push_str(&format!("; {}", trouble_words(troubles)));
    }
    text
}

fn http(outcome: &HttpOutcome) -> String {
    match outcome {
        HttpOutcome::Answered { status, body, .. } => {
            let start: String = body.chars().take(160).collect();
            if start.is_empty() { format!("answered {status}") } else { format!("answered {status}: {start}") }
        }
        HttpOutcome::TimedOut => "did not answer the request in time".to_owned(),
        HttpOutcome::Broken(why) => format!("ended the connection without an answer ({why})"),
        HttpOutcome::Garbled(why) => format!("answered with something that is not HTTP ({why})"),
    }
}

fn tunnelled(tunnel: &Tunnel) -> String {
    match tunnel {
        Tunnel::Open => "carried the request".to_owned(),
        Tunnel::NotReached(why) => format!("could not be reached: {why}"),
        Tunnel::Refused(status) => format!("refused to connect, with status {status}"),
        Tunnel::TimedOut => "did not connect in time".to_owned(),
        Tunnel::Garbled(why) => format!("answered with nonsense ({why})"),
    }
}
