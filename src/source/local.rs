//! Reading files and folders, beside whatever else the agent does.

use super::{Content, Trouble};
use crate::plan::is_harmless;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The most that is read of a plan, in bytes, all of its files together. It may have 8 MiB, and is told so by its own fault.
const LONGEST: u64 = 16 << 20;

/// The most that is read of a signature, in bytes; minisign makes some 350.
pub const LONGEST_SIGNATURE: u64 = 16 << 10;

/// The most files that one folder may have.
const MOST_FILES: usize = 1_000;

/// The most files that an error names.
const MOST_NAMED: usize = 10;

/// The longest that is waited for a disk.
const LIMIT: Duration = Duration::from_secs(10);

/// How often a plan that changes while it is read is read again, and what lies between.
const READS: usize = 5;
const BETWEEN_READS: Duration = Duration::from_millis(50);

/// What the signature of a folder stands beside, in the words of whoever signs it.
const LISTING: &str = "SHA256SUMS";

/// One thing at a time is read on a thread of its own, because files can neither wait nor be cancelled.
pub struct Disk(Arc<Semaphore>);

impl Default for Disk {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Disk {
    /// Does something with files. A disk that hangs holds one thread, not one more with each attempt.
    #[expect(clippy::disallowed_methods, reason = "files block; one thing at a time, and waited for only so long")]
    pub async fn off<T: Send + 'static>(&self, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
        let hangs = || io::Error::other("the disk does not answer");
        let Ok(turn) = Arc::clone(&self.0).try_acquire_owned() else { return Err(hangs()) };
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        match tokio::time::timeout(LIMIT, working).await {
            Ok(ended) => ended.unwrap_or_else(|e| Err(io::Error::other(e))),
            Err(_) => Err(hangs()),
        }
    }

    pub async fn text(&self, file: PathBuf, most: u64) -> io::Result<String> {
        self.off(move || text_of(File::open(file)?, most)).await
    }

    /// What a file or a folder holds, with its signature where one is needed. Read until two readings agree: a folder may
    /// be replaced between two of its files, and a signature after its plan. `known` needs no second reading.
    pub async fn settled(&self, path: &Path, signed: bool, known: Option<&Content>) -> Result<Written, Trouble> {
        let mut before = None;
        for reading in 0..READS {
            let path = path.to_owned();
            let written = self.off(move || Ok(written(&path, signed))).await;
            let written = written.unwrap_or_else(|e| Err(e.to_string())).map_err(Trouble::lasting);
            let same = before.as_ref() == Some(&written);
            if same || written.as_ref().is_ok_and(|written| Some(&written.content) == known) {
                return written;
            }
            if reading > 0 {
                tokio::time::sleep(BETWEEN_READS).await;
            }
            before = Some(written);
        }
        Err(Trouble::lasting("it changes while it is read; replace it as a whole, by renaming"))
    }
}

/// What was read of a plan.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    pub content: Content,
    pub signature: Option<String>,
}

/// Whether a path can be read as often as one likes; a pipe cannot.
pub fn is_lasting(path: &Path) -> bool {
    // What is not there may yet come.
    fs::metadata(path).map_or(true, |about| about.is_file() || about.is_dir())
}

/// Everything that standard input has to say, or a pipe.
pub fn once(path: Option<&Path>) -> Result<Content, Trouble> {
    let text = match path {
        None => text_of(io::stdin(), LONGEST),
        Some(path) => File::open(path).and_then(|file| text_of(file, LONGEST)),
    };
    text.map(Content::Text).map_err(|e| Trouble::lasting(e.to_string()))
}

fn written(path: &Path, signed: bool) -> Result<Written, String> {
    let is_folder = fs::metadata(path).map_err(|e| e.to_string())?.is_dir();
    let content = if is_folder { folder(path)? } else { file(path)? };
    let beside = if is_folder { path.join(format!("{LISTING}.minisig")) } else { minisig(path) };
    let signature = signed.then(|| {
        let text = File::open(&beside).and_then(|file| text_of(file, LONGEST_SIGNATURE));
        text.map_err(|e| format!("no signature: {}: {e}", beside.display()))
    });
    Ok(Written { content, signature: signature.transpose()? })
}

/// The signature's place beside a file.
fn minisig(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".minisig");
    PathBuf::from(name)
}

fn file(path: &Path) -> Result<Content, String> {
    let text = File::open(path).and_then(|file| text_of(file, LONGEST));
    text.map(Content::Text).map_err(|e| e.to_string())
}

/// Every `*.yaml` and `*.yml` of a folder that is not hidden, in the order of the names.
fn folder(path: &Path) -> Result<Content, String> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(|e| e.to_string())?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(format!("the name {} is no text in UTF-8; rename the file", name.display()));
        };
        let is_part = !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
        if is_part && !name.chars().all(|c| is_harmless(c) && c != '\\') {
            return Err(format!("the name {name:?} has characters that a list of files cannot show; rename the file"));
        }
        names.extend(is_part.then(|| name.to_owned()));
    }
    if names.is_empty() {
        return Err("the folder holds no *.yaml and no *.yml".to_owned());
    }
    if names.len() > MOST_FILES {
        return Err(format!("the folder holds {} files, more than the {MOST_FILES} that are read", names.len()));
    }
    names.sort();
    let mut files = Vec::with_capacity(names.len());
    let mut unreadable = Vec::new();
    let mut left = LONGEST;
    for name in names {
        let part = path.join(&name);
        // Opening a pipe would wait for its writer.
        let is_file = fs::metadata(&part).map(|about| about.is_file());
        let text = match is_file {
            Ok(true) => File::open(&part).and_then(|file| text_of(file, left)),
            Ok(false) => Err(io::Error::other("it is no file")),
            Err(e) => Err(e),
        };
        match text {
            Ok(text) => {
                left -= text.len() as u64;
                files.push((name, text));
            }
            Err(e) => unreadable.push(format!("{name}: {e}")),
        }
    }
    if unreadable.is_empty() {
        return Ok(Content::Folder(files));
    }
    let more = unreadable.len().saturating_sub(MOST_NAMED);
    unreadable.truncate(MOST_NAMED);
    let more = if more == 0 { String::new() } else { format!("; and {more} more files") };
    Err(unreadable.join("; ") + &more)
}

/// Everything there is to read, if it is no more than this; a device or a pipe may have no end.
fn text_of(from: impl Read, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    let length = from.take(most + 1).read_to_end(&mut bytes)?;
    if length as u64 > most {
        return Err(io::Error::other(format!("it has more than the {most} bytes that are read")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text in UTF-8"))
}
