//! How far each address was reached, and what that means.

use super::lines::{Lines, Tone, listed, took};
use super::{Scene, has_public_side};
use crate::facts::{
    ConnectOutcome, Http, HttpOutcome, OsOutcome, PathFacts, ProxyFacts, ProxySource, Tls, TlsOutcome, Tunnel, Why,
};
use crate::judge::{Ending, Reached};
use crate::plan::{AddressClass, Layer};
use crate::story::Expectation;
use crate::story::evidence::{connected, handshake, http as http_words, tunnelled};

/// How much of an answer's body is shown, in characters.
const FIRST_WORDS: usize = 160;

pub fn tell(scene: &Scene<'_>, lines: &mut Lines) {
    if scene.facts.paths.is_empty() {
        lines.say(2, "None was tried: no answer held one that is worth a connection.");
    }
    for path in &scene.facts.paths {
        lines.say(2, &format!("{}, {}", scene.named(path.address), reasons(scene, path)));
        for line in steps(path) {
            lines.say(4, &line);
        }
        let reached = scene.record.reached.iter().find(|reached| reached.address == Some(path.address));
        if let Some((tone, text)) = reached.map(|reached| means(scene, reached, path)) {
            lines.toned(tone, 4, &text);
        }
    }
    if let Some(proxy) = &scene.facts.proxy {
        tell_proxy(scene, proxy, lines);
    }
}

/// Why it was tried.
fn reasons(scene: &Scene<'_>, path: &PathFacts) -> String {
    let mut words = Vec::new();
    for why in &path.why {
        match why {
            Why::Answered => {
                let gives = scene.facts.names.resolvers.iter().filter(|r| r.view.is_private());
                let gives = gives.filter(|r| r.addresses().any(|address| address == path.address));
                let mut who: Vec<String> = gives.map(|r| r.resolver.to_string()).collect();
                let os = scene.facts.names.os.as_ref().map(|os| &os.outcome);
                if matches!(os, Some(OsOutcome::Addresses(given)) if given.contains(&path.address)) {
                    who.push("getaddrinfo".to_owned());
                }
                words.push(format!("answered by {}", listed(&who)));
            }
            Why::Expected => words.push(who_expects(scene).to_owned()),
            Why::PublicFront => words.push("known as the public side".to_owned()),
        }
    }
    format!("port {}, {}", path.port, words.join(", "))
}

fn who_expects(scene: &Scene<'_>) -> &'static str {
    match scene.record.brief.map(|brief| brief.expectation) {
        Some(Expectation::Given) => "expected on the command line",
        Some(Expectation::Plan | Expectation::AnyPrivate) | None => "expected by the plan",
    }
}

fn steps(path: &PathFacts) -> Vec<String> {
    let opened = took(path.connect.took);
    if path.connect.outcome != ConnectOutcome::Connected {
        return vec![format!("it {}, {opened}", connected(&path.connect.outcome))];
    }
    let mut lines = Vec::new();
    let mut text = format!("connected in {opened}");
    match &path.tls {
        None => text.push_str("; TLS was not tried"),
        Some(tls) => text.push_str(&format!("; {}", secured(tls))),
    }
    lines.push(text);
    lines.extend(path.tls.as_ref().and_then(certificate));
    lines.extend(path.http.as_ref().map(answered));
    lines
}

fn secured(tls: &Tls) -> String {
    let version = tls.version.as_ref().map(|version| spoken(version)).unwrap_or_default();
    let words = match &tls.outcome {
        TlsOutcome::Trusted => match &tls.certificate {
            Some(certificate) => {
                format!("with a trusted certificate, until {}", certificate.not_after.strftime("%Y-%m-%d"))
            }
            None => "with a trusted certificate".to_owned(),
        },
        TlsOutcome::Untrusted(_)
        | TlsOutcome::TimedOut
        | TlsOutcome::Reset
        | TlsOutcome::Closed
        | TlsOutcome::Alert(_)
        | TlsOutcome::Garbled(_) => handshake(&tls.outcome),
    };
    format!("TLS{version} in {} {words}", took(tls.took))
}

/// `TLSv1_3`, as the library writes it, becomes ` 1.3`.
fn spoken(version: &str) -> String {
    format!(" {}", version.trim_start_matches("TLSv").replace('_', "."))
}

/// The certificate, where it is what is wrong.
fn certificate(tls: &Tls) -> Option<String> {
    let certificate = tls.certificate.as_ref().filter(|_| tls.outcome != TlsOutcome::Trusted)?;
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    Some(format!(
        "certificate: issued by {}, for {}, valid {} to {}",
        certificate.issuer,
        if certificate.names.is_empty() { certificate.subject.clone() } else { certificate.names.join(", ") },
        day(certificate.not_before),
        day(certificate.not_after)
    ))
}

fn answered(http: &Http) -> String {
    match &http.outcome {
        HttpOutcome::Answered { status, body, .. } => {
            let body: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut start: String = body.chars().take(FIRST_WORDS).collect();
            if start.len() < body.len() {
                start.push('…');
            }
            let said = if start.is_empty() { "without a body".to_owned() } else { start };
            format!("HTTP {status} in {}: {said}", took(http.took))
        }
        HttpOutcome::TimedOut | HttpOutcome::Broken(_) | HttpOutcome::Garbled(_) => {
            format!("it {}", http_words(&http.outcome))
        }
    }
}

fn means(scene: &Scene<'_>, reached: &Reached, path: &PathFacts) -> (Tone, String) {
    let is_public = reached.class == AddressClass::Public && has_public_side(scene.record);
    match (reached.end, reached.layer) {
        (Ending::Open, _) if is_public => (Tone::Bad, "open: the public side lets requests in from here".to_owned()),
        (Ending::Open, _) => (Tone::Plain, "open: it answers as the service".to_owned()),
        (Ending::Stopped, Some(Layer::Denied)) if is_public => {
            (Tone::Plain, "stopped (denied): the public side refuses requests from here".to_owned())
        }
        (Ending::Stopped, Some(Layer::Denied)) => {
            (Tone::Bad, "stopped (denied): the service says that the request came by its public side".to_owned())
        }
        (Ending::Stopped, layer) => {
            (Tone::Plain, format!("stopped ({})", layer.map_or("somewhere", |layer| layer.word())))
        }
        (Ending::Unclear, _) if path.http.is_some() => {
            (Tone::Doubtful, "unclear: this answer does not tell whether the way is open".to_owned())
        }
        (Ending::Unclear, _) => (Tone::Doubtful, "unclear: neither open nor stopped".to_owned()),
    }
}

fn tell_proxy(scene: &Scene<'_>, proxy: &ProxyFacts, lines: &mut Lines) {
    let source = match proxy.source {
        ProxySource::Plan => "named by the plan",
        ProxySource::Environment => "named by this machine's environment",
    };
    lines.say(2, &format!("through the proxy {}, {source}", proxy.proxy));
    lines.say(4, &format!("it {}", tunnelled(&proxy.tunnel)));
    if let Some(tls) = &proxy.tls {
        lines.say(4, &secured(tls));
        if let Some(text) = certificate(tls) {
            lines.say(4, &text);
        }
    }
    if let Some(http) = &proxy.http {
        lines.say(4, &answered(http));
    }
    let reached = scene.record.reached.iter().find(|reached| reached.address.is_none());
    if proxy.tunnel != Tunnel::Open {
        return;
    }
    let text = match reached.map(|reached| (reached.end, reached.layer)) {
        Some((Ending::Open, _)) => "open: the proxy leads to the service; which side it takes cannot be seen",
        Some((Ending::Stopped, Some(Layer::Denied))) => {
            "stopped (denied): the proxy takes the public side, and the service refuses it"
        }
        Some((Ending::Stopped, _)) => "stopped behind the proxy",
        Some((Ending::Unclear, _)) | None => "unclear: neither open nor stopped",
    };
    lines.say(4, text);
}
