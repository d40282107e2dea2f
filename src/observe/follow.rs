//! The follow-up questions of a look that found something off: all at once, each with its own outcome.

use super::look::Subject;
use super::{Lens, dns};
use crate::clock;
use crate::facts::{FollowUp, Inquired, Inquiries, Inquiry, MachineFacts, NameFacts, Purpose};
use crate::plan::HostName;
use futures_util::future::join_all;
use std::sync::Arc;

/// How many domains of the search list are tried; glibc itself takes six, before 2.26 and after it any number.
const MOST_DOMAINS: usize = 6;

/// How many of the machine's own resolvers are asked for names of the search list.
const MOST_SEARCHED: usize = 2;

/// Asks what is not `known` yet; ends within one timeout, as all questions leave together.
pub async fn follow_up(
    lens: &Lens,
    subject: &Subject,
    names: &NameFacts,
    wanted: &Inquiries,
    known: &[Arc<Inquired>],
) -> FollowUp {
    let machine = wanted.machine.then(|| lens.net.machine(&subject.host_name));
    let longer = machine.as_ref().map(|machine| searched(subject, names, machine)).unwrap_or_default();
    let questions = wanted.questions.iter().chain(&longer);
    let inquired = join_all(questions.map(|inquiry| async move {
        match known.iter().find(|known| known.inquiry == *inquiry) {
            Some(known) => Arc::clone(known),
            None => Arc::new(ask(lens, subject, inquiry).await),
        }
    }))
    .await;
    FollowUp { inquired, machine }
}

async fn ask(lens: &Lens, subject: &Subject, inquiry: &Inquiry) -> Inquired {
    let at = clock::now();
    let (took, outcome) = dns::inquire(lens, inquiry, subject.timeout).await;
    Inquired { inquiry: inquiry.clone(), at, took, outcome }
}

/// The name with each domain of the search list behind it, at the machine's own resolvers.
fn searched(subject: &Subject, names: &NameFacts, machine: &MachineFacts) -> Vec<Inquiry> {
    let own = names.resolvers.iter().filter(|resolver| resolver.configured).take(MOST_SEARCHED);
    let domains = machine.search.iter().take(MOST_DOMAINS);
    let all = own.flat_map(|resolver| domains.clone().map(move |domain| (resolver, domain)));
    all.map(|(resolver, domain)| Inquiry {
        purpose: Purpose::SearchSuffix,
        resolver: resolver.resolver.clone(),
        server: resolver.server,
        name: HostName::from_wire(&format!("{}.{domain}", subject.host_name)),
    })
    .collect()
}
