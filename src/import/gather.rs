//! What is probed: every target of every job, under its module.

use super::files::{Dns, Files, Group, Http, Job, Module, Rest, Tls};
use super::{Notes, addresses, known};
use crate::plan::{HostName, is_harmless, parse_time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use url::Url;
use wildmatch::WildMatch;

/// What the plan is written from.
#[derive(Debug, Default)]
pub struct Gathered {
    pub probes: Vec<Probe>,
    /// Resolvers that names were asked of.
    pub resolvers: BTreeSet<SocketAddr>,
    /// The shortest interval of the jobs.
    pub every: Option<Duration>,
    pub timeout: Option<Duration>,
    pub trust: BTreeSet<String>,
    pub proxies: BTreeSet<String>,
    pub jobs: Vec<String>,
}

/// A host name that was probed.
#[derive(Clone, Debug)]
pub struct Probe {
    pub host: HostName,
    pub labels: BTreeMap<String, String>,
    pub seen: Seen,
}

/// How it was probed.
#[derive(Clone, Debug)]
pub enum Seen {
    Tls { port: u16, path: Option<String>, open: Vec<u16> },
    Name { expected: Vec<IpAddr> },
}

pub fn gather(files: &Files, notes: &mut Notes) -> Gathered {
    let mut gathered = Gathered::default();
    let mut lists_read = BTreeSet::new();
    for job in &files.jobs {
        let Some(of_job) = modules_of(job) else {
            notes.add(
                format!("job {}", job.job_name),
                "it does not use blackbox_exporter (no `params.module`, and not `/probe`)",
            );
            continue;
        };
        gathered.jobs.push(job.job_name.clone());
        interval(job, files, &mut gathered, notes);
        leftovers(&format!("job {}", job.job_name), "", &job.rest, known::JOB, notes);
        for group in groups(job, files, &mut lists_read, notes) {
            let own = group.labels.get("__param_module").or_else(|| group.labels.get("module"));
            let modules = own.map_or(of_job, std::slice::from_ref);
            for name in modules {
                let Some(module) = files.modules.get(name) else {
                    let what = format!("the module {name} is in none of the files; its targets are left out");
                    notes.add(format!("job {}", job.job_name), what);
                    continue;
                };
                for target in &group.targets {
                    probe(name, module, target, &group, &mut gathered, notes);
                }
            }
        }
    }
    for (name, _) in files.lists.iter().filter(|(name, _)| !lists_read.contains(name)) {
        notes.add(format!("file {name}"), "no blackbox job reads it (`file_sd_configs`)");
    }
    gathered
}

/// The modules of a job that uses blackbox_exporter; its targets may name others by a label.
fn modules_of(job: &Job) -> Option<&[String]> {
    let modules = job.params.get("module").map(Vec::as_slice);
    modules.or((job.metrics_path.as_deref() == Some("/probe")).then_some(&[]))
}

fn interval(job: &Job, files: &Files, gathered: &mut Gathered, notes: &mut Notes) {
    let Some(written) = job.scrape_interval.as_ref().or(files.global.scrape_interval.as_ref()) else { return };
    let Some(every) = time(written) else {
        notes.add(format!("job {}", job.job_name), format!("its interval {written} is not understood"));
        return;
    };
    if gathered.every.is_some_and(|known| known != every) {
        notes.add("settings", "jobs differ in their interval; the shortest is taken for all");
    }
    gathered.every = Some(gathered.every.map_or(every, |known| known.min(every)));
}

/// A Prometheus duration, such as `1m30s`: one or more numbers with units, without spaces.
fn time(written: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut rest = written;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let length = rest[unit..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - unit);
        let (part, after) = rest.split_at(unit + length);
        sum = sum.checked_add(parse_time(part)?)?;
        rest = after;
    }
    (!sum.is_zero()).then_some(sum)
}

/// The groups of targets of a job: its own, and those of files it reads, where they were given.
fn groups(job: &Job, files: &Files, read: &mut BTreeSet<String>, notes: &mut Notes) -> Vec<Group> {
    let about = || format!("job {}", job.job_name);
    // Some jobs name what is probed as a parameter, and the exporter as the target.
    if let Some(targets) = job.params.get("target") {
        let labels = job.static_configs.first().map(|group| group.labels.clone()).unwrap_or_default();
        return vec![Group { targets: targets.clone(), labels }];
    }
    let mut groups = job.static_configs.clone();
    for pattern in job.file_sd_configs.iter().flat_map(|list| &list.files) {
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let wanted = WildMatch::new(&base(pattern));
        let mut found = false;
        for (name, list) in files.lists.iter().filter(|(name, _)| wanted.matches(&base(name))) {
            found = true;
            read.insert(name.clone());
            groups.extend(list.iter().cloned());
        }
        if !found {
            notes.add(about(), format!("it reads targets from {pattern}; name that file on the command line too"));
        }
    }
    for discovery in job.rest.keys().filter(|key| key.ends_with("_sd_configs")) {
        notes.add(
            about(),
            format!("its targets of {discovery} are found while Prometheus runs; write their names down"),
        );
    }
    groups
}

fn probe(name: &str, module: &Module, target: &str, group: &Group, gathered: &mut Gathered, notes: &mut Notes) {
    let about = format!("module {name}");
    if let Some(written) = &module.timeout {
        match time(written) {
            Some(timeout) => gathered.timeout = Some(gathered.timeout.map_or(timeout, |known| known.max(timeout))),
            None => notes.add(&*about, format!("its timeout {written} is not understood")),
        }
    }
    let found = match module.prober.as_str() {
        "http" => http(&about, &module.http, target, gathered, notes),
        "tcp" if module.tcp.tls => {
            leftovers(&about, "tcp.", &module.tcp.rest, known::TCP, notes);
            tls(&about, &module.tcp.tls_config, gathered, notes);
            if !target.ends_with(":443") {
                notes.add(
                    &*about,
                    format!("{target} is asked over HTTPS; what speaks something else over TLS is a finding"),
                );
            }
            over_tls(&format!("https://{target}"), Vec::new(), false)
        }
        "tcp" => {
            notes.add(&*about, format!("{target} is probed without TLS; as a witness: {{connect: \"{target}\"}}"));
            return;
        }
        "dns" => dns(&about, &module.dns, target, gathered, notes),
        other => {
            notes.add(&*about, format!("there is no look for the prober {other}; {target} is left out"));
            return;
        }
    };
    match found {
        Ok((host, seen)) => gathered.probes.push(Probe { host, labels: group.labels.clone(), seen }),
        Err(why) => notes.add(about, format!("{} is left out: {why}", without_credentials(target))),
    }
}

/// A target as it may be shown: nobody reads a password out of a comment.
fn without_credentials(target: &str) -> &str {
    target.rsplit_once('@').map_or(target, |(_, shown)| shown)
}

type Found = Result<(HostName, Seen), String>;

fn http(about: &str, http: &Http, target: &str, gathered: &mut Gathered, notes: &mut Notes) -> Found {
    leftovers(about, "http.", &http.rest, known::HTTP, notes);
    tls(about, &http.tls_config, gathered, notes);
    if let Some(proxy) = &http.proxy_url {
        match proxy_of(proxy) {
            Some(proxy) => _ = gathered.proxies.insert(proxy),
            None => {
                let what = "its proxy is not `http://HOST:PORT`, or has credentials; write it as the vantage's `proxy`";
                notes.add(about, what);
            }
        }
    }
    // Without a scheme the exporter takes http.
    let written = if target.contains("://") { target.to_owned() } else { format!("http://{target}") };
    if !written.starts_with("https://") {
        return Err("it is probed without TLS, and every look is made over TLS".to_owned());
    }
    let (open, odd) = http.valid_status_codes.iter().partition(|status| (100..600).contains(*status));
    let odd: Vec<u16> = odd;
    if !odd.is_empty() {
        notes.add(about, format!("http.valid_status_codes: {odd:?} are no statuses (RFC 9110, section 15)"));
    }
    over_tls(&written, open, true)
}

/// A proxy as a plan takes it.
fn proxy_of(written: &str) -> Option<String> {
    let url = Url::parse(written).ok().filter(|url| url.scheme() == "http")?;
    let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/" && url.query().is_none();
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    plain.then(|| format!("http://{host}:{port}"))
}

fn over_tls(written: &str, open: Vec<u16>, is_url: bool) -> Found {
    let url = Url::parse(written).map_err(|e| format!("it is no address that can be read ({e})"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds credentials, and none is ever sent; take them out of the address".to_owned());
    }
    let host = HostName::parse(url.host_str().unwrap_or("")).map_err(|why| format!("its host {why}"))?;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let path = (is_url && path != "/").then_some(path);
    Ok((host, Seen::Tls { port: url.port().unwrap_or(443), path, open }))
}

fn dns(about: &str, dns: &Dns, target: &str, gathered: &mut Gathered, notes: &mut Notes) -> Found {
    leftovers(about, "dns.", &dns.rest, known::DNS, notes);
    leftovers(about, "dns.validate_answer_rrs.", &dns.validate_answer_rrs.rest, known::ANSWERS, notes);
    let kind = dns.query_type.as_deref().unwrap_or("ANY");
    if !["A", "AAAA", "ANY"].contains(&kind) {
        return Err(format!("it asks for {kind}, and looks ask for A and AAAA"));
    }
    let host = HostName::parse(&dns.query_name).map_err(|why| format!("its name {} {why}", dns.query_name))?;
    let server = target.parse::<SocketAddr>().or_else(|_| target.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53)));
    match server {
        Ok(server) => _ = gathered.resolvers.insert(server),
        Err(_) => notes.add(about, format!("the resolver {target} is a name; write its address under `resolvers`")),
    }
    let validation = &dns.validate_answer_rrs;
    let mut expected = Vec::new();
    for expression in validation.fail_if_not_matches_regexp.iter().chain(&validation.fail_if_none_matches_regexp) {
        let named = addresses::named(expression);
        if named.is_empty() {
            notes.add(about, format!("the expression {expression} names no address in full"));
        }
        expected.extend(named);
    }
    Ok((host, Seen::Name { expected }))
}

fn tls(about: &str, tls: &Tls, gathered: &mut Gathered, notes: &mut Notes) {
    gathered.trust.extend(tls.ca_file.clone().filter(|file| is_line(file)));
    if tls.insecure_skip_verify {
        notes.add(about, "insecure_skip_verify: certificates are always checked; a bad one is a finding");
    }
    if tls.server_name.is_some() {
        notes.add(about, "server_name: the certificate must be for the name that applications use");
    }
    if tls.cert_file.is_some() {
        notes.add(about, "cert_file: no client certificate is ever sent");
    }
}

/// Text that a plan takes as it is.
pub fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().all(is_harmless)
}

/// Tells of every key that no field took; those that change nothing have no reason to be told.
fn leftovers(about: &str, place: &str, rest: &Rest, known: &[(&str, &str)], notes: &mut Notes) {
    for key in rest.keys() {
        match known.iter().find(|(name, _)| name == key) {
            Some((_, "")) => {}
            Some((_, why)) => notes.add(about, format!("{place}{key}: {why}")),
            None if place.is_empty() => {}
            None => notes.add(about, format!("{place}{key}: there is no word for it in a plan")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_prometheus() {
        for (written, seconds) in [("15s", 15.0), ("1m30s", 90.0), ("500ms", 0.5), ("1h", 3600.0), ("1s500ms", 1.5)] {
            assert_eq!(time(written), Some(Duration::from_secs_f64(seconds)), "{written}");
        }
        for written in ["", "soon", "5", "0s"] {
            assert_eq!(time(written), None, "{written}");
        }
    }
}
