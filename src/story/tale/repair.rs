//! What to do about it: whose job it is, the cause, the first thing to try, and how to see that it helped.

use super::leads::{Lead, Leads};
use super::lines::{Lines, listed};
use super::{class_of, has_public_side};
use crate::facts::Answer;
use crate::judge::{Cause, Code, Confidence, PublicFallback, Side, Verdict};
use crate::plan::AddressClass;
use crate::story::{Brief, Expectation, Record, Told, Word};

const CLOSE: &str = "Ask the owner, then switch public access off: `az resource update --ids ACCOUNT_ID --set \
                     properties.publicNetworkAccess=Disabled`";

/// Where the finding that decides lies, in words.
pub fn place(record: &Record<'_>, leads: &Leads) -> Option<String> {
    let first = record.findings.first()?;
    let names = Names::of(record, leads);
    let resolver = match names.who.as_slice() {
        [] => "the resolver, and where it forwards to".to_owned(),
        [one] => format!("the resolver {one}, and where it forwards to"),
        many => format!("the resolvers {}, and where they forward to", listed(many)),
    };
    let code = first.code.known();
    let zone = match (code, names.suffix, names.zone) {
        (Some(Code::ZoneShadowed), Some(suffix), _) => format!("the private DNS zone {suffix}, and its links"),
        (_, _, Some(zone)) => format!("the private DNS zone {zone}, and its links"),
        (_, _, None) => "the DNS zone of the name".to_owned(),
    };
    let is_mute = matches!(code, Some(Code::ResolverSilent | Code::ResolverRefused)) && names.who.len() == 1;
    let is_open = first.cause.as_ref().is_some_and(|cause| *cause == Cause::Undetermined);
    Some(match first.side.known()? {
        Side::Zone if is_open => format!("{zone}; or {resolver}: this look does not tell which"),
        Side::Zone => zone,
        Side::Resolver if is_mute => {
            format!("{}, or the way to it", resolver.split(',').next().unwrap_or(&resolver))
        }
        Side::Resolver => resolver,
        Side::Path => "the path: routes, firewalls, proxies".to_owned(),
        Side::Service => "the service: its account and network rules".to_owned(),
        Side::Agent => "this machine".to_owned(),
        Side::Plan => "the plan".to_owned(),
    })
}

/// The cause and the first thing to try, of the finding that decides.
pub fn tell(record: &Record<'_>, leads: &Leads, lines: &mut Lines) {
    if record.brief.is_some_and(|brief| brief.expectation == Expectation::AnyPrivate) {
        lines.say(0, "No plan names the expected address, so any private one passes.");
    }
    let Some(first) = record.findings.first() else { return };
    let names = Names::of(record, leads);
    lines.blank();
    if let Some(cause) = &first.cause {
        let code = first.code.known();
        let public = matches!(code, Some(Code::PublicAnswer | Code::MixedAnswer | Code::PublicIpv6Answer));
        let is_of_names = public && !names.who.is_empty();
        let at = if is_of_names { format!(", at {}", listed(&names.who)) } else { String::new() };
        let filled = names.filled(cause.summary(), cause.known());
        let text = match &first.confidence {
            Some(Word::Known(Confidence::Certain)) => format!("certain{at}: {filled}."),
            Some(Word::Known(Confidence::Inferred)) | None => format!("inferred{at}: {filled}."),
            Some(Word::Newer(word)) => format!("{word}{at}: {filled}."),
            Some(Word::Known(Confidence::Undetermined)) => {
                format!("undetermined{at}: what was seen fits more than one cause{}.", names.beside())
            }
        };
        lines.beside(0, "cause", 9, &text);
    } else {
        // That a proxy carried the request is not yet what is wrong with it.
        let seen = first.evidence.first().filter(|_| first.code != Code::ProxyGoesPublic);
        let seen = seen.map_or(first.sentence(), String::as_str);
        let word = if record.verdict == Some(Verdict::Holds) { "note" } else { "why" };
        lines.beside(0, word, 9, &format!("{} ({})", seen.trim_end_matches('.'), first.code.word()));
    }
    lines.beside(0, "try", 9, &first_try(record, first, &names));
    if let Some(after) = after(record) {
        lines.beside(0, "after", 9, &after);
    }
}

/// Where data can leave now, the public side is closed first, whatever the cause.
fn first_try(record: &Record<'_>, first: &Told, names: &Names<'_>) -> String {
    let cause = first.cause.as_ref().and_then(Word::known);
    let own = cause.map_or_else(|| first.first_try.clone(), |cause| names.filled(&first.first_try, Some(cause)));
    let is_leaking = record.fallback == Some(PublicFallback::Usable) && record.verdict == Some(Verdict::Broken);
    if !is_leaking || record.claim == "public" || !has_public_side(record) {
        return own;
    }
    let is_of_names = matches!(first.side.known(), Some(Side::Zone | Side::Resolver | Side::Agent));
    let then = if is_of_names { "then mend the name" } else { "then" };
    format!("{CLOSE}; {then}: {own}")
}

/// How to see that it helped, and how long clients may go on as before.
fn after(record: &Record<'_>) -> Option<String> {
    let is_to_mend = matches!(record.verdict, Some(Verdict::Broken | Verdict::Unknown));
    let options = match record.brief.map(|brief| (brief.expectation, brief)) {
        Some((Expectation::Plan, _)) | None => format!(" --plan PLAN --vantage {}", record.vantage),
        Some((Expectation::Given, brief)) => {
            let expected = brief.expected.iter().map(|net| format!(" --expect {net}"));
            format!("{}{}", planless(brief), expected.collect::<String>())
        }
        Some((Expectation::AnyPrivate, brief)) => planless(brief),
    };
    let again = format!("Look again: `fencepost explain{options} {}`.", record.endpoint);
    let ttl = longest(record).filter(|_| record.claim == "private");
    let kept = ttl
        .map(|ttl| format!(" Clients and resolvers keep an alias for at most its TTL, here {ttl} s."))
        .unwrap_or_default();
    is_to_mend.then(|| format!("{again}{kept}"))
}

/// The options of a look without a plan.
fn planless(brief: &Brief) -> String {
    let resolvers = brief.resolvers.iter().map(|resolver| format!(" --resolver {}", resolver.address));
    let port = (brief.port != 443).then(|| format!(" --port {}", brief.port));
    let trust = brief.trust.as_ref().map(|file| format!(" --trust {file}"));
    resolvers.chain(port).chain(trust).collect()
}

/// The longest TTL of the answers with a public address.
fn longest(record: &Record<'_>) -> Option<u32> {
    let resolvers = record.facts.map(|facts| facts.names.resolvers.as_slice()).unwrap_or_default();
    let private = resolvers.iter().filter(|resolver| resolver.view.is_private());
    let answers = private.flat_map(|resolver| resolver.lookups()).filter_map(|lookup| lookup.answer());
    let is_public =
        |answer: &&Answer| answer.addresses.iter().any(|address| class_of(record, *address) == AddressClass::Public);
    let ttls = |answer: &Answer| answer.chain.iter().map(|hop| hop.ttl).chain(answer.ttl).collect::<Vec<_>>();
    answers.filter(is_public).flat_map(ttls).max()
}

/// What the general words of a cause stand for here.
struct Names<'r> {
    zone: Option<&'r str>,
    suffix: Option<&'r str>,
    /// The resolvers that lead to the public side, or else not to the private endpoint.
    who: Vec<&'r str>,
}

impl<'r> Names<'r> {
    fn of(record: &Record<'r>, leads: &'r Leads) -> Self {
        let public = leads.at(Lead::is_public);
        let who = if public.is_empty() { leads.at(|lead| lead != Lead::Private) } else { public };
        let brief = record.brief;
        Self {
            zone: brief.and_then(|brief| brief.zones.first()).map(|zone| zone.as_str()),
            suffix: brief.and_then(|brief| brief.suffix.as_ref()).map(|suffix| suffix.as_str()),
            who,
        }
    }

    /// A sentence about a cause with the zone, the suffix and the resolvers in it.
    fn filled(&self, text: &str, cause: Option<Cause>) -> String {
        let mut text = text.to_owned();
        if !cause.is_some_and(is_of_zones) {
            return text;
        }
        if let Some(zone) = self.zone {
            for (general, named) in [
                ("no private zone answers", format!("no private zone {zone} answers")),
                ("the private zone is asked", format!("the private zone {zone} is asked")),
                ("the private zone itself", format!("the private zone {zone} itself")),
                ("that holds the zone", format!("that holds the zone {zone}")),
                ("whether the zone", format!("whether the zone {zone}")),
                ("linked to the zone", format!("linked to the zone {zone}")),
                ("in the private zone", format!("in the private zone {zone}")),
                ("Restore the record:", format!("Restore the record in the zone {zone}:")),
                ("only the privatelink suffix", format!("only the suffix {zone}")),
            ] {
                text = text.replace(general, &named);
            }
        }
        if let Some(suffix) = self.suffix {
            text = text.replace("forward the public suffix", &format!("forward the public suffix {suffix}"));
            if let Some(zone) = self.zone {
                let example = ": openai.azure.com instead of privatelink.openai.azure.com,";
                text = text.replace(example, &format!(": {suffix} instead of {zone},"));
            }
        }
        if !self.who.is_empty() {
            let (who, ask) = (listed(&self.who), if self.who.len() == 1 { "asks" } else { "ask" });
            text = text.replace("that virtual network", &format!("the virtual network that {who} {ask} from"));
            if self.who.len() == 1 {
                text = text.replace("the resolver with the public answer forwards", &format!("{who} forwards"));
            }
            text = text.replace("On this resolver,", &format!("On {who},"));
            text =
                text.replace("the network that the resolver asks from", &format!("the network that {who} {ask} from"));
        }
        let names = [self.zone, self.suffix].into_iter().flatten();
        if names.into_iter().any(|name| text.contains(name)) { text } else { self.at_the_end(text) }
    }

    fn at_the_end(&self, text: String) -> String {
        match text.strip_suffix('.') {
            Some(text) => format!("{text}{}.", self.beside()),
            None => format!("{text}{}", self.beside()),
        }
    }

    /// ` (zone privatelink.openai.azure.com, suffix openai.azure.com)`.
    fn beside(&self) -> String {
        let zone = self.zone.map(|zone| format!("zone {zone}"));
        let suffix = self.suffix.map(|suffix| format!("suffix {suffix}"));
        let words: Vec<String> = zone.into_iter().chain(suffix).collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    }
}

/// Whether the words of a cause speak of a zone or a suffix.
const fn is_of_zones(cause: Cause) -> bool {
    match cause {
        Cause::ZoneNotLinked
        | Cause::RecordMissingWithRedirect
        | Cause::ForwarderBypassesAzure
        | Cause::PrivatelinkOnlyForwarder
        | Cause::PublicRecordInZone
        | Cause::Undetermined => true,
        Cause::NoPrivateEndpoint | Cause::HostsFile | Cause::PublicAccessOn | Cause::PathOpen => false,
    }
}
