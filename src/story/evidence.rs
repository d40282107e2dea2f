//! Evidence in words.

use crate::facts::{
    Answer, CertTrouble, Certificate, ConnectOutcome, HttpOutcome, Inquired, Inquiry, LookupOutcome, OsOutcome,
    Purpose, Rcode, TlsOutcome, Tunnel,
};
use crate::judge::{Evidence, is_azure_private};
use crate::plan::{AddressClass, Layer};
use std::net::IpAddr;

/// A piece of evidence, as one sentence without its full stop.
pub fn evidence(seen: &Evidence) -> String {
    match seen {
        Evidence::Answered { resolver, addresses, answer, family } => {
            format!("{resolver} answered {} with {}", family.word(), answered(addresses, answer))
        }
        Evidence::NotAnswered { resolver, family, outcome } => {
            format!("{resolver} {} for {}", lookup(outcome), family.word())
        }
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
        Evidence::Inquired(inquired) => inquiry(inquired),
        Evidence::HostsFile(addresses) => format!("the hosts file of this machine gives {}", list(addresses)),
        Evidence::Configured { server } => format!("resolv.conf names {}", server.ip()),
        Evidence::NoAlias { resolver, zone } => format!("the answer of {resolver} passes no name in {zone}"),
        Evidence::AzureSays { resolver, addresses } => {
            let given: Vec<String> = addresses.iter().map(|(a, class)| format!("{a} ({})", class.word())).collect();
            format!("{resolver}, Azure's own resolver, answers the same name with {}", given.join(", "))
        }
        Evidence::Exception { name, ends } => format!("the exception {name} ends on {ends}"),
        Evidence::Reload(why) => {
            format!("the newest plan could not be read: {}", why.lines().next().unwrap_or_default())
        }
    }
}

/// A follow-up question and its answer.
fn inquiry(inquired: &Inquired) -> String {
    let Inquiry { purpose, resolver, name, .. } = &inquired.inquiry;
    let asked = match purpose {
        Purpose::ZoneAuthority | Purpose::OtherZoneAuthority | Purpose::SuffixAuthority => {
            format!("asked for the SOA of {name}, {resolver}")
        }
        Purpose::PrivatelinkName => format!("asked for {name} directly, {resolver}"),
        Purpose::Canary => format!("asked for {name}, which nobody has, {resolver}"),
        Purpose::AzureResolver => format!("asked for {name}, {resolver}, Azure's own resolver,"),
        Purpose::Sibling => format!("asked for {name}, another name of the account, {resolver}"),
        Purpose::SearchSuffix => format!("asked for {name}, the name with a search domain, {resolver}"),
    };
    let Some(answer) = inquired.answer() else { return format!("{asked} {}", lookup(&inquired.outcome)) };
    let soa = answer.authority.as_ref().map(|soa| {
        let whose = if is_azure_private(soa) { "an Azure private zone" } else { "no Azure private zone" };
        format!("the SOA of {} at {}, {whose}", soa.zone, soa.primary)
    });
    match (purpose.asks_for_authority(), soa, answer.addresses.as_slice()) {
        (true, Some(soa), _) => format!("{asked} answered with {soa}"),
        (false, Some(soa), []) => format!("{asked} answered {} with {soa}", answer.rcode),
        (_, None, []) => format!("{asked} answered {} without an SOA", answer.rcode),
        (_, _, given) => format!("{asked} answered with {}", list(given)),
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
    if let Some(soa) = answer.authority.as_ref().filter(|_| addresses.is_empty()) {
        text.push_str(&format!(", said for the zone {} at {}", soa.zone, soa.primary));
    }
    for error in &answer.extended_errors {
        text.push_str(&format!(" (extended error {}: {})", error.code, error.text));
    }
    text
}

pub fn lookup(outcome: &LookupOutcome) -> String {
    match outcome {
        LookupOutcome::Answer(_) => "answered".to_owned(),
        LookupOutcome::Silent => "did not answer in time".to_owned(),
        LookupOutcome::PortClosed => "has nothing that listens on its port".to_owned(),
        LookupOutcome::Unreachable => "cannot be reached: the network knows no way".to_owned(),
        LookupOutcome::Garbled(why) => format!("answered with nonsense ({why})"),
        LookupOutcome::NotAsked(why) => format!("was not asked ({why})"),
    }
}

pub fn os(outcome: &OsOutcome) -> String {
    match outcome {
        OsOutcome::Addresses(addresses) => list(addresses),
        OsOutcome::NoSuchName => "no address: getaddrinfo says that the name does not exist".to_owned(),
        OsOutcome::TryAgain => "no answer: getaddrinfo says to try again later".to_owned(),
        OsOutcome::Failed(why) => format!("an error from getaddrinfo: {why}"),
        OsOutcome::NotAsked(why) => format!("nothing, because getaddrinfo could not ask from here: {why}"),
        OsOutcome::TimedOut => "nothing in time from getaddrinfo".to_owned(),
    }
}

pub fn connected(outcome: &ConnectOutcome) -> String {
    match outcome {
        ConnectOutcome::Connected => "lets the request in".to_owned(),
        ConnectOutcome::TimedOut => "did not answer the connection attempt in time".to_owned(),
        ConnectOutcome::Refused => "refused the connection".to_owned(),
        ConnectOutcome::Reset => "reset the connection".to_owned(),
        ConnectOutcome::Unreachable(why) => format!("cannot be reached: {why}"),
        ConnectOutcome::NotTried(why) => format!("was not tried: {why}"),
    }
}

pub fn handshake(outcome: &TlsOutcome) -> String {
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

pub fn http(outcome: &HttpOutcome) -> String {
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

pub fn tunnelled(tunnel: &Tunnel) -> String {
    match tunnel {
        Tunnel::Open => "carried the request".to_owned(),
        Tunnel::NotReached(why) => format!("could not be reached: {why}"),
        Tunnel::Refused(status) => format!("refused to connect, with status {status}"),
        Tunnel::TimedOut => "did not connect in time".to_owned(),
        Tunnel::Garbled(why) => format!("answered with nonsense ({why})"),
    }
}
