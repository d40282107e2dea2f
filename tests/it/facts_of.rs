//! Facts, built small: what each resolver said, and how far each address was reached.

use fencepost::facts::{
    Answer, Authority, Connect, ConnectOutcome, Facts, Family, Hop, Http, HttpOutcome, Lookup, LookupOutcome,
    NameFacts, OsLookup, OsOutcome, PathFacts, Rcode, ResolverFacts, Tls, TlsOutcome, Transport, Why,
};
use fencepost::plan::{HostName, ResolverName, View};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

const TOOK: Duration = Duration::from_millis(3);

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// An answer with these addresses.
pub fn gives(addresses: &[&str]) -> LookupOutcome {
    with(Rcode::NO_ERROR, addresses.iter().map(|a| ip(a)).collect(), &[])
}

/// An answer with these addresses behind these aliases.
pub fn gives_by(chain: &[&str], addresses: &[&str]) -> LookupOutcome {
    with(Rcode::NO_ERROR, addresses.iter().map(|a| ip(a)).collect(), chain)
}

pub fn nothing() -> LookupOutcome {
    gives(&[])
}

pub fn no_such_name() -> LookupOutcome {
    with(Rcode::NAME_ERROR, Vec::new(), &[])
}

pub fn with(rcode: Rcode, addresses: Vec<IpAddr>, chain: &[&str]) -> LookupOutcome {
    let hops = chain.iter().map(|name| Hop { name: HostName::from_wire(name), ttl: 60 });
    let authority = || Authority {
        zone: HostName::from_wire("privatelink.openai.azure.com"),
        primary: HostName::from_wire("azureprivatedns.net"),
    };
    LookupOutcome::Answer(Arc::new(Answer {
        rcode,
        chain: hops.collect(),
        ttl: Some(10),
        authoritative: false,
        truncated: false,
        recursion_available: true,
        authentic_data: false,
        extended_errors: Vec::new(),
        authority: addresses.is_empty().then(authority),
        addresses,
    }))
}

pub fn resolver(name: &str, a: LookupOutcome, aaaa: LookupOutcome) -> ResolverFacts {
    let lookup = |family, outcome| Lookup { family, transport: Transport::Udp, took: TOOK, outcome };
    ResolverFacts {
        resolver: ResolverName::new(name),
        server: "10.0.0.4:53".parse().unwrap(),
        view: View::Private,
        configured: false,
        a: lookup(Family::A, a),
        aaaa: lookup(Family::Aaaa, aaaa),
    }
}

fn path(address: IpAddr, connect: ConnectOutcome, tls: Option<TlsOutcome>, http: Option<HttpOutcome>) -> PathFacts {
    PathFacts {
        address,
        port: 443,
        why: vec![Why::Answered],
        connect: Connect { took: TOOK, outcome: connect },
        tls: tls.map(|outcome| Tls { took: TOOK, outcome, version: None, certificate: None }),
        http: http.map(|outcome| Http { took: TOOK, outcome }),
    }
}

/// An address at which the connection attempt ended like this.
pub fn stopped(address: &str, outcome: ConnectOutcome) -> PathFacts {
    path(ip(address), outcome, None, None)
}

/// An address at which the handshake ended like this.
pub fn shook(address: &str, outcome: TlsOutcome) -> PathFacts {
    path(ip(address), ConnectOutcome::Connected, Some(outcome), None)
}

/// An address whose service answered with this status and body.
pub fn answered(address: &str, status: u16, body: &str) -> PathFacts {
    let outcome = HttpOutcome::Answered { status, headers: Vec::new(), body: body.to_owned() };
    requested(address, outcome)
}

pub fn requested(address: &str, outcome: HttpOutcome) -> PathFacts {
    path(ip(address), ConnectOutcome::Connected, Some(TlsOutcome::Trusted), Some(outcome))
}

pub fn facts(resolvers: Vec<ResolverFacts>, paths: Vec<PathFacts>) -> Facts {
    Facts {
        at: "2026-11-22T15:00:00Z".parse().unwrap(),
        took: TOOK,
        names: NameFacts { os: None, resolvers },
        paths,
        untried: Vec::new(),
        proxy: None,
        follow_up: None,
        second_look: None,
    }
}

pub fn os_gave(mut facts: Facts, outcome: OsOutcome) -> Facts {
    facts.names.os = Some(OsLookup { took: TOOK, outcome });
    facts
}
