//! What one plan means for one vantage: every check with its subject, ready to be looked at and judged.

use super::brief::Briefs;
use super::carry::known;
use crate::catalog::Catalog;
use crate::facts::{Facts, WitnessFacts};
use crate::judge::{Around, Asked, Judgement, Terms, Witnessing, inquiries, judge};
use crate::observe::{Lens, Subject, follow_up, look, look_again, look_at_witness, resolvers_of, subject_of};
use crate::plan::address::AZURE_PLATFORM;
use crate::plan::{
    Case, CheckName, Claim, Endpoint, Exception, HostName, Plan, Resolver, ResolverName, Target, Vantage, VantageName,
    View, nearest,
};
use crate::publish::alerts::Post;
use crate::publish::{ExceptionFace, Face, Header, VantageFace};
use crate::standing;
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A plan, the catalogue it speaks of, and where the agent stands.
pub struct Grounds {
    pub plan: Plan,
    pub catalog: Catalog,
    pub vantage: VantageName,
}

/// Why an agent cannot take up a vantage.
#[derive(Debug, PartialEq, Eq)]
pub enum EstateError {
    UnknownVantage {
        asked: String,
        known: Vec<String>,
    },
    /// None, or several, of the plan's vantages hold an address of this machine.
    NotOneVantage {
        matched: Vec<String>,
        addresses: Vec<IpAddr>,
        known: Vec<String>,
    },
}

impl fmt::Display for EstateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVantage { asked, known } => {
                let near = nearest(asked, known.iter().map(String::as_str));
                let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                write!(f, "the plan has no vantage `{asked}`; it has {}{meant}", known.join(", "))
            }
            Self::NotOneVantage { matched, addresses, known } => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let seen = addresses.join(", ");
                match matched.as_slice() {
                    [] if addresses.is_empty() => {
                        write!(f, "no vantage of the plan holds an address of this machine (it has none); ")?;
                    }
                    [] => write!(f, "no vantage of the plan holds an address of this machine ({seen}); ")?,
                    several => write!(
                        f,
                        "this machine's addresses ({seen}) lie in several vantages: {}; ",
                        several.join(", ")
                    )?,
                }
                write!(f, "say which one it is with --vantage NAME, one of {}", known.join(", "))
            }
        }
    }
}

impl std::error::Error for EstateError {}

impl Grounds {
    /// Takes up a vantage: the one that is named, or the one whose prefixes hold an address of this machine.
    pub fn new(plan: Plan, catalog: Catalog, named: Option<&str>, own: &[IpAddr]) -> Result<Self, EstateError> {
        let known = || plan.vantages.iter().map(|v| v.name.to_string()).collect();
        let vantage = match named {
            Some(name) => plan
                .vantage(name)
                .map(|v| v.name.clone())
                .ok_or_else(|| EstateError::UnknownVantage { asked: name.to_owned(), known: known() })?,
            None => {
                let holds = |v: &&Vantage| v.within.iter().any(|net: &IpNet| own.iter().any(|a| net.contains(a)));
                let matched: Vec<&Vantage> = plan.vantages.iter().filter(holds).collect();
                let [one] = matched.as_slice() else {
                    let matched = matched.iter().map(|v| v.name.to_string()).collect();
                    return Err(EstateError::NotOneVantage { matched, addresses: own.to_vec(), known: known() });
                };
                one.name.clone()
            }
        };
        Ok(Self { plan, catalog, vantage })
    }
}

/// One check: what to look at, and where its case stands in the plan.
pub struct Work {
    pub name: CheckName,
    pub subject: Subject,
    target: usize,
    endpoint: usize,
}

/// What is known of a check before a look.
#[derive(Debug, Default)]
pub struct Before {
    /// A follow-up that was answered is not asked again while nothing changes.
    pub facts: Option<Arc<Facts>>,
    /// Then a public answer is no news, and is not looked at twice.
    pub incident_open: bool,
}

/// Why a check is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// In a row of looks, where one public answer opens an incident if it comes twice.
    Watching,
    /// Once.
    Once,
    /// Once, by somebody who asks why: what tells a cause is asked whatever the claim.
    Curious,
}

/// The grounds, worked out.
pub struct Estate {
    pub grounds: Grounds,
    pub lens: Lens,
    pub works: Vec<Arc<Work>>,
    pub header: Arc<Header>,
    /// How alerts are sent; nobody but `run` sends any.
    pub post: Option<Arc<Post>>,
    around: Around,
    briefs: Briefs,
}

impl Estate {
    pub fn new(grounds: Grounds, lens: Lens, today: Date) -> Self {
        let header = Arc::new(header(&grounds));
        let works = works(&grounds, today);
        let around = Around { azure: azure(&grounds.plan, lens.net.is_in_azure()), zones: zones(&grounds) };
        Self { grounds, lens, works, header, post: None, around, briefs: Briefs::default() }
    }

    pub fn vantage(&self) -> &Vantage {
        let plan = &self.grounds.plan;
        // The vantage was found in this plan when the grounds were taken up.
        plan.vantage(self.grounds.vantage.as_str()).unwrap_or(&plan.vantages[0])
    }

    /// Looks at the vantage's named witness, where it has one.
    pub async fn look_at_witness(&self) -> Option<WitnessFacts> {
        let vantage = self.vantage();
        let named = vantage.witness.as_ref()?;
        let plan = &self.grounds.plan;
        let resolvers = resolvers_of(plan, vantage);
        let limit = plan.settings.timeout;
        Some(look_at_witness(&self.lens, named, &resolvers, vantage.uses_host(), &plan.networks, limit).await)
    }

    /// The case of a work on a day; exceptions may change it from day to day.
    pub fn case(&self, work: &Work, day: Date) -> Option<Case<'_>> {
        let plan = &self.grounds.plan;
        let vantage = self.vantage();
        let target = &plan.targets[work.target];
        let decision = plan.decide(vantage, target, day)?;
        Some(Case { vantage, target, endpoint: &target.endpoints[work.endpoint], decision })
    }

    /// Whether a check is looked at on a day; `claim: none` covers it without looking.
    pub fn is_looked_at(&self, work: &Work, day: Date) -> bool {
        self.claims(work, day).is_some_and(|claim| *claim != Claim::None)
    }

    /// Holds facts against what the plan says of a check on a day; nothing, where it is not looked at. `stale` says why
    /// the newest plan could not be read, where it could not.
    pub fn judge(
        &self,
        work: &Work,
        facts: &Facts,
        witness: &Witnessing,
        day: Date,
        stale: Option<&str>,
    ) -> Option<Judgement> {
        Some(judge(&self.asked(work, day, stale)?, facts, witness))
    }

    /// Looks at a check. Where something is off, it asks what tells the cause, and beside it looks again at public answers
    /// that are news; both within one timeout.
    pub async fn examine(&self, work: &Work, before: &Before, day: Date, interest: Interest) -> Facts {
        let mut facts = look(&self.lens, &work.subject).await;
        let Some(asked) = self.asked(work, day, None) else { return facts };
        let wanted = inquiries(&asked, &facts, interest == Interest::Curious);
        let follow_up = async {
            if wanted.is_empty() {
                return None;
            }
            let known = known(before.facts.as_deref(), &facts);
            Some(Box::new(follow_up(&self.lens, &work.subject, &facts.names, &wanted, &known).await))
        };
        let is_news = interest == Interest::Watching && *asked.claim == Claim::Private && !before.incident_open;
        let second_look = async {
            if !is_news {
                return None;
            }
            look_again(&self.lens, &work.subject, &facts.names).await.map(Box::new)
        };
        (facts.follow_up, facts.second_look) = tokio::join!(follow_up, second_look);
        facts
    }

    /// What is asked of the facts of a check on a day; nothing, where it is not looked at.
    fn asked<'e>(&'e self, work: &Work, day: Date, stale: Option<&'e str>) -> Option<Asked<'e>> {
        let plan = &self.grounds.plan;
        let case = self.case(work, day).filter(|case| *case.decision.claim() != Claim::None)?;
        Some(Asked {
            claim: case.decision.claim(),
            target: case.target,
            endpoint: case.endpoint,
            service: self.grounds.catalog.service(&case.target.service)?,
            networks: &plan.networks,
            around: &self.around,
            terms: Terms {
                today: day,
                rule: &case.decision.rule.claim,
                exception: case.decision.exception,
                lapsed: plan.lapsed(case.vantage, case.target, day),
                stale,
            },
        })
    }

    /// The target and the endpoint of a work.
    pub fn place(&self, work: &Work) -> (&Target, &Endpoint) {
        let target = &self.grounds.plan.targets[work.target];
        (target, &target.endpoints[work.endpoint])
    }

    /// How a check shows itself today.
    pub fn face(&self, work: &Work, day: Date) -> Face {
        let (target, endpoint) = self.place(work);
        let case = self.case(work, day);
        let decision = case.map(|case| case.decision);
        Face {
            check: work.name.clone(),
            target: target.name.clone(),
            endpoint: endpoint.host.clone(),
            claim: decision.map_or("none", |d| d.claim().word()),
            rule: decision.map(|d| d.rule.name.clone()).unwrap_or_default(),
            exception: decision.and_then(|d| d.exception).map(|e| e.name.to_string()),
            owner: target.owner.clone().unwrap_or_default(),
            environment: target.environment.clone().unwrap_or_default(),
            expected: endpoint.expected.clone(),
            brief: self.briefs.get(self.brief(work, day)),
        }
    }

    pub fn claims(&self, work: &Work, day: Date) -> Option<&Claim> {
        self.case(work, day).map(|case| case.decision.claim())
    }

    /// By what a check is followed over time.
    pub fn terms(&self, work: &Work, day: Date) -> standing::Terms {
        let (settings, longest) = (&self.grounds.plan.settings, self.witness_lasts());
        let private = self.claims(work, day) == Some(&Claim::Private);
        standing::Terms { confirm: settings.confirm, recover: settings.recover, private, longest }
    }

    /// How long a witness's success stands for others: one round, and the time its look and theirs may take.
    pub fn witness_lasts(&self) -> Duration {
        let settings = &self.grounds.plan.settings;
        settings.every + settings.timeout * 4
    }
}

/// A resolver of Azure's own that may be asked when something is off: one that the plan names, or the platform's where
/// this machine runs in Azure. Nobody else is ever sent a question to 168.63.129.16, also where the plan names it for
/// other vantages: outside of Azure it is an address on the internet.
pub(super) fn azure(plan: &Plan, in_azure: bool) -> Option<Resolver> {
    let is_platform = |resolver: &Resolver| resolver.address.ip().to_canonical() == IpAddr::from(AZURE_PLATFORM);
    let may_be_asked = |resolver: &&Resolver| resolver.view == View::Azure && (in_azure || !is_platform(resolver));
    let named = plan.resolvers.iter().find(may_be_asked).cloned();
    named.or_else(|| {
        let address = SocketAddr::new(AZURE_PLATFORM.into(), 53);
        in_azure.then(|| Resolver { name: ResolverName::new("azure-platform"), address, view: View::Azure })
    })
}

/// The privatelink zones of all targets, each once, in the order of the plan.
fn zones(grounds: &Grounds) -> Vec<HostName> {
    let mut zones: Vec<HostName> = Vec::new();
    for target in &grounds.plan.targets {
        let Some(service) = grounds.catalog.service(&target.service) else { continue };
        for zone in target.endpoints.iter().flat_map(|endpoint| service.zones_of(&endpoint.host)) {
            let zone = HostName::from_wire(zone);
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
    }
    zones
}

fn works(grounds: &Grounds, today: Date) -> Vec<Arc<Work>> {
    let plan = &grounds.plan;
    let Some(vantage) = plan.vantage(grounds.vantage.as_str()) else { return Vec::new() };
    let mut works = Vec::new();
    for (target_at, target) in plan.targets.iter().enumerate() {
        let Some(decision) = plan.decide(vantage, target, today) else { continue };
        // A pair that is covered by `none` is not looked at, unless an exception could change that on another day.
        let lasting = plan.exceptions.iter().filter(|e| e.ends >= today);
        let excepted = lasting.into_iter().any(|e| e.from.matches(vantage) && e.to.matches(target));
        if *decision.claim() == Claim::None && !excepted {
            continue;
        }
        let Some(service) = grounds.catalog.service(&target.service) else { continue };
        for (endpoint_at, endpoint) in target.endpoints.iter().enumerate() {
            let case = Case { vantage, target, endpoint, decision };
            let subject = subject_of(plan, &case, service);
            works.push(Arc::new(Work { name: case.name(), subject, target: target_at, endpoint: endpoint_at }));
        }
    }
    works
}

fn header(grounds: &Grounds) -> Header {
    let plan = &grounds.plan;
    let face = |vantage: &Vantage| VantageFace {
        name: vantage.name.to_string(),
        kind: vantage.kind.to_string(),
        owner: vantage.owner.clone().unwrap_or_default(),
    };
    let exception = |exception: &Exception| ExceptionFace {
        name: exception.name.to_string(),
        owner: exception.owner.clone(),
        approved_by: exception.approved_by.clone(),
        reason: exception.reason.clone(),
        claim: exception.claim.word(),
        begins: exception.begins,
        ends: exception.ends,
        // The last day of the calendar, nine thousand years from now, has no end.
        ends_at: end_of(exception.ends).unwrap_or(Timestamp::MAX),
    };
    let vantages: Vec<VantageFace> = plan.vantages.iter().map(face).collect();
    Header {
        plan: plan.name.clone(),
        plan_hash: plan.hash.clone(),
        vantage: plan.vantage(grounds.vantage.as_str()).map_or_else(|| vantages[0].clone(), face),
        exceptions: plan.exceptions.iter().map(exception).collect(),
        round: plan.settings.every,
        vantages,
    }
}

/// The end of a day, 24:00 UTC.
pub(super) fn end_of(day: Date) -> Option<Timestamp> {
    start_of(day.tomorrow().ok()?)
}

/// The beginning of a day, 00:00 UTC.
pub(super) fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// What a named witness is called on the board and in metrics.
pub fn witness_name(witness: &crate::plan::Witness) -> String {
    let resolve = witness.resolve.as_ref().map(|name: &HostName| format!("resolve:{name}"));
    let connect = witness.connect.as_ref().map(|(host, port)| format!("connect:{host}:{port}"));
    [resolve, connect].into_iter().flatten().collect::<Vec<_>>().join(",")
}
