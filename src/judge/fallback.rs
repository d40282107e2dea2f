//! Public fallback: a state of its own on every check, whatever the claim.

use super::path::{End, Reading};
use super::{Asked, names};
use crate::facts::{Lookup, NameFacts, OsOutcome, Rcode};
use crate::plan::AddressClass;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicFallback {
    /// No public answer, and the public side is closed or was not examined.
    None,
    /// No public answer, but the public side is open: one DNS fault away from leaking.
    Latent,
    /// Public answers from some or all resolvers, but the public side is closed.
    Answered,
    /// Public answers, and the public side is open: data can leave over the internet now.
    Usable,
    /// No public answer was seen, but not every resolver of the private view told for both families.
    Unknown,
}

impl PublicFallback {
    pub const ALL: [Self; 5] = [Self::None, Self::Latent, Self::Answered, Self::Usable, Self::Unknown];

    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Latent => "latent",
            Self::Answered => "answered",
            Self::Usable => "usable",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether an application here may be given a public address.
pub fn is_public(asked: &Asked<'_>, seen: &NameFacts) -> bool {
    names::answered(seen).into_iter().any(|address| asked.class(address) == AddressClass::Public)
}

pub fn state(asked: &Asked<'_>, names_seen: &NameFacts, paths: &[Reading]) -> PublicFallback {
    let answered_publicly = is_public(asked, names_seen);
    let open = paths.iter().any(|path| path.class == AddressClass::Public && path.end == End::Open);
    let told = |lookup: &Lookup| {
        lookup.answer().is_some_and(|answer| matches!(answer.rcode, Rcode::NO_ERROR | Rcode::NAME_ERROR))
    };
    let mut resolvers = names::private_view(names_seen).peekable();
    let os_told = matches!(names_seen.os.as_ref().map(|os| &os.outcome), Some(OsOutcome::Addresses(_)));
    let examined = match resolvers.peek() {
        Some(_) => resolvers.all(|resolver| resolver.lookups().into_iter().all(told)),
        None => os_told,
    };
    match (answered_publicly, open) {
        (true, true) => PublicFallback::Usable,
        (true, false) => PublicFallback::Answered,
        (false, true) if examined => PublicFallback::Latent,
        (false, false) if examined => PublicFallback::None,
        (false, _) => PublicFallback::Unknown,
    }
}
