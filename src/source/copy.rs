//! The last good plan of an address, kept on disk for the day its server does not answer at start-up.
//!
//! One file: a line of JSON that says what it is a copy of, and the text as it came. It is replaced as a whole, and only by
//! a plan that was taken. The address stands in it without its query; which document it was is told by a digest.

use super::fetch::Validators;
use super::origin::Address;
use crate::plan::hash_of;
use crate::state::{read_whole, replace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The most that is read of a copy: a plan of the largest size, its signature and the line before it.
const LONGEST: u64 = 9 << 20;

/// The version of the file's form; a copy of another form is not used.
const FORM: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    form: u32,
    /// Without its query, for whoever reads the file.
    address: String,
    /// SHA-256 of what tells the document from others.
    document: String,
    sha256: String,
    fetched: Timestamp,
    validators: Validators,
    signature: Option<String>,
}

/// A copy, and what came with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    pub text: String,
    pub signature: Option<String>,
    pub validators: Validators,
    pub fetched: Timestamp,
}

/// Where the copy of one address is kept.
#[derive(Clone)]
pub struct Copies {
    folder: PathBuf,
    address: String,
    document: String,
}

impl Copies {
    pub fn new(folder: &Path, address: &Address) -> Self {
        let document = hash_of(&address.document());
        Self { folder: folder.to_owned(), address: address.to_string(), document }
    }

    fn name(&self) -> String {
        format!("plan-{}.copy", &self.document[..16])
    }

    pub fn write(&self, kept: &Kept) -> Result<(), String> {
        let head = Head {
            form: FORM,
            address: self.address.clone(),
            document: self.document.clone(),
            sha256: hash_of(&kept.text),
            fetched: kept.fetched,
            validators: kept.validators.clone(),
            signature: kept.signature.clone(),
        };
        let head = serde_json::to_string(&head).map_err(|e| e.to_string())?;
        let file = self.folder.join(self.name());
        replace(&self.folder, &self.name(), format!("{head}\n{}", kept.text).as_bytes())
            .map_err(|e| format!("{}: {e}", file.display()))
    }

    /// The copy, where there is one that is whole; an error says why one that is there is of no use.
    pub fn read(&self) -> Result<Option<Kept>, String> {
        let file = self.folder.join(self.name());
        let told = |why: &str| format!("{}: {why}", file.display());
        let bytes = read_whole(&self.folder, &self.name(), LONGEST).map_err(|e| told(&e.to_string()))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| told("it is no text in UTF-8"))?;
        let (head, text) = text.split_once('\n').ok_or_else(|| told("it is cut off"))?;
        let head: Head = serde_json::from_str(head).map_err(|_| told("its first line does not read"))?;
        if head.form != FORM {
            return Err(told(&format!("it has form {}, and this version reads form {FORM}", head.form)));
        }
        if head.document != self.document {
            return Err(told("it is the copy of another address"));
        }
        if head.sha256 != hash_of(text) {
            return Err(told("it is damaged: its text has another SHA-256 than its first line says"));
        }
        let Head { fetched, validators, signature, .. } = head;
        Ok(Some(Kept { text: text.to_owned(), signature, validators, fetched }))
    }
}
