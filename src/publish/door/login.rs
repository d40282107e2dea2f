//! Passwords. A look at one takes a processor for a while, so there is one at a time, off the agent's thread, and what
//! was found right is remembered.

use super::held;
use super::setup::Setup;
use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, rand};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How many right passwords are remembered; those of a few users, over a few changes of the file.
const MOST_REMEMBERED: usize = 256;

pub struct Login {
    /// Only here and for so long as the process runs, so that nothing can be read off what is remembered.
    salt: Option<hmac::Key>,
    right: Mutex<HashSet<[u8; 32]>>,
    one_at_a_time: Arc<Semaphore>,
}

impl Login {
    pub fn new() -> Self {
        let salt = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).ok();
        Self { salt, right: Mutex::default(), one_at_a_time: Arc::new(Semaphore::new(1)) }
    }

    /// Whether a request with this `Authorization` is of one of the users.
    #[expect(clippy::disallowed_methods, reason = "a password takes tens of milliseconds; one at a time is looked at")]
    pub async fn admits(&self, setup: &Setup, authorization: Option<&HeaderValue>) -> bool {
        let Some(nobody) = &setup.nobody else { return true };
        let Some((user, password)) = authorization.and_then(credentials) else { return false };
        let known = std::str::from_utf8(&user).ok().and_then(|user| setup.users.get(user));
        let is_known = known.is_some();
        let hash = known.unwrap_or(nobody).text().to_owned();
        let mark = self.salt.as_ref().and_then(|salt| mark(salt, [&user, hash.as_bytes(), &password]));
        if is_known && mark.is_some_and(|mark| held(&self.right).contains(&mark)) {
            return true;
        }
        let Ok(place) = Arc::clone(&self.one_at_a_time).acquire_owned().await else { return false };
        let looked_at = tokio::task::spawn_blocking(move || {
            // The place is given back when the look ends, even if whoever asked has gone.
            let _place = place;
            bcrypt::verify(password, &hash).unwrap_or(false)
        });
        let is_right = looked_at.await.unwrap_or(false) && is_known;
        if let Some(mark) = mark.filter(|_| is_right) {
            let mut right = held(&self.right);
            if right.len() >= MOST_REMEMBERED {
                right.clear();
            }
            right.insert(mark);
        }
        is_right
    }
}

/// User and password of `Basic`, as bytes.
fn credentials(authorization: &HeaderValue) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, encoded) = authorization.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut user = STANDARD.decode(encoded.trim()).ok()?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.split_off(colon + 1);
    user.pop();
    Some((user, password))
}

/// What stands for user, hash and password together; each goes in by its digest, so that none can reach into the next.
fn mark(salt: &hmac::Key, parts: [&[u8]; 3]) -> Option<[u8; 32]> {
    let mut signed = hmac::Context::with_key(salt);
    for part in parts {
        signed.update(digest::digest(&digest::SHA256, part).as_ref());
    }
    signed.sign().as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn who_was_let_in_does_not_wait_for_those_who_guess() {
        let hash = bcrypt::hash("right", 4).unwrap();
        let config = crate::web::read("web.yaml", &format!("basic_auth_users: {{ana: {hash}}}")).unwrap();
        let setup = Setup::new(&super::super::Readings { config, ..Default::default() }).unwrap();
        let header = |login: &str| HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(login))).unwrap();
        let (right, wrong, unknown) = (header("ana:right"), header("ana:wrong"), header("eve:right"));
        let login = Login::new();
        assert!(login.admits(&setup, Some(&right)).await);
        assert!(!login.admits(&setup, Some(&wrong)).await && !login.admits(&setup, Some(&unknown)).await);
        let guessing = login.one_at_a_time.acquire().await.unwrap();
        assert_eq!(login.admits(&setup, Some(&right)).now_or_never(), Some(true));
        for other in [&wrong, &unknown] {
            assert_eq!(login.admits(&setup, Some(other)).now_or_never(), None, "two passwords are looked at together");
        }
        drop(guessing);
        assert!(!login.admits(&setup, Some(&wrong)).await);
        assert_eq!(held(&login.right).len(), 1, "only what is right is remembered");
        assert!(!login.admits(&setup, None).await);
    }
}
