//! The folder of the state: one file for each vantage, locked by its agent, and the log of incidents beside it.

use super::{FORM, Record, lines};
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The log of incidents begins anew at this size, and keeps the one before: 16 MiB hold some thousand turns.
const LONGEST_LOG: u64 = 16 << 20;

/// What the state says is nobody else's business.
const OWNER_ONLY: u32 = 0o600;

/// As [`OWNER_ONLY`], of a folder that the agent makes.
pub(super) const FOLDER_OF_OWNER: u32 = 0o700;

/// Opens a file of the folder, but nothing through a link: in a folder where others may write, it could lead anywhere.
pub(super) fn opening() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(OWNER_ONLY).custom_flags(libc::O_NOFOLLOW);
    options
}

/// Where one agent keeps its state.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    vantage: String,
    /// Held as long as the agent runs.
    lock: Mutex<Option<File>>,
}

/// Another agent of the same vantage writes there.
#[derive(Debug, PartialEq, Eq)]
pub struct InUse(PathBuf);

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is in use by another agent of this vantage; stop it, or give this one another folder with --state",
            self.0.display()
        )
    }
}

impl std::error::Error for InUse {}

/// A folder, and what was found in it.
#[derive(Debug)]
pub struct Opened {
    pub folder: Folder,
    pub records: Vec<Record<'static>>,
    /// What was wrong with it, fit for an operator. The agent starts without what could not be read.
    pub trouble: Option<String>,
}

impl Folder {
    /// Opens the folder of an agent. Only another agent in it is an error: what cannot be made, read or locked now is
    /// told, and tried again with each writing.
    pub fn open(path: &Path, vantage: &str) -> Result<Opened, InUse> {
        let folder = Self { path: path.to_owned(), vantage: vantage.to_owned(), lock: Mutex::new(None) };
        let mut trouble = match folder.claim() {
            Ok(()) => None,
            Err(ClaimError::InUse) => return Err(InUse(folder.file("lock"))),
            Err(ClaimError::Io(e)) => Some(format!("{}: {e}", path.display())),
        };
        let (records, unread) = folder.read();
        trouble = trouble.or(unread);
        Ok(Opened { folder, records, trouble })
    }

    /// Where the state stands.
    pub fn state_file(&self) -> PathBuf {
        self.file("state")
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.path.join(format!("{}.{ending}", self.vantage))
    }

    /// Takes the lock, unless it is held already.
    fn claim(&self) -> Result<(), ClaimError> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|lock| self.is_there(lock)) {
            return Ok(());
        }
        *held = None;
        DirBuilder::new().recursive(true).mode(FOLDER_OF_OWNER).create(&self.path).map_err(ClaimError::Io)?;
        let file =
            opening().create(true).truncate(false).write(true).open(self.file("lock")).map_err(ClaimError::Io)?;
        match file.try_lock() {
            Ok(()) => {
                *held = Some(file);
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(ClaimError::InUse),
            Err(TryLockError::Error(e)) => Err(ClaimError::Io(e)),
        }
    }

    /// Whether a lock still stands in the folder; somebody who tidies may have taken it away, and the folder with it.
    fn is_there(&self, lock: &File) -> bool {
        let id = |about: fs::Metadata| (about.dev(), about.ino());
        let (held, there) = (lock.metadata().map(id), fs::metadata(self.file("lock")).map(id));
        matches!((held, there), (Ok(held), Ok(there)) if held == there)
    }

    fn read(&self) -> (Vec<Record<'static>>, Option<String>) {
        let file = self.state_file();
        let shown = file.display();
        let mut text = Vec::new();
        match opening().read(true).open(&file).and_then(|mut file| file.read_to_end(&mut text)) {
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return (Vec::new(), None),
            Err(e) => {
                // Nothing is written over what somebody may yet be able to read.
                let aside = self.file("state.damaged");
                let moved = fs::rename(&file, &aside).map(|()| format!("; it was moved to {}", aside.display()));
                return (Vec::new(), Some(format!("{shown}: {e}{}", moved.unwrap_or_default())));
            }
        }
        let (records, bad) = lines::records(&text);
        let form = records.iter().find_map(|record| match record {
            Record::Head { form, .. } => Some(*form),
            Record::Standing { .. } | Record::Exception { .. } | Record::Alerting(_) => None,
        });
        let told = match form {
            Some(FORM) if bad == 0 => return (records, None),
            Some(FORM) => format!("{bad} of its lines are damaged; the rest was taken"),
            None if text.is_empty() => "it is empty".to_owned(),
            None => "its first line is damaged; the rest was taken".to_owned(),
            Some(form) => format!("it has form {form}, and this version reads form {FORM}; nothing was taken"),
        };
        let kept = self.file("state.damaged");
        // A disk that is full keeps no copy; the lines that are good were taken all the same.
        let copied = fresh_file(&kept).and_then(|mut copy| copy.write_all(&text));
        let copied = copied.map(|()| format!("; a copy is {}", kept.display())).unwrap_or_default();
        let records = if form.is_none_or(|form| form == FORM) { records } else { Vec::new() };
        (records, Some(format!("{shown}: {told}{copied}")))
    }

    /// Replaces the state as a whole. When this fails, the old state is what stands.
    pub fn write<'r>(&self, records: impl IntoIterator<Item = Record<'r>>) -> io::Result<()> {
        self.claim().map_err(|e| match e {
            ClaimError::InUse => io::Error::other(InUse(self.file("lock"))),
            ClaimError::Io(e) => e,
        })?;
        let fresh = self.file("state.new");
        let written = self.write_to(&fresh, records);
        if written.is_err() {
            // Half a file takes room that the disk may not have.
            let _ = fs::remove_file(&fresh);
        }
        written?;
        fs::rename(&fresh, self.state_file())?;
        File::open(&self.path)?.sync_all()
    }

    fn write_to<'r>(&self, file: &Path, records: impl IntoIterator<Item = Record<'r>>) -> io::Result<()> {
        let mut to = BufWriter::new(fresh_file(file)?);
        for record in records {
            to.write_all(lines::line(&record)?.as_bytes())?;
        }
        to.into_inner()?.sync_all()
    }

    /// Adds lines to the log of incidents.
    pub fn log(&self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.file("incidents.jsonl");
        if fs::metadata(&path).is_ok_and(|about| about.len() > LONGEST_LOG) {
            fs::rename(&path, self.file("incidents.1.jsonl"))?;
        }
        let mut file = opening().create(true).read(true).append(true).open(&path)?;
        let before = file.metadata()?.len();
        // A kill may have cut the last line off; it spoils no other.
        let fresh = if ends_a_line(&file, before)? { "" } else { "\n" };
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let added = file.write_all(format!("{fresh}{text}").as_bytes()).and_then(|()| file.sync_data());
        if added.is_err() {
            // All of it comes again.
            let _ = file.set_len(before);
        }
        added
    }
}

/// A file of the agent's own, in place of whatever stood there.
pub(super) fn fresh_file(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        Ok(()) | Err(_) => {}
    }
    opening().create_new(true).write(true).open(path)
}

fn ends_a_line(file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte == *b"\n")
}

enum ClaimError {
    InUse,
    Io(io::Error),
}
