//! The time of day as one agent sees it, set by the test: libfaketime reads it from a file at every call. The clock that
//! nobody can set, by which the agent waits, stays as it is.

use super::Folder;
use std::path::PathBuf;
use std::process::Command;

pub struct WallClock(Folder);

impl WallClock {
    pub fn new() -> Self {
        let clock = Self(Folder::new());
        clock.set("+0");
        clock
    }

    /// By how much it differs from the machine's, such as `+1h` or `-90`.
    pub fn set(&self, offset: &str) {
        // Renamed over, so that nobody reads half of it.
        let fresh = self.0.write("fresh", format!("{offset}\n"));
        std::fs::rename(fresh, self.0.path().join("offset")).unwrap();
    }

    /// Makes a command live by it.
    pub fn rule(&self, command: &mut Command) {
        let folders = std::fs::read_dir("/usr/lib").unwrap().map_while(Result::ok);
        let places = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
        let library: PathBuf = places
            .into_iter()
            .find(|place| place.exists())
            .unwrap_or_else(|| panic!("no libfaketime.so.1 below /usr/lib; run scripts/install-test-tools.sh"));
        command
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", self.0.path().join("offset"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }
}
