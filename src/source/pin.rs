//! Whether a plan is the one that was meant.

use super::{Content, Trouble};
use crate::plan::hash_of;
use minisign_verify::{PublicKey, Signature};

/// What a plan must be, so that nobody but the people who write it can change it.
#[derive(Clone)]
pub enum Pin {
    /// Whatever its place holds.
    None,
    /// The one text, or folder, with this SHA-256 as hexadecimal.
    Digest(String),
    /// One with a signature of this key.
    Key(PublicKey),
}

impl Pin {
    /// Reads a digest as `sha256sum` prints it.
    pub fn digest(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(Self::Digest(text))
    }

    /// Reads a public key of minisign: the file's two lines, or the one line of it that is the key.
    pub fn key(text: &str) -> Option<Self> {
        let text = text.trim();
        PublicKey::from_base64(text).or_else(|_| PublicKey::decode(text)).ok().map(Self::Key)
    }

    /// Whether a signature has to come with the plan.
    pub fn needs_signature(&self) -> bool {
        match self {
            Self::None | Self::Digest(_) => false,
            Self::Key(_) => true,
        }
    }

    /// Holds what is written against the pin. `newest` is when the newest plan that was ever taken was signed, as seconds
    /// since 1970; an older one is refused, because an old signature stays good for ever. Gives when this one was signed.
    pub fn holds(
        &self,
        content: &Content,
        signature: Option<&str>,
        newest: Option<u64>,
    ) -> Result<Option<u64>, Trouble> {
        match self {
            Self::None => Ok(None),
            Self::Digest(wanted) => {
                let hash = hash_of(&content.sealed());
                if hash == *wanted {
                    return Ok(None);
                }
                Err(Trouble::lasting(format!("its SHA-256 is {hash}, and --plan-sha256 wants {wanted}")))
            }
            Self::Key(key) => {
                let Some(signature) = signature else { return Err(Trouble::lasting("it has no signature")) };
                let signature = Signature::decode(signature)
                    .map_err(|_| Trouble::lasting("its signature is none of minisign, or is cut off"))?;
                key.verify(content.sealed().as_bytes(), &signature, false)
                    .map_err(|e| Trouble::lasting(format!("its signature does not hold: {}", reason(&e))))?;
                let Some(signed) = signed_at(signature.trusted_comment()) else {
                    return Err(Trouble::lasting(
                        "its signature does not say when it was made, so an old plan could not be told from a new one; \
                         sign it without -t, or with `timestamp:SECONDS` in the trusted comment",
                    ));
                };
                match newest.filter(|newest| signed < *newest) {
                    Some(newest) => Err(Trouble::lasting(format!(
                        "it was signed before the plan that was taken last (at {signed}, and that one at {newest}, in \
                         seconds since 1970); to go back to an old text, sign it anew"
                    ))),
                    None => Ok(Some(signed)),
                }
            }
        }
    }
}

/// minisign writes `timestamp:1795413600`, a tab, and more.
fn signed_at(comment: &str) -> Option<u64> {
    comment.split_whitespace().find_map(|word| word.strip_prefix("timestamp:")?.parse().ok())
}

fn reason(e: &minisign_verify::Error) -> &'static str {
    use minisign_verify::Error;
    match e {
        Error::UnexpectedKeyId => "it was made with another key than --plan-key names",
        Error::InvalidSignature => "the plan is not what was signed, or another key signed it",
        Error::UnexpectedAlgorithm | Error::UnsupportedAlgorithm | Error::UnsupportedLegacyMode => {
            "it is of the old form; sign with minisign 0.10 or later, and without -l"
        }
        Error::InvalidEncoding | Error::IoError(_) => "it does not read",
    }
}
