//! Where the repository's files are, and how a plan is read in a test.

use fencepost::catalog::Catalog;
use fencepost::plan::{self, Faults, Plan, ServiceOutlines};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);
pub static SERVICES: LazyLock<ServiceOutlines> = LazyLock::new(|| CATALOG.outlines());

/// A path inside the repository.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn text_of(path: &str) -> String {
    fs::read_to_string(repo(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The files of one folder with this ending: name without the ending, and text; in the order of the names.
pub fn files_in(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(repo(folder))
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    paths.sort();
    let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (stem(path), fs::read_to_string(path).unwrap())).collect()
}

/// Every ready plan on disk.
pub fn shipped_plans() -> Vec<(String, String)> {
    let plans = files_in("probes", "yaml");
    assert!(plans.len() >= 6, "only {} ready plans found", plans.len());
    plans
}

pub fn read(text: &str) -> Result<Plan, Faults> {
    plan::read("plan.yaml", text, &SERVICES)
}
