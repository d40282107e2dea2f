//! The plan as written becomes the plan as meant: names are looked up, pairs are covered, timings fit.

mod alerts;
mod cover;
mod rate;
mod select;

use super::fault::{Fault, Place};
use super::file::{
    ClaimFile, ExceptionFile, FrontFile, PlanFile, ResolverFile, RuleFile, SettingsFile, TargetFile, Unread,
    VantageFile,
};
use super::read::{Reader, Spot};
use super::{
    Claim, Endpoint, Exception, ExceptionName, Layer, Plan, PublicFront, Request, Resolver, ResolverName, ResolverRef,
    Rule, STRETCHES_PER_ROUND, ServiceName, ServiceOutlines, Settings, Target, TargetName, Vantage, VantageKind,
    VantageName, View, Witness,
};
use std::collections::HashMap;
use std::time::Duration;

/// Checks a draft; whatever is wrong is added to the reader's faults, and only a plan without faults may be used.
pub fn plan(draft: PlanFile, services: &ServiceOutlines, reader: &mut Reader, hash: String) -> Plan {
    let Reader { files, faults } = reader;
    let mut c = Checker { files, faults, unread: draft.unread, uncertain_rules: Vec::new() };
    let settings = c.settings(&draft.settings);
    let resolvers: Vec<Resolver> = draft
        .resolvers
        .iter()
        .map(|r| Resolver {
            name: ResolverName::new(&r.name.value),
            address: r.address,
            view: r.view.unwrap_or_else(|| View::of_address(r.address.ip())),
        })
        .collect();
    c.reserved_names(&draft.vantages, &draft.resolvers, &draft.targets);
    let vantages: Vec<Vantage> = draft.vantages.iter().map(|v| c.vantage(v, &resolvers)).collect();
    c.overlaps(&draft.vantages);
    let targets: Vec<Target> = draft.targets.iter().map(|t| c.target(t, services)).collect();
    let mut rules = Vec::with_capacity(draft.rules.len());
    for file in &draft.rules {
        let before = c.faults.len();
        rules.push(c.rule(file, &vantages, &targets));
        c.uncertain_rules.push(!file.is_whole || c.faults.len() > before);
    }
    let alerts = c.alerts(&draft.alerts);
    let exceptions = draft.exceptions.iter().map(|e| c.exception(e, &vantages, &targets)).collect();
    let plan = Plan {
        name: draft.name,
        hash,
        settings,
        networks: draft.networks.into(),
        vantages,
        resolvers,
        targets,
        rules,
        exceptions,
        alerts,
    };
    c.coverage(&plan, &draft.rules, &draft.targets);
    c.exceptions_know_addresses(&plan, &draft.targets);
    c.rates(&plan, &draft.settings);
    c.repeated_endpoints(&draft.targets);
    plan
}

struct Checker<'f> {
    /// What the plan's files are called.
    files: &'f [String],
    faults: &'f mut Vec<Fault>,
    unread: Unread,
    /// Whether a rule has faults of its own, in the order of the rules; what it covers cannot be told then.
    uncertain_rules: Vec<bool>,
}

impl Checker<'_> {
    fn fault(&mut self, place: Place, reason: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(Fault::new(place, reason, fix));
    }

    fn settings(&mut self, file: &SettingsFile) -> Settings {
        let default = Settings::default();
        let before = self.faults.len();
        let every = self.bounded(file.every.as_ref(), "every", default.every, (1_000, 3_600_000));
        let timeout = self.bounded(file.timeout.as_ref(), "timeout", default.timeout, (50, 60_000));
        let in_bounds = self.faults.len() == before;
        if in_bounds && timeout * STRETCHES_PER_ROUND > every {
            let place = file.timeout.as_ref().or(file.every.as_ref()).map_or(file.place, |spot| spot.place);
            let most = every / STRETCHES_PER_ROUND;
            self.fault(
                place,
                format!(
                    "a timeout of {timeout:?} does not fit into a round of {every:?}: a look and its confirmation take \
                     up to {STRETCHES_PER_ROUND} timeouts"
                ),
                format!("write `timeout: {}ms` or less, or a longer `every`", most.as_millis()),
            );
        }
        Settings {
            every,
            timeout,
            confirm: file.confirm.unwrap_or(default.confirm),
            recover: file.recover.unwrap_or(default.recover),
            trust: file.trust.clone(),
        }
    }

    fn bounded(&mut self, spot: Option<&Spot<Duration>>, what: &str, default: Duration, ms: (u64, u64)) -> Duration {
        let Some(spot) = spot else { return default };
        let (low, high) = (Duration::from_millis(ms.0), Duration::from_millis(ms.1));
        if spot.value < low || spot.value > high {
            self.fault(
                spot.place,
                format!("`{what}` of {:?} is outside {low:?} to {high:?}", spot.value),
                format!("choose a time from {low:?} to {high:?}"),
            );
        }
        spot.value
    }

    fn reserved_names(&mut self, vantages: &[VantageFile], resolvers: &[ResolverFile], targets: &[TargetFile]) {
        let hosts = resolvers.iter().map(|r| (&r.name, "host", "this machine's own resolvers"));
        let anys = vantages.iter().map(|v| &v.name).chain(targets.iter().map(|t| &t.name));
        for name in resolvers.iter().map(|r| &r.name).filter(|name| is_numbered_host(&name.value)) {
            let reason = format!("`{}` is what a name server of resolv.conf is called", name.value);
            self.fault(name.place, reason, "choose another name");
        }
        for (name, word, meaning) in hosts.chain(anys.map(|name| (name, "any", "everything"))) {
            if name.value == word {
                self.fault(name.place, format!("`{word}` means {meaning} and cannot be a name"), "choose another name");
            }
        }
    }

    fn vantage(&mut self, file: &VantageFile, resolvers: &[Resolver]) -> Vantage {
        let by_default = || {
            let private = resolvers.iter().filter(|r| r.view.is_private());
            let named = private.map(|r| ResolverRef::Named(r.name.clone()));
            std::iter::once(ResolverRef::Host).chain(named).collect()
        };
        let chosen = match &file.resolvers {
            None => by_default(),
            Some(names) => {
                if names.is_empty() {
                    self.fault(
                        file.name.place,
                        format!("vantage `{}` asks no resolver", file.name.value),
                        "name one, or leave `resolvers` out",
                    );
                }
                names.iter().filter_map(|name| self.resolver_ref(name, resolvers)).collect()
            }
        };
        let witness = file.witness.as_ref().and_then(|w| {
            if w.resolve.is_none() && w.connect.is_none() {
                self.fault(w.place, "this witness proves nothing", "give it `resolve: NAME` or `connect: HOST:PORT`");
                return None;
            }
            Some(Witness { resolve: w.resolve.clone(), connect: w.connect.clone() })
        });
        Vantage {
            name: VantageName::new(&file.name.value),
            kind: VantageKind::new(&file.kind),
            within: file.within.iter().map(|spot| spot.value).collect(),
            owner: file.owner.clone(),
            resolvers: chosen,
            witness,
            proxy: file.proxy.as_ref().and_then(|spot| self.proxy(spot)),
        }
    }

    fn proxy(&mut self, spot: &Spot<String>) -> Option<(String, u16)> {
        let place = spot.value.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let parts = place.and_then(|rest| rest.rsplit_once(':'));
        let parsed = parts.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok().filter(|p| *p > 0)?)));
        if parsed.as_ref().is_none_or(|(host, _)| host.is_empty() || host.contains(['@', '/'])) {
            // A proxy is often written with its password, and faults end up in logs.
            let shown = if spot.value.contains('@') { "with credentials" } else { spot.value.as_str() };
            self.fault(
                spot.place,
                format!("the proxy `{shown}` is not http://HOST:PORT"),
                "write it as `http://proxy.contoso.example:3128`, without credentials",
            );
            return None;
        }
        parsed
    }

    fn resolver_ref(&mut self, name: &Spot<String>, resolvers: &[Resolver]) -> Option<ResolverRef> {
        if name.value == "host" {
            return Some(ResolverRef::Host);
        }
        let known = resolvers.iter().find(|r| r.name.as_str() == name.value);
        if known.is_none() && !self.unread.resolvers.contains(&name.value) {
            let names = || std::iter::once("host").chain(resolvers.iter().map(|r| r.name.as_str()));
            self.dangling(name, "resolver", names());
        }
        known.map(|r| ResolverRef::Named(r.name.clone()))
    }

    fn overlaps(&mut self, vantages: &[VantageFile]) {
        let all: Vec<_> = vantages.iter().flat_map(|v| v.within.iter().map(move |net| (v, net))).collect();
        for (i, (later, net)) in all.iter().enumerate() {
            let clash = all[..i].iter().find(|(earlier, other)| {
                earlier.name.value != later.name.value
                    && (other.value.contains(&net.value) || net.value.contains(&other.value))
            });
            if let Some((earlier, other)) = clash {
                let at = net.place.speaks_of(other.place, self.files);
                self.fault(
                    net.place,
                    format!(
                        "{} of vantage `{}` overlaps {} of vantage `{}` ({at}): an agent there could not tell which it is",
                        net.value, later.name.value, other.value, earlier.name.value
                    ),
                    "make the prefixes disjoint, or leave `within` out and start the agent with `--vantage`",
                );
            }
        }
    }

    fn target(&mut self, file: &TargetFile, services: &ServiceOutlines) -> Target {
        let service = ServiceName::new(&file.service.value);
        let outline = services.get(&service);
        if outline.is_none() {
            self.dangling(&file.service, "service", services.keys().map(ServiceName::as_str));
        }
        let mut endpoints: Vec<Endpoint> = file
            .endpoints
            .iter()
            .map(|e| Endpoint { host: e.host.value.clone(), expected: e.expected.clone(), from_catalog: false })
            .collect();
        if let Some(outline) = outline {
            self.hosts_of_service(file, outline);
            if endpoints.is_empty() {
                let offered = outline.endpoints.iter().cloned();
                endpoints.extend(offered.map(|host| Endpoint { host, expected: Vec::new(), from_catalog: true }));
            }
            if endpoints.is_empty() && file.endpoints_read {
                self.fault(
                    file.name.place,
                    format!("target `{}` has no endpoints", file.name.value),
                    "add `endpoints: {HOST: [ADDRESS]}`",
                );
            }
        }
        Target {
            name: TargetName::new(&file.name.value),
            service,
            endpoints,
            environment: file.environment.clone(),
            owner: file.owner.clone(),
            region: file.region.clone(),
            port: file.port,
            public_front: file
                .public_front
                .iter()
                .map(|front| match front {
                    FrontFile::Address(address) => PublicFront::Address(*address),
                    FrontFile::Name(name) => PublicFront::Name(name.clone()),
                })
                .collect(),
            request: file.request.as_ref().map(|r| Request { path: r.value.path.clone(), open: r.value.open.clone() }),
        }
    }

    fn hosts_of_service(&mut self, file: &TargetFile, outline: &super::ServiceOutline) {
        for endpoint in &file.endpoints {
            let host = &endpoint.host.value;
            if let Some(zone) = outline.privatelink_zones.iter().find(|zone| host.is_under(zone)) {
                let public =
                    format!("{}.{}", host.below(zone).unwrap_or("NAME"), zone.trim_start_matches("privatelink."));
                self.fault(
                    endpoint.host.place,
                    format!("`{host}` lies in {zone}, which applications never call: no certificate names it"),
                    format!("write the name that applications use, such as `{public}`"),
                );
            }
        }
        match &file.request {
            Some(request) if !outline.takes_request => self.fault(
                request.place,
                format!("service `{}` brings its own request", file.service.value),
                "leave `request` out, or use `service: https`",
            ),
            _ => {}
        }
    }

    fn repeated_endpoints(&mut self, targets: &[TargetFile]) {
        let mut seen: HashMap<(&super::HostName, u16), &TargetFile> = HashMap::new();
        for target in targets {
            for endpoint in &target.endpoints {
                if let Some(first) = seen.insert((&endpoint.host.value, target.port), target) {
                    self.fault(
                        endpoint.host.place,
                        format!("the endpoint `{}` also belongs to target `{}`", endpoint.host.value, first.name.value),
                        "keep it in one target",
                    );
                }
            }
        }
    }

    fn claim(&mut self, file: &ClaimFile) -> Claim {
        let claim = file.claim.value;
        if let (Some(by), true) = (&file.by, claim != "blocked") {
            let place = by.first().map_or(file.claim.place, |spot| spot.place);
            self.fault(place, format!("`by` says how a path is blocked, but the claim is `{claim}`"), "remove `by`");
        }
        match claim {
            "private" => Claim::Private,
            "public" => Claim::Public,
            "blocked" => {
                let words: Vec<&str> = file.by.iter().flatten().map(|spot| spot.value).collect();
                // Words that could not be read have their own faults.
                if words.is_empty() && !file.by_unread {
                    self.fault(
                        file.claim.place,
                        "`blocked` must say at which layers the path may be stopped, so that a change of layer is seen",
                        "add `by: [timeout, refused, denied]`, with the layers you mean",
                    );
                }
                Claim::Blocked(Layer::ALL.into_iter().filter(|layer| words.contains(&layer.word())).collect())
            }
            _ => Claim::None,
        }
    }

    fn rule(&mut self, file: &RuleFile, vantages: &[Vantage], targets: &[Target]) -> Rule {
        Rule {
            name: file.name.value.as_str().into(),
            from: self.vantage_selector(&file.from, vantages),
            to: self.target_selector(&file.to, targets),
            claim: self.claim(&file.claim),
            why: file.why.clone(),
        }
    }

    fn exception(&mut self, file: &ExceptionFile, vantages: &[Vantage], targets: &[Target]) -> Exception {
        if let Some(begins) = file.begins.as_ref().filter(|begins| begins.value > file.ends.value) {
            self.fault(
                file.ends.place,
                format!(
                    "exception `{}` ends on {}, before it begins on {}",
                    file.name.value, file.ends.value, begins.value
                ),
                "write an end on or after the beginning",
            );
        }
        Exception {
            name: ExceptionName::new(&file.name.value),
            from: self.vantage_selector(&file.from, vantages),
            to: self.target_selector(&file.to, targets),
            claim: self.claim(&file.claim),
            owner: file.owner.clone(),
            approved_by: file.approved_by.clone(),
            reason: file.reason.clone(),
            begins: file.begins.as_ref().map(|spot| spot.value),
            ends: file.ends.value,
        }
    }
}

/// A list for a sentence, cut after eight.
fn shortened(names: &[&str]) -> String {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(name) {
            unique.push(name);
        }
    }
    let shown = unique.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    if unique.len() > 8 { format!("{shown} and {} more", unique.len() - 8) } else { shown }
}

fn is_numbered_host(name: &str) -> bool {
    name.strip_prefix("host-").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
