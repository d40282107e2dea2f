//! How a path ended: open, stopped at a layer, or unclear. One reading serves every claim.

use super::Asked;
use super::codes::Code;
use super::finding::{Evidence, Finding, Weight};
use crate::catalog::{Certainty, Meaning, Seen};
use crate::facts::{CertTrouble, ConnectOutcome, HttpOutcome, PathFacts, Tls, TlsOutcome, Why};
use crate::plan::{AddressClass, Layer};
use jiff::{SignedDuration, Timestamp};
use std::net::IpAddr;

/// How long before its end a certificate is reported.
pub const EXPIRY_WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Where a path ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The service was reached.
    Open,
    /// Stopped; the first layer is the narrowest word for it.
    Stopped(&'static [Layer]),
    /// Neither can be said.
    Unclear,
}

/// One path, read.
#[derive(Clone, Debug)]
pub struct Reading {
    pub address: IpAddr,
    pub class: AddressClass,
    /// Whether a caller here meets the address: it was answered, or is where the public side answers. An address that
    /// only the plan names is met by nobody who goes by the name.
    pub is_met: bool,
    pub end: End,
    /// What keeps the path from being good, as a `private` claim would say it.
    pub troubles: Vec<Finding>,
    /// What is worth knowing of a good path.
    pub notes: Vec<Finding>,
}

/// Reads one path.
pub fn read(asked: &Asked<'_>, path: &PathFacts, at: Timestamp) -> Reading {
    let class = asked.class(path.address);
    let is_met = path.why.iter().any(|why| *why != Why::Expected);
    let mut reading =
        Reading { address: path.address, class, is_met, end: End::Unclear, troubles: Vec::new(), notes: Vec::new() };
    if let Some((code, end)) = connect_trouble(&path.connect.outcome) {
        let weight = if code == Code::AgentOverloaded { Weight::Unclear } else { Weight::Breaks };
        let outcome = path.connect.outcome.clone();
        let evidence = vec![Evidence::Connected { address: path.address, class, outcome }];
        reading.troubles.push(Finding::new(code, weight, evidence));
        reading.end = end;
        return reading;
    }
    if let Some(tls) = &path.tls {
        let (end, troubles) = tls_troubles(tls, Some(path.address), class);
        reading.troubles.extend(troubles);
        reading.notes.extend(expiring(tls, at));
        if let Some(end) = end {
            reading.end = end;
            return reading;
        }
    }
    if let Some(http) = &path.http {
        let said = read_http(asked, &http.outcome, Some(path.address), class);
        reading.end = said.end;
        reading.troubles.extend(said.trouble);
        reading.notes.extend(said.note);
    }
    if reading.end == End::Unclear && reading.troubles.is_empty() {
        // Connected, and then the look was cut short: neither proof of the service nor of a block.
        let outcome = path.connect.outcome.clone();
        let evidence = vec![Evidence::Connected { address: path.address, class, outcome }];
        reading.troubles.push(Finding::new(Code::AgentOverloaded, Weight::Unclear, evidence));
    }
    reading
}

fn connect_trouble(outcome: &ConnectOutcome) -> Option<(Code, End)> {
    match outcome {
        ConnectOutcome::Connected => None,
        ConnectOutcome::TimedOut => Some((Code::ConnectTimeout, End::Stopped(&[Layer::Timeout]))),
        ConnectOutcome::Refused => Some((Code::ConnectRefused, End::Stopped(&[Layer::Refused]))),
        ConnectOutcome::Reset => Some((Code::ConnectReset, End::Stopped(&[Layer::Reset]))),
        ConnectOutcome::Unreachable(_) => Some((Code::NoRoute, End::Stopped(&[Layer::Unreachable]))),
        ConnectOutcome::NotTried(_) => Some((Code::AgentOverloaded, End::Unclear)),
    }
}

/// What a handshake says; `None` for the end means that the request went on.
pub fn tls_troubles(tls: &Tls, address: Option<IpAddr>, class: AddressClass) -> (Option<End>, Vec<Finding>) {
    let (code, layers): (Code, &'static [Layer]) = match &tls.outcome {
        TlsOutcome::Trusted => return (None, Vec::new()),
        TlsOutcome::Untrusted(troubles) => {
            // A date that does not fit may be this machine's clock.
            let only_dates = troubles.iter().all(|t| matches!(t, CertTrouble::Expired | CertTrouble::NotYetValid));
            let end = if only_dates { End::Unclear } else { End::Stopped(&[Layer::Tls]) };
            return (Some(end), certificate_troubles(tls, troubles, address, class));
        }
        TlsOutcome::TimedOut => (Code::TlsTimeout, &[Layer::Timeout, Layer::Tls]),
        TlsOutcome::Reset | TlsOutcome::Closed => (Code::TlsReset, &[Layer::Reset, Layer::Tls]),
        TlsOutcome::Alert(_) | TlsOutcome::Garbled(_) => (Code::TlsFailed, &[Layer::Tls]),
    };
    let evidence = handshake(tls, address, class);
    (Some(End::Stopped(layers)), vec![Finding::new(code, Weight::Breaks, evidence)])
}

fn handshake(tls: &Tls, address: Option<IpAddr>, class: AddressClass) -> Vec<Evidence> {
    let outcome = tls.outcome.clone();
    address.map(|address| Evidence::Handshake { address, class, outcome }).into_iter().collect()
}

fn certificate_troubles(
    tls: &Tls,
    troubles: &[CertTrouble],
    address: Option<IpAddr>,
    class: AddressClass,
) -> Vec<Finding> {
    let code = |trouble: &CertTrouble| match trouble {
        CertTrouble::WrongName => Code::TlsWrongName,
        CertTrouble::Expired => Code::TlsExpired,
        CertTrouble::UnknownIssuer | CertTrouble::NotYetValid | CertTrouble::Other(_) => Code::TlsUntrusted,
    };
    let mut evidence = handshake(tls, address, class);
    let certificate = tls.certificate.clone();
    evidence.extend(certificate.map(|certificate| Evidence::Certificate { certificate, troubles: troubles.to_vec() }));
    let mut codes: Vec<Code> = troubles.iter().map(code).collect();
    codes.sort();
    codes.dedup();
    codes.into_iter().map(|code| Finding::new(code, Weight::Breaks, evidence.clone())).collect()
}

fn expiring(tls: &Tls, at: Timestamp) -> Option<Finding> {
    let certificate = tls.certificate.as_ref().filter(|_| tls.outcome == TlsOutcome::Trusted)?;
    let soon = certificate.not_after.duration_since(at) < EXPIRY_WARNING;
    let evidence = vec![Evidence::Certificate { certificate: certificate.clone(), troubles: Vec::new() }];
    soon.then(|| Finding::new(Code::TlsExpiring, Weight::Notes, evidence))
}

/// What an HTTP exchange says.
pub struct Said {
    pub end: End,
    pub trouble: Option<Finding>,
    pub note: Option<Finding>,
}

/// Reads an HTTP exchange that followed a trusted handshake.
pub fn read_http(asked: &Asked<'_>, outcome: &HttpOutcome, address: Option<IpAddr>, class: AddressClass) -> Said {
    let finding = |code, weight| {
        Some(Finding::new(code, weight, vec![Evidence::Http { address, class, outcome: outcome.clone() }]))
    };
    let open = |note| Said { end: End::Open, trouble: None, note };
    let trouble = |end, code, weight| Said { end, trouble: finding(code, weight), note: None };
    let HttpOutcome::Answered { status, headers, body } = outcome else {
        return match outcome {
            HttpOutcome::TimedOut => trouble(End::Unclear, Code::HttpTimeout, Weight::Unclear),
            HttpOutcome::Broken(_) | HttpOutcome::Garbled(_) | HttpOutcome::Answered { .. } => {
                trouble(End::Unclear, Code::NotTheService, Weight::Breaks)
            }
        };
    };
    if let Some(statuses) = asked.target.request.as_ref().and_then(|request| request.open.as_ref()) {
        if statuses.contains(status) {
            return open(None);
        }
        return trouble(End::Unclear, Code::NotTheService, Weight::Breaks);
    }
    let answer = asked.service.meaning(Seen { status: *status, headers, body });
    // An inference never makes a hard verdict: what is only believed to mean "open" says nothing of a public side.
    if class == AddressClass::Public && answer.is_some_and(|a| a.certainty == Certainty::Inferred && a.means.is_open())
    {
        return trouble(End::Unclear, Code::AnswerAmbiguous, Weight::Unclear);
    }
    match answer.map(|answer| answer.means) {
        Some(Meaning::Open) => open(None),
        Some(Meaning::Throttled) => open(finding(Code::Throttled, Weight::Notes)),
        Some(Meaning::Anonymous) => open(finding(Code::AnonymousAccepted, Weight::Notes)),
        Some(Meaning::Denied) => trouble(End::Stopped(&[Layer::Denied]), Code::DeniedAsPublic, Weight::Breaks),
        // It says nothing of whether the right name would be let in.
        Some(Meaning::WrongEndpoint) => trouble(End::Unclear, Code::WrongEndpoint, Weight::Breaks),
        None if *status >= 500 => trouble(End::Unclear, Code::ServiceFailing, Weight::Unclear),
        None => trouble(End::Unclear, Code::NotTheService, Weight::Breaks),
    }
}
