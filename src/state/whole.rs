//! One file of the state that is replaced as a whole.

use super::folder::{FOLDER_OF_OWNER, fresh_file, opening};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Replaces a file of the state's folder. When this fails, the old one is what stands.
pub fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_OF_OWNER).create(folder)?;
    // Agents of several vantages may share the folder.
    let fresh = folder.join(format!("{name}.{}.new", std::process::id()));
    let written = fresh_file(&fresh).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    if written.is_err() {
        // Half a file takes room that the disk may not have.
        let _ = fs::remove_file(&fresh);
    }
    written?;
    fs::rename(&fresh, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// A file of the state's folder, where it is there and has no more than so many bytes.
pub fn read_whole(folder: &Path, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match opening().read(true).open(folder.join(name)) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than the {most} bytes that are read")));
    }
    Ok(Some(bytes))
}
