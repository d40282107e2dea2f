//! The plan of a running agent, from its start on.

use super::args::{Place, Run};
use super::supply::{self, Files};
use super::{Fault, load};
use crate::agent::{Asked, Estate, PlanSource, Refresh};
use crate::plan::parse_time;
use crate::publish::Door;
use crate::source::{Content, Origin, Pace, Supply};
use jiff::Timestamp;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a file or a folder is read again: so seldom that it costs nothing, so often that nobody waits for it.
const EVERY_OF_FILES: Duration = Duration::from_secs(30);

/// How often a server is asked.
const EVERY_OF_ADDRESSES: Duration = Duration::from_secs(300);

/// Follows one plan.
pub struct Follower {
    place: Place,
    /// Before the agent's HTTP, and where that listens.
    door: Arc<Door>,
    listen: SocketAddr,
    supply: Supply,
    pace: Option<Pace>,
    behind: Mutex<Behind>,
}

/// How far the plan in force is from the newest one.
#[derive(Clone, Copy, Default)]
struct Behind {
    /// Of when the copy is that the agent began with, as long as it goes by it.
    copy_of: Option<Timestamp>,
    /// Whether something else than the text was wrong when it was read last: a secret, a certificate, an address.
    beside_the_text: bool,
}

impl Follower {
    /// `folder` is the folder of the state, where there is one.
    pub fn new(command: &Run, door: Arc<Door>, folder: Option<&Path>) -> Result<Self, Fault> {
        let place = command.place.clone();
        let supply = supply::supply(&place.plan, &place.pinned, folder)?;
        let pace = pace(command.plan_refresh.as_deref(), &supply)?;
        let is_far = match supply.origin() {
            Origin::Address(_) => true,
            Origin::Stdin | Origin::Path(_) => false,
        };
        if is_far && folder.is_none() {
            tracing::warn!(
                "no folder for a copy of the plan: without its server the agent cannot start; name one with --state"
            );
        }
        Ok(Self { place, door, listen: command.listen, supply, pace, behind: Mutex::default() })
    }

    /// What to begin with: the newest plan, or else the copy of the last good one.
    pub async fn begin(&self) -> Result<(Estate, Refresh), Fault> {
        let copy = self.supply.copy().await;
        let newest = match self.supply.get_patiently(copy.is_some()).await {
            Ok(got) => self.estate(&got.content).map(|estate| (estate, got)),
            Err(trouble) => Err(Fault(trouble.why)),
        };
        let Fault(why) = match newest {
            Ok((estate, got)) => {
                self.supply.accept(&got).await;
                return Ok((estate, Refresh { pace: self.pace, behind: None }));
            }
            Err(why) => why,
        };
        let copy = copy.and_then(|(got, of)| Some((self.estate(&got.content).ok()?, of)));
        let Some((estate, of)) = copy else { return Err(Fault(why)) };
        self.change(|behind| behind.copy_of = Some(of));
        Ok((estate, Refresh { pace: self.pace, behind: Some((self.told(why), of)) }))
    }

    /// Reads the plan again whenever the agent asks for it.
    pub fn source(self: Arc<Self>) -> PlanSource {
        Box::new(move |asked| {
            let follower = Arc::clone(&self);
            Box::pin(async move { follower.again(asked).await.map_err(|Fault(why)| follower.told(why)) })
        })
    }

    async fn again(&self, asked: Asked) -> Result<Option<Estate>, Fault> {
        match asked {
            // Whoever orders the plan to be read again means everything that can be.
            Asked::ByOrder => self.door.reread(),
            Asked::ByTime => {}
        }
        let got = self.supply.get().await.map_err(|trouble| Fault(trouble.why))?;
        let estate = if asked == Asked::ByOrder || got.is_news || self.behind().beside_the_text {
            let read = self.estate(&got.content);
            self.change(|behind| behind.beside_the_text = read.is_err() && !got.is_news);
            Some(read?)
        } else {
            None
        };
        self.supply.accept(&got).await;
        self.change(|behind| behind.copy_of = None);
        Ok(estate)
    }

    fn estate(&self, content: &Content) -> Result<Estate, Fault> {
        let catalog = load::catalog(&self.place.catalog)?;
        let plan = supply::read(self.supply.origin(), content, &catalog)?;
        let files = Files::of(self.supply.origin(), &self.place.pinned);
        let page = format!("{}://{}", self.door.scheme(), self.listen);
        load::watching_estate((plan, catalog), &files, &self.place, &page)
    }

    fn behind(&self) -> Behind {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, by: impl FnOnce(&mut Behind)) {
        by(&mut self.behind.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whoever goes by a copy says so.
    fn told(&self, why: String) -> String {
        match self.behind().copy_of {
            Some(of) => format!("the plan is the copy of {}: {why}", of.strftime("%F %T UTC")),
            None => why,
        }
    }
}

fn pace(asked: Option<&str>, supply: &Supply) -> Result<Option<Pace>, Fault> {
    let usual = match supply.origin() {
        Origin::Stdin | Origin::Path(_) => EVERY_OF_FILES,
        Origin::Address(_) => EVERY_OF_ADDRESSES,
    };
    let (shortest, longest) = Pace::BOUNDS;
    let every = match asked {
        None => Some(usual),
        Some("never") => None,
        Some(text) => {
            let every = parse_time(text).filter(|every| (shortest..=longest).contains(every));
            Some(every.ok_or_else(|| {
                Fault(format!("--plan-refresh `{text}`: write a time from 1s to 1d, such as 30s or 5m, or never"))
            })?)
        }
    };
    Ok(every.filter(|_| supply.can_change()).map(|every| Pace { every }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Pin;

    #[test]
    fn the_usual_times_can_be_changed_and_left_out() {
        let seconds = |asked, named: &str| {
            let supply = Supply::new(Origin::parse(Path::new(named)).unwrap(), Pin::None, None, None);
            pace(asked, &supply).map(|pace| pace.map(|pace| pace.every.as_secs())).map_err(|Fault(why)| why)
        };
        for (asked, named, every) in [
            (None, "Cargo.toml", Some(30)),
            (None, "src", Some(30)),
            (None, "https://h/p", Some(300)),
            (None, "-", None),
            (Some("1s"), "-", None),
            (Some("1s"), "src", Some(1)),
            (Some("1d"), "https://h/p", Some(86_400)),
            (Some("never"), "src", None),
            (Some("never"), "https://h/p", None),
        ] {
            assert_eq!(seconds(asked, named), Ok(every), "{asked:?} {named}");
        }
        for bad in ["", "0s", "999ms", "25h", "2d", "soon", "Never", "30"] {
            assert!(seconds(Some(bad), "src").is_err_and(|why| why.contains("--plan-refresh")), "{bad}");
        }
    }
}
