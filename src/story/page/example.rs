//! The example that the pages of findings speak of: one account, one resolver, one proxy.

use crate::facts::ConnectOutcome;
use crate::facts::{
    Facts, Family, Inquired, Inquiry, Lookup, LookupOutcome, NameFacts, ProxyFacts, ProxySource, Purpose,
    ResolverFacts, Transport, Tunnel,
};
use crate::judge::{Cause, Code, Diagnosis, Evidence, Finding, Weight};
use crate::plan::{AddressClass, HostName, ResolverName, View};
use crate::story::confirm::{Ground, confirm};
use crate::story::{Brief, BriefResolver};
use jiff::Timestamp;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What the example is of.
pub fn place(code: Code) -> &'static str {
    if is_of_the_public_side(code) {
        "contoso.openai.azure.com, with its public side at 203.0.113.10"
    } else {
        "contoso.openai.azure.com at 10.20.3.5, asked of the resolver 10.0.0.4"
    }
}

fn is_of_the_public_side(code: Code) -> bool {
    matches!(code, Code::PublicSideOpen | Code::PublicSideClosed)
}

const HOST: &str = "contoso.openai.azure.com";
const SUFFIX: &str = "openai.azure.com";
const ZONE: &str = "privatelink.openai.azure.com";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 20, 3, 5));
/// For examples (RFC 5737).
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
const RESOLVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4)), 53);

/// The commands that would confirm a finding of the example.
pub fn commands(code: Code, cause: Option<Cause>) -> Vec<String> {
    let mut finding = Finding::new(code, Weight::Breaks, evidence(code));
    finding.diagnosis = cause.map(|cause| Diagnosis::inferred(cause, Vec::new(), Vec::new()));
    confirm(&finding, &Ground { host: HOST, brief: &brief(), facts: &facts() })
}

/// Whether commands hold anything of the example.
pub fn is_of_it(commands: &[String]) -> bool {
    let filled = ["contoso".to_owned(), ADDRESS.to_string(), RESOLVER.ip().to_string()];
    commands.iter().any(|command| filled.iter().any(|of_it| command.contains(of_it)))
}

fn hub() -> ResolverName {
    ResolverName::new("hub")
}

fn evidence(code: Code) -> Vec<Evidence> {
    let (address, class) =
        if is_of_the_public_side(code) { (PUBLIC, AddressClass::Public) } else { (ADDRESS, AddressClass::Expected) };
    let mut seen = vec![
        Evidence::NotAnswered { resolver: hub(), family: Family::A, outcome: LookupOutcome::Silent },
        Evidence::Connected { address, class, outcome: ConnectOutcome::Connected },
    ];
    if matches!(code, Code::ProxyGoesPublic | Code::ProxyFailing) {
        seen.push(Evidence::Proxy { proxy: proxy().proxy, tunnel: Tunnel::Open });
    }
    if code == Code::NxdomainRewritten {
        let name = HostName::from_wire(&format!("nobody.{ZONE}"));
        let inquiry = Inquiry { purpose: Purpose::Canary, resolver: hub(), server: RESOLVER, name };
        let outcome = LookupOutcome::Silent;
        seen = vec![Evidence::Inquired(std::sync::Arc::new(Inquired {
            inquiry,
            at: Timestamp::UNIX_EPOCH,
            took: Duration::ZERO,
            outcome,
        }))];
    }
    seen
}

fn brief() -> Brief {
    Brief {
        service: "azure-openai".to_owned(),
        port: 443,
        path: "/openai/models?api-version=2024-10-21".to_owned(),
        suffix: Some(HostName::from_wire(SUFFIX)),
        zones: vec![HostName::from_wire(ZONE)],
        resolvers: vec![BriefResolver { name: hub(), address: RESOLVER, view: View::Private }],
        ..Brief::default()
    }
}

fn proxy() -> ProxyFacts {
    ProxyFacts {
        proxy: "proxy.contoso.example:3128".to_owned(),
        source: ProxySource::Environment,
        tunnel: Tunnel::Open,
        tls: None,
        http: None,
    }
}

fn facts() -> Facts {
    let lookup =
        |family| Lookup { family, transport: Transport::Udp, took: Duration::ZERO, outcome: LookupOutcome::Silent };
    let resolver = ResolverFacts {
        resolver: hub(),
        server: RESOLVER,
        view: View::Private,
        configured: false,
        a: lookup(Family::A),
        aaaa: lookup(Family::Aaaa),
    };
    Facts {
        at: Timestamp::UNIX_EPOCH,
        took: Duration::ZERO,
        names: NameFacts { os: None, resolvers: vec![resolver] },
        paths: Vec::new(),
        untried: Vec::new(),
        proxy: Some(proxy()),
        follow_up: None,
        second_look: None,
    }
}
