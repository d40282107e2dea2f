//! The files as their tools read them, as far as a plan has a word for it. Formats: Prometheus, "Configuration"
//! (`scrape_config`, `file_sd_config`); blackbox_exporter, CONFIGURATION.md.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Keys that no field takes.
pub type Rest = BTreeMap<String, Value>;

/// Everything that was read, whichever files it stood in.
#[derive(Debug, Default)]
pub struct Files {
    pub jobs: Vec<Job>,
    pub modules: BTreeMap<String, Module>,
    /// Files that a job reads its targets from, by name.
    pub lists: Vec<(String, Vec<Group>)>,
    pub global: Global,
}

#[derive(Debug, Default, Deserialize)]
struct File {
    global: Option<Global>,
    scrape_configs: Option<Vec<Job>>,
    modules: Option<BTreeMap<String, Module>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Global {
    pub scrape_interval: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Job {
    pub job_name: String,
    pub scrape_interval: Option<String>,
    pub metrics_path: Option<String>,
    #[serde(default)]
    pub params: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub static_configs: Vec<Group>,
    #[serde(default)]
    pub file_sd_configs: Vec<FileList>,
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Debug, Deserialize)]
pub struct FileList {
    pub files: Vec<String>,
}

/// Targets with labels, as they stand in a job or in a file that it reads.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Group {
    #[serde(default)]
    pub targets: Vec<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Module {
    pub prober: String,
    pub timeout: Option<String>,
    #[serde(default)]
    pub http: Http,
    #[serde(default)]
    pub tcp: Tcp,
    #[serde(default)]
    pub dns: Dns,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Http {
    pub valid_status_codes: Vec<u16>,
    pub tls_config: Tls,
    pub proxy_url: Option<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tcp {
    pub tls: bool,
    pub tls_config: Tls,
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Dns {
    pub query_name: String,
    pub query_type: Option<String>,
    pub validate_answer_rrs: Validation,
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Validation {
    pub fail_if_not_matches_regexp: Vec<String>,
    pub fail_if_none_matches_regexp: Vec<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tls {
    pub ca_file: Option<String>,
    pub server_name: Option<String>,
    pub insecure_skip_verify: bool,
    pub cert_file: Option<String>,
}

/// Reads every file; what it is, is told from what it holds.
pub fn read(files: &[(String, String)]) -> Result<Files, String> {
    let mut all = Files::default();
    for (name, text) in files {
        if is_list(text) {
            all.lists.push((name.clone(), parsed(name, text)?));
            continue;
        }
        let file: File = parsed(name, text)?;
        if file.scrape_configs.is_none() && file.modules.is_none() {
            return Err(format!(
                "{name}: this is neither a Prometheus configuration (`scrape_configs`), nor blackbox_exporter's \
                 (`modules`), nor a list of targets that a job reads"
            ));
        }
        if let Some(global) = file.global {
            all.global = global;
        }
        all.jobs.extend(file.scrape_configs.unwrap_or_default());
        for (module, read) in file.modules.unwrap_or_default() {
            if all.modules.insert(module.clone(), read).is_some() {
                return Err(format!("{name}: the module {module} stands in another file too; leave one of them out"));
            }
        }
    }
    Ok(all)
}

/// Files of `file_sd_configs` are lists; all else are tables.
fn is_list(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#') && *line != "---");
    first.is_some_and(|line| line.starts_with(['-', '[']))
}

fn parsed<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|e| format!("{name}: {e}"))
}
