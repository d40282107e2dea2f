//! `--push`: where the result of a run goes, with what proof, and for how long it stands there.

use super::supply::lookup;
use super::{Exit, Fault, load, runtime};
use crate::agent::Estate;
use crate::plan::{Url, parse_time};
use crate::publish::Board;
use crate::publish::push::{Credentials, Destination, Kind, LONGEST_PUSH, Labels, Push, Trouble, Unusable};
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// The longest that series may be left standing.
const LONGEST_LINGER: Duration = Duration::from_secs(600);

/// What is left for the end after a signal or a push that was not taken: runners kill a cancelled job after ten seconds.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// The most receivers of one run.
const MOST_RECEIVERS: usize = 8;

/// The most labels for every series. Receivers have bounds of their own, some at 30 with those that there are.
const MOST_LABELS: usize = 16;

#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Pushing the result (docs/push.md)")]
pub struct PushArgs {
    /// Push the result, and mark its series as ended: remote-write=URL (Prometheus) or otlp=URL (OTLP/HTTP metrics); may be
    /// given several times.
    #[arg(long, value_name = "KIND=URL", env = "FENCEPOST_PUSH", hide_env_values = true)]
    push: Vec<String>,

    /// A file with a bearer token; with several receivers, ORIGIN= says for which, as in https://host=FILE. [or the token
    /// itself in FENCEPOST_PUSH_TOKEN]
    #[arg(long, value_name = "[ORIGIN=]FILE")]
    push_token: Vec<String>,

    /// A file with USER:PASSWORD. [or both in FENCEPOST_PUSH_BASIC]
    #[arg(long, value_name = "[ORIGIN=]FILE")]
    push_basic: Vec<String>,

    /// A file with further headers, one NAME: VALUE on each line. [for otlp also OTEL_EXPORTER_OTLP_METRICS_HEADERS or
    /// OTEL_EXPORTER_OTLP_HEADERS]
    #[arg(long, value_name = "[ORIGIN=]FILE")]
    push_headers: Vec<String>,

    /// A label for every series; may be given several times. [default: job=fencepost and instance=VANTAGE]
    #[arg(long, value_name = "NAME=VALUE")]
    push_label: Vec<String>,

    /// Wait so long before the series are marked as ended, so that rules and panels see them: up to 10m.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = linger)]
    push_linger: Duration,

    /// Where everything holds and a push was not taken, exit with 3.
    #[arg(long)]
    push_required: bool,
}

fn linger(text: &str) -> Result<Duration, &'static str> {
    let known = parse_time(text).ok_or("write a whole number and a unit: 500ms, 30s, 5m")?;
    if known > LONGEST_LINGER { Err("more than ten minutes; write up to 10m") } else { Ok(known) }
}

/// A kind of proof, with its option and its reader.
type Proof<'a> = (&'static str, &'a [String], fn(&mut Credentials, &str) -> Result<(), Unusable>);

impl PushArgs {
    /// Reads everything that pushing takes, before anything is looked at. Every fault at once.
    pub fn ready(&self, estate: &Estate) -> Result<Pusher, Fault> {
        let mut faults = Vec::new();
        let mut destinations = self.destinations(&mut faults);
        let proofs: [Proof; 3] = [
            ("--push-token", &self.push_token, Credentials::token),
            ("--push-basic", &self.push_basic, Credentials::basic),
            ("--push-headers", &self.push_headers, Credentials::headers),
        ];
        for (option, values, take) in proofs {
            for value in values {
                if let Err(why) = of_file(value, &mut destinations, take) {
                    faults.push(format!("{option} {}: {why}", shown(value)));
                }
            }
        }
        of_environment(&mut destinations, &mut faults);
        let labels: Vec<_> = self.push_label.iter().map(|text| (text, Labels::read(text))).collect();
        faults.extend(
            labels.iter().filter_map(|(text, read)| Some(format!("--push-label {text}: {}", read.as_ref().err()?))),
        );
        if labels.len() > MOST_LABELS {
            faults.push(format!("--push-label: there are more than {MOST_LABELS}\n    fix: leave some out"));
        }
        if !faults.is_empty() {
            return Err(Fault(faults.join("\n")));
        }
        let labels = Labels::new(&estate.header.vantage.name, labels.into_iter().filter_map(|(_, read)| read.ok()));
        let push = if destinations.is_empty() { None } else { Some(push(destinations, labels, estate)?) };
        Ok(Pusher { push, linger: self.push_linger, required: self.push_required })
    }

    fn destinations(&self, faults: &mut Vec<String>) -> Vec<Destination> {
        let mut destinations: Vec<Destination> = Vec::new();
        // An empty variable of the environment is how pipelines write "none".
        for text in self.push.iter().filter(|text| !text.is_empty()) {
            match destination(text) {
                Ok(new) if destinations.iter().any(|known| (known.kind, &known.url) == (new.kind, &new.url)) => {
                    faults.push(format!("--push: {new} is there twice\n    fix: name each receiver once"));
                }
                Ok(new) => destinations.push(new),
                Err(why) => faults.push(format!("--push {}: {why}", shown(text))),
            }
        }
        if destinations.len() > MOST_RECEIVERS {
            faults.push(format!("--push: there are more than {MOST_RECEIVERS} receivers\n    fix: push to fewer"));
        }
        let further = [&self.push_token, &self.push_basic, &self.push_headers, &self.push_label];
        let is_alone =
            self.push_required || !self.push_linger.is_zero() || further.iter().any(|given| !given.is_empty());
        if destinations.is_empty() && faults.is_empty() && is_alone {
            faults.push(
                "--push is missing: the other options of pushing do nothing alone\n    fix: say where with --push \
                         KIND=URL"
                    .to_owned(),
            );
        }
        destinations
    }
}

/// As much of an argument as can be no secret: what stands behind the host of an address may be one.
fn shown(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#', '=']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}…")
        }
        None => text.to_owned(),
    }
}

fn destination(text: &str) -> Result<Destination, String> {
    let kinds = Kind::ALL.map(Kind::word);
    let (kind, url) = text
        .split_once('=')
        .and_then(|(word, url)| Some((Kind::ALL.into_iter().find(|kind| kind.word() == word)?, url)))
        .ok_or_else(|| format!("it does not say how\n    fix: write {}=URL or {}=URL", kinds[0], kinds[1]))?;
    let url = Url::parse(url).map_err(|why| {
        let path = match kind {
            Kind::RemoteWrite => "api/v1/write",
            Kind::Otlp => "v1/metrics",
        };
        format!(
            "what follows {}= {why}\n    fix: write {}=https://HOST/{path}; secrets go into files",
            kind.word(),
            kind.word()
        )
    })?;
    Ok(Destination { kind, url, credentials: Credentials::default() })
}

/// Reads a proof from `[ORIGIN=]FILE` and gives it to those that it is for.
fn of_file(
    value: &str,
    destinations: &mut [Destination],
    take: impl Fn(&mut Credentials, &str) -> Result<(), Unusable>,
) -> Result<(), String> {
    let (origin, file) = match value.split_once('=') {
        Some((origin, file)) if origin.contains("://") => (Some(origin), file),
        _ => (None, value),
    };
    let (path, wanted) = (PathBuf::from(file), origin.map(|origin| origin.trim_end_matches('/').to_lowercase()));
    if let Some(wanted) = &wanted
        && !destinations.iter().any(|known| known.url.origin() == *wanted)
    {
        let known: Vec<String> = destinations.iter().map(|known| known.url.origin()).collect();
        return Err(format!("nothing is pushed to {wanted}\n    fix: write one of {}", known.join(", ")));
    }
    let mut meant: Vec<&mut Destination> = destinations
        .iter_mut()
        .filter(|known| wanted.as_ref().is_none_or(|wanted| known.url.origin() == *wanted))
        .collect();
    one_origin(&meant)
        .map_err(|()| "it does not say for whom\n    fix: write https://HOST=FILE, once for each".to_owned())?;
    let text = secret(&path)?;
    meant.iter_mut().try_for_each(|known| take(&mut known.credentials, &text)).map_err(|why| format!("the file {why}"))
}

fn secret(path: &Path) -> Result<String, String> {
    let text = load::text(path).map_err(|Fault(why)| why)?;
    if load::others_read(path) {
        anstream::eprintln!(
            "{}: every user of this machine can read this secret; take the right from them: chmod o-r",
            path.display()
        );
    }
    Ok(text)
}

/// A secret that is sent to two hosts is a secret told.
fn one_origin(meant: &[&mut Destination]) -> Result<(), ()> {
    let mut origins = meant.iter().map(|known| known.url.origin());
    let first = origins.next();
    if origins.all(|other| Some(&other) == first.as_ref()) { Ok(()) } else { Err(()) }
}

/// A proof in variables of the environment, where no option gives one.
fn of_environment(destinations: &mut [Destination], faults: &mut Vec<String>) {
    let of_open_telemetry = ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
    let all = |_: &Destination| true;
    let otlp = |known: &Destination| known.kind == Kind::Otlp;
    type Variable<'a> =
        (&'a [&'static str], fn(&Destination) -> bool, fn(&mut Credentials, &str) -> Result<(), Unusable>);
    let variables: [Variable; 3] = [
        (&["FENCEPOST_PUSH_TOKEN"], all, Credentials::token),
        (&["FENCEPOST_PUSH_BASIC"], all, Credentials::basic),
        (&of_open_telemetry, otlp, Credentials::open_telemetry),
    ];
    let given: Vec<bool> = destinations.iter().map(|known| !known.credentials.is_empty()).collect();
    for (names, is_for, take) in variables {
        let known =
            |name: &&'static str| Some((*name, std::env::var(name).ok().filter(|text| !text.trim().is_empty())?));
        let Some((name, text)) = names.iter().find_map(known) else { continue };
        let bare = destinations.iter_mut().zip(&given).filter(|(known, given)| !**given && is_for(known));
        let mut meant: Vec<&mut Destination> = bare.map(|(known, _)| known).collect();
        if one_origin(&meant).is_err() {
            faults.push(format!(
                "{name} does not say for whom: there are several receivers\n    fix: use files, as in --push-headers \
                 https://HOST=FILE"
            ));
            continue;
        }
        let taken = meant.iter_mut().try_for_each(|known| take(&mut known.credentials, &text));
        faults.extend(taken.err().map(|why| format!("{name} {why}")));
    }
}

fn push(destinations: Vec<Destination>, labels: Labels, estate: &Estate) -> Result<Push, Fault> {
    let lookup = lookup(Arc::clone(&estate.lens.net));
    Ok(Push::new(destinations, labels, estate.lens.trust.client_config()?, lookup)?)
}

/// What is ready to push, if anything is asked for.
#[derive(Debug)]
pub struct Pusher {
    push: Option<Push>,
    linger: Duration,
    required: bool,
}

impl Pusher {
    /// Pushes the result of a run and marks it as ended, also when a signal comes in between. What was not taken is told,
    /// and decides the exit code only where that is asked for.
    pub fn one_run(self, board: &Board, exit: Exit) -> Result<Exit, Fault> {
        let Some(push) = self.push else { return Ok(exit) };
        let runtime = runtime::quiet_runtime()?;
        let troubles = runtime.block_on(run(push, board, self.linger));
        runtime::end(runtime);
        let troubles = troubles?;
        for Trouble { to, why } in &troubles {
            anstream::eprintln!("push to {to}: {why}");
        }
        Ok(if self.required && !troubles.is_empty() && exit == Exit::Good { Exit::Unknown } else { exit })
    }
}

async fn run(mut push: Push, board: &Board, linger: Duration) -> Result<Vec<Trouble>, Fault> {
    let mut signals = Signals::catch()?;
    let mut troubles = Vec::new();
    let standing = async {
        troubles = push.round(board, LONGEST_PUSH).await;
        if push.open().next().is_some() {
            sleep(linger).await;
        }
    };
    let is_interrupted = tokio::select! {
        () = standing => false,
        () = signals.next() => true,
    };
    // Who did not take the round in all that time gets no more than a last chance.
    let within = if is_interrupted || !troubles.is_empty() { LAST_CHANCE } else { LONGEST_PUSH };
    let ended = tokio::select! {
        ended = push.end(within) => Some(ended),
        // Whoever asks twice waits for nothing more.
        () = signals.next() => None,
    };
    let cut = || push.open().map(|to| Trouble { to, why: "interrupted".to_owned() }).collect();
    let left = |trouble: Trouble| Trouble { why: format!("not marked as ended: {}", trouble.why), ..trouble };
    troubles.extend(ended.unwrap_or_else(cut).into_iter().map(left));
    Ok(troubles)
}

/// From here on neither SIGTERM nor Ctrl-C ends the process by itself: something must be marked first.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
