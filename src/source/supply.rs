//! One plan's source over the time that a command runs: what is in force, and whether there is something newer.

use super::copy::{Copies, Kept};
use super::fetch::{Fetched, Fetcher, Validators};
use super::local::{Disk, LONGEST_SIGNATURE, Written, is_lasting, once};
use super::origin::Address;
use super::{Content, Origin, Pin, Trouble};
use crate::clock;
use crate::plan::LARGEST_PLAN;
use jiff::Timestamp;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How often a server is asked at start-up before there is no plan, where what is wrong may pass.
const ATTEMPTS_AT_START: u32 = 4;

/// The longest that all of them together may take; service managers wait 90 s for a start.
const LONGEST_START: Duration = Duration::from_secs(60);

/// The wait after the first of them; it doubles.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// A plan and its signature are two documents; what else is fetched must fit into their time.
const DOCUMENTS_AT_MOST: u32 = 2;

/// What is written now.
#[derive(Clone)]
pub struct Got {
    pub content: Arc<Content>,
    /// Whether it is other than what was accepted last.
    pub is_news: bool,
    signature: Option<String>,
    validators: Validators,
    signed: Option<u64>,
}

/// What was accepted last.
#[derive(Clone, Default)]
struct Known {
    content: Option<Arc<Content>>,
    validators: Validators,
    /// When the newest plan that was accepted was signed, as seconds since 1970.
    newest: Option<u64>,
}

/// Where a plan comes from, and what is known of it.
pub struct Supply {
    origin: Origin,
    pin: Pin,
    /// Where the plan has an address.
    fetcher: Option<Fetcher>,
    copies: Option<Copies>,
    /// Whether it can be read as often as one likes.
    lasts: bool,
    disk: Disk,
    known: Mutex<Known>,
}

impl Supply {
    /// `folder` is where the copy of a plan with an address is kept.
    pub fn new(origin: Origin, pin: Pin, fetcher: Option<Fetcher>, folder: Option<&Path>) -> Self {
        let copies = match &origin {
            Origin::Address(address) => folder.map(|folder| Copies::new(folder, address)),
            Origin::Stdin | Origin::Path(_) => None,
        };
        let lasts = match &origin {
            Origin::Stdin => false,
            Origin::Path(path) => is_lasting(path),
            Origin::Address(_) => true,
        };
        Self { origin, pin, fetcher, copies, lasts, disk: Disk::default(), known: Mutex::default() }
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether it makes sense to look for something newer.
    pub fn can_change(&self) -> bool {
        self.lasts
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is written now, held against the pin. It is not in force before it is accepted.
    pub async fn get(&self) -> Result<Got, Trouble> {
        let known = self.known();
        let got = match (&self.origin, &self.fetcher) {
            (Origin::Address(address), Some(fetcher)) => {
                let fetched = self.fetched(fetcher, address, &known);
                let ended = tokio::time::timeout(fetcher.limit() * DOCUMENTS_AT_MOST, fetched).await;
                ended.unwrap_or_else(|_| Err(fetcher.too_late()))
            }
            (Origin::Address(_), None) => Err(Trouble::lasting("there is nothing to fetch it with")),
            (Origin::Path(path), _) if self.lasts => {
                let written = self.disk.settled(path, self.pin.needs_signature(), known.content.as_deref()).await;
                written.and_then(|written| self.held(written, Validators::default(), &known))
            }
            (Origin::Path(path), _) => self.of_a_pipe(Some(path), &known),
            (Origin::Stdin, _) => self.of_a_pipe(None, &known),
        };
        got.map_err(|Trouble { why, may_pass }| Trouble { why: format!("{}: {why}", self.origin), may_pass })
    }

    /// As [`Supply::get`], but where something is wrong that may pass, again a few times. With a copy in hand nobody waits.
    pub async fn get_patiently(&self, has_copy: bool) -> Result<Got, Trouble> {
        let end = Instant::now() + LONGEST_START;
        let late = || Trouble::lasting(format!("{}: no plan within {} s", self.origin, LONGEST_START.as_secs()));
        let mut attempt = 1;
        loop {
            match timeout_at(end, self.get()).await.unwrap_or_else(|_| Err(late())) {
                Err(trouble) if trouble.may_pass && !has_copy && attempt < ATTEMPTS_AT_START => {
                    tracing::warn!(why = trouble.why, attempt, "the plan could not be fetched; it is tried again");
                }
                outcome => return outcome,
            }
            tokio::time::sleep(BETWEEN_ATTEMPTS * 2_u32.pow(attempt - 1)).await;
            attempt += 1;
        }
    }

    fn of_a_pipe(&self, path: Option<&Path>, known: &Known) -> Result<Got, Trouble> {
        if self.pin.needs_signature() {
            return Err(Trouble::lasting("nothing stands beside it that could be its signature; pin it by its digest"));
        }
        self.held(Written { content: once(path)?, signature: None }, Validators::default(), known)
    }

    async fn fetched(&self, fetcher: &Fetcher, address: &Address, known: &Known) -> Result<Got, Trouble> {
        match self.pair(fetcher, address, &known.validators, known).await {
            // The plan and its signature are two documents, and may have been fetched while they were replaced.
            Err(trouble) if self.pin.needs_signature() && !trouble.may_pass => {
                self.pair(fetcher, address, &Validators::default(), known).await
            }
            outcome => outcome,
        }
    }

    async fn pair(
        &self,
        fetcher: &Fetcher,
        address: &Address,
        validators: &Validators,
        known: &Known,
    ) -> Result<Got, Trouble> {
        let (text, fresh) = match (fetcher.get(address, validators, LARGEST_PLAN).await?, &known.content) {
            (Fetched::Same, Some(content)) => return Ok(unchanged(content, known.validators.clone())),
            (Fetched::Same, None) => return Err(Trouble::lasting("the server says that nothing changed, since never")),
            (Fetched::Text(text, fresh), _) => (text, fresh),
        };
        let content = Content::Text(text);
        if known.content.as_deref() == Some(&content) {
            return self.held(Written { content, signature: None }, fresh, known);
        }
        let signature = match self.pin.needs_signature() {
            false => None,
            true => {
                let most = usize::try_from(LONGEST_SIGNATURE).unwrap_or(usize::MAX);
                let signature = fetcher.get(&address.of_signature(), &Validators::default(), most).await;
                let told = |trouble: Trouble| Trouble { why: format!("its signature: {}", trouble.why), ..trouble };
                match signature.map_err(told)? {
                    Fetched::Text(text, _) => Some(text),
                    Fetched::Same => None,
                }
            }
        };
        self.held(Written { content, signature }, fresh, known)
    }

    /// What was accepted once needs no second proof.
    fn held(&self, written: Written, validators: Validators, known: &Known) -> Result<Got, Trouble> {
        let Written { content, signature } = written;
        if let Some(content) = known.content.as_ref().filter(|known| ***known == content) {
            return Ok(unchanged(content, validators));
        }
        let signed = self.pin.holds(&content, signature.as_deref(), known.newest)?;
        Ok(Got { content: Arc::new(content), is_news: true, signature, validators, signed })
    }

    /// What was got is in force from now on.
    pub async fn accept(&self, got: &Got) {
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if !got.is_news && got.validators == known.validators {
                return;
            }
            known.content = Some(Arc::clone(&got.content));
            known.validators = got.validators.clone();
            known.newest = known.newest.max(got.signed);
        }
        let (Some(copies), Content::Text(text), true) = (self.copies.clone(), got.content.as_ref(), got.is_news) else {
            return;
        };
        let kept = Kept {
            text: text.clone(),
            signature: got.signature.clone(),
            validators: got.validators.clone(),
            fetched: clock::now(),
        };
        let written = self.disk.off(move || copies.write(&kept).map_err(io::Error::other)).await;
        if let Err(why) = written {
            tracing::warn!(%why, "no copy of the plan could be kept; without its server the agent would not start");
        }
    }

    /// The copy that is kept on disk, and since when; where there is one that is whole and fits the pin. The server is then
    /// asked whether there is another, and whatever was signed before it is refused.
    pub async fn copy(&self) -> Option<(Got, Timestamp)> {
        let copies = self.copies.clone()?;
        let told = |why: String| tracing::warn!(why, "the copy of the plan is of no use");
        let read = self.disk.off(move || copies.read().map_err(io::Error::other)).await;
        let kept = read.map_err(|e| told(e.to_string())).ok().flatten()?;
        let Kept { text, signature, validators, fetched } = kept;
        let written = Written { content: Content::Text(text), signature };
        let got = self.held(written, validators, &Known::default());
        let got = got.map_err(|trouble| told(trouble.why)).ok()?;
        let known =
            Known { content: Some(Arc::clone(&got.content)), validators: got.validators.clone(), newest: got.signed };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Some((got, fetched))
    }
}

fn unchanged(content: &Arc<Content>, validators: Validators) -> Got {
    Got { content: Arc::clone(content), is_news: false, signature: None, validators, signed: None }
}
