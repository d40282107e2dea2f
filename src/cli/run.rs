//! `fencepost run`: the agent, its HTTP, and the signals.

use super::args::{Place, Run};
use super::follow::Follower;
use super::{Exit, Fault, Outcome, load, runtime, web};
use crate::agent::{self, Estate, Manager, Means, Orders};
use crate::publish::{Door, Meters, ReloadRequest, SharedBoard, guarded, router, serve as serve_pages};
use crate::state::{Folder, Opened};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How long open HTTP connections may take to end when the agent stops.
const LONGEST_DRAIN: Duration = Duration::from_millis(500);

pub fn run(command: &Run) -> Outcome {
    let meters = Arc::new(Meters::new()?);
    let runtime = runtime::quiet_runtime()?;
    let outcome = runtime.block_on(serve(command, meters));
    runtime::end(runtime);
    outcome
}

async fn serve(command: &Run, meters: Arc<Meters>) -> Outcome {
    let door = web::door(command.web_config.as_deref(), command.listen, &meters)?;
    let folder = state_folder(command.state.as_deref());
    let follower = Follower::new(command, Arc::clone(&door), folder.as_deref())?;
    let mut signals = Signals::catch()?;
    let (estate, refresh) = tokio::select! {
        begun = follower.begin() => begun?,
        // A server that does not answer holds up no stop.
        () = signals.stopping() => return Ok(Exit::Good),
    };
    let stop = CancellationToken::new();
    let (reload, orders) = mpsc::channel(1);
    let listener = listen(command.listen).await?;
    let face = &estate.header;
    tracing::info!(plan = face.plan, vantage = face.vantage.name, checks = estate.works.len(), listen = %command.listen, "watching");
    tell_destinations(&estate);
    let board = agent::shared_board(&estate);
    let orders = Orders { reload: orders, stop: stop.clone() };
    let means = Means {
        meters: Arc::clone(&meters),
        at_a_time: agent::most_looks(),
        opens_at_once: true,
        source: Arc::new(follower).source(),
        refresh,
        state: state(folder.as_deref(), &face.vantage.name)?,
        manager: Manager::of_environment(),
    };
    let agent = agent::run(estate, board.clone(), means, orders);
    let http = serve_http(listener, door, board, meters, reload.clone(), stop.clone());
    tokio::join!(agent, http, signals.obey(reload, stop));
    tracing::info!("stopped");
    Ok(Exit::Good)
}

/// The folder that the command line names, or systemd.
fn state_folder(named: Option<&Path>) -> Option<PathBuf> {
    let of_systemd = || std::env::split_paths(&std::env::var_os("STATE_DIRECTORY")?).next();
    named.map(Path::to_owned).or_else(of_systemd)
}

fn state(folder: Option<&Path>, vantage: &str) -> Result<Option<Opened>, Fault> {
    let Some(folder) = folder else {
        tracing::warn!(
            "no folder for the state: a restart forgets incidents and exposure clocks; name one with --state"
        );
        return Ok(None);
    };
    let opened = Folder::open(folder, vantage)?;
    if std::fs::metadata(folder).is_ok_and(|about| about.permissions().mode() & 0o022 != 0) {
        let folder = folder.display();
        tracing::warn!(%folder, "others can write in the folder of the state, and change what it says: chmod go-w");
    }
    Ok(Some(opened))
}

/// One log line for each destination of alerts; of its address only as much as holds no key.
fn tell_destinations(estate: &Estate) {
    for destination in estate.post.iter().flat_map(|post| post.destinations()) {
        let (name, kind, to) = (destination.name.as_str(), destination.kind.word(), destination.url.origin());
        tracing::info!(destination = name, kind, to, "alerts are sent there");
    }
}

/// Opens the port of the agent's HTTP.
pub async fn listen(at: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(at).await.map_err(|e| Fault(format!("cannot listen on {at}: {e}; choose another with --listen")))
}

/// Serves the board until told to stop.
pub async fn serve_http(
    listener: TcpListener,
    door: Arc<Door>,
    board: SharedBoard,
    meters: Arc<Meters>,
    reload: mpsc::Sender<ReloadRequest>,
    stop: CancellationToken,
) {
    let pages = guarded(router(board, meters, reload), Arc::clone(&door));
    let serving = serve_pages(listener, pages, door, stop.clone());
    // A client that holds its connection holds up nobody.
    let drained = async {
        stop.cancelled().await;
        tokio::time::sleep(LONGEST_DRAIN).await;
    };
    tokio::select! {
        () = serving => {}
        () = drained => {}
    }
}

/// Reads the plan and all that belongs to it again, for an agent that sends no alerts.
pub fn source(place: &Place) -> agent::PlanSource {
    let place = place.clone();
    Box::new(move |_| Box::pin(std::future::ready(load::estate(&place).map(Some).map_err(|Fault(why)| why))))
}

/// SIGTERM and SIGINT stop, SIGHUP reads the plan again.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// From here on no signal ends the process by itself; taken before anything says that the agent is there.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the order to stop.
    async fn stopping(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Obeys until told to stop.
    pub async fn obey(mut self, reload: mpsc::Sender<ReloadRequest>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = self.terminate.recv() => stop.cancel(),
                _ = self.interrupt.recv() => stop.cancel(),
                _ = self.hangup.recv() => {
                    let (answer, answered) = oneshot::channel();
                    if reload.send(answer).await.is_ok() {
                        // The agent itself logs what came of it.
                        let _ = answered.await;
                    }
                }
            }
        }
    }
}
