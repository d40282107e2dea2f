//! A word of a closed list as a saved report has it: a newer version may have said one that this one does not know.

use crate::judge::{Cause, Code, Confidence, PublicFallback, Severity, Side, Verdict};
use serde::de::value::Error;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

/// A closed list, each of whose words is written in one way.
pub trait Listed: Copy {
    fn listed(self) -> &'static str;
}

macro_rules! listed {
    ($($list:ident)*) => {$(
        impl Listed for $list {
            fn listed(self) -> &'static str {
                self.word()
            }
        }
    )*};
}

listed! { Code Severity Side Cause Confidence Verdict PublicFallback }

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Word<T> {
    Known(T),
    Newer(String),
}

impl<T: Listed> Word<T> {
    pub const fn known(&self) -> Option<T> {
        match self {
            Self::Known(known) => Some(*known),
            Self::Newer(_) => None,
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Self::Known(known) => known.listed(),
            Self::Newer(newer) => newer,
        }
    }
}

impl Word<Cause> {
    /// What the cause is, as a clause; of one that is not known, its word.
    pub fn summary(&self) -> &str {
        match self {
            Self::Known(cause) => cause.summary(),
            Self::Newer(word) => word,
        }
    }
}

impl<T: Listed + PartialEq> PartialEq<T> for Word<T> {
    fn eq(&self, other: &T) -> bool {
        self.known().as_ref() == Some(other)
    }
}

impl<T> From<T> for Word<T> {
    fn from(known: T) -> Self {
        Self::Known(known)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        let known: Result<T, Error> = T::deserialize(word.as_str().into_deserializer());
        Ok(known.map_or(Self::Newer(word), Self::Known))
    }
}
