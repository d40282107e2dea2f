//! The lab itself: servers, one agent for each vantage, and the control port, all in this process.

use super::super::args::{Lab as Command, Pinned, Place};
use super::super::{Exit, Fault, Outcome, load, run};
use super::matrix;
use crate::agent::{self, Estate, Means, Orders};
use crate::cli::out::say;
use crate::lab::{Lab, LabHandle, Ports, World, control};
use crate::publish::{Board, Door, Meters, SharedBoard, of_this_machine_only, report};
use futures_util::future::join_all;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Looks at the world once from every vantage, and prints the matrix.
pub async fn once(command: &Command) -> Outcome {
    // Free ports, so that it also runs beside a lab that is running.
    let lab = bind(command, 0)?;
    let folder = Scratch::new()?;
    let plan = furnish(folder.path(), &lab.handle())?;
    let handle = lab.handle();
    let stop = CancellationToken::new();
    let looking = async {
        for fault in &command.with {
            handle.break_with(fault).await?;
        }
        let estates = estates(&plan)?;
        let boards = join_all(estates.iter().map(|estate| agent::once(estate, 64, || {}))).await;
        stop.cancel();
        Ok::<_, Fault>(boards)
    };
    let (served, boards) = tokio::join!(lab.serve(stop.clone()), async {
        let boards = looking.await;
        stop.cancel();
        boards
    });
    let boards = boards?;
    served?;
    matrix::print(&boards);
    Ok(boards
        .iter()
        .map(|board| Exit::from(report(board).of_one_round().outcome()))
        .max_by_key(|exit| rank(*exit))
        .unwrap_or(Exit::Unknown))
}

fn rank(exit: Exit) -> u8 {
    match exit {
        Exit::Good => 0,
        Exit::Unknown => 1,
        Exit::Broken => 2,
        Exit::Usage => 3,
    }
}

/// Runs the lab until it is told to stop.
pub async fn run(command: &Command) -> Outcome {
    let signals = run::Signals::catch()?;
    let lab = bind(command, World::hub_and_spoke().ports().dns)?;
    let handle = lab.handle();
    for fault in &command.with {
        handle.break_with(fault).await?;
    }
    let folder = command.dir.clone().unwrap_or_else(|| std::env::temp_dir().join("fencepost-lab"));
    let plan = furnish(&folder, &handle)?;
    let stop = CancellationToken::new();
    let control_listener = TcpListener::bind(command.control)
        .await
        .map_err(|e| Fault(format!("cannot listen on {}: {e}; choose another with --control", command.control)))?;
    let mut agents = Vec::new();
    for (i, estate) in estates(&plan)?.into_iter().enumerate() {
        let at = SocketAddr::new(
            command.listen.ip(),
            command.listen.port().saturating_add(u16::try_from(i).unwrap_or(u16::MAX)),
        );
        agents.push(Watch::new(estate, run::listen(at).await?, &plan)?);
    }
    let boards: Vec<SharedBoard> = agents.iter().map(|watch| watch.board.clone()).collect();
    let pages: Vec<String> = agents.iter().map(|watch| format!("http://{}/ ({})", watch.at, watch.vantage)).collect();
    let told = stop.clone();
    let orders = control::router(handle);
    let orders = if command.control.ip().is_loopback() { of_this_machine_only(orders) } else { orders };
    let controlled = axum::serve(control_listener, orders)
        .with_graceful_shutdown(async move { told.cancelled().await })
        .into_future();
    let watching = join_all(agents.into_iter().map(|watch| watch.run(stop.clone())));
    let (sender, _) = mpsc::channel(1);
    let (served, controlled, _, (), ()) = tokio::join!(
        async { ended(lab.serve(stop.clone()).await, &stop) },
        async { ended(controlled.await, &stop) },
        watching,
        signals.obey(sender, stop.clone()),
        introduce(&boards, &pages, &plan, &stop),
    );
    served.and(controlled)?;
    Ok(Exit::Good)
}

/// When one part ends, all do.
fn ended<T>(outcome: std::io::Result<T>, stop: &CancellationToken) -> std::io::Result<T> {
    stop.cancel();
    outcome
}

/// Waits for the first round, then says what there is to see and to do.
async fn introduce(boards: &[SharedBoard], pages: &[String], plan: &Path, stop: &CancellationToken) {
    let first_round = join_all(boards.iter().map(|board| board.wait_for(Board::is_complete)));
    let boards = tokio::select! {
        boards = first_round => boards,
        () = stop.cancelled() => return,
    };
    matrix::print(&boards);
    let plan = plan.display();
    say!("\nAgents: {}", pages.join(", "));
    say!("Plan:   {plan}\n");
    say!("In another terminal:");
    say!("  fencepost lab list                       what can be broken");
    say!("  fencepost lab break zone-not-linked      break it");
    say!("  fencepost check --plan {plan} --vantage prod-app");
    say!("  fencepost explain --plan {plan} --vantage prod-app gateway");
    say!("  fencepost lab heal                       make all whole again");
    say!("Ctrl-C ends the lab.");
}

/// One agent of the lab.
struct Watch {
    vantage: String,
    at: SocketAddr,
    estate: Estate,
    listener: TcpListener,
    board: SharedBoard,
    meters: Arc<Meters>,
    place: Place,
}

impl Watch {
    fn new(estate: Estate, listener: TcpListener, plan: &Path) -> Result<Self, Fault> {
        let vantage = estate.header.vantage.name.clone();
        let place = Place { vantage: Some(vantage.clone()), ..plan_only(plan) };
        let (board, at) = (agent::shared_board(&estate), listener.local_addr()?);
        Ok(Self { vantage, at, estate, listener, board, meters: Arc::new(Meters::new()?), place })
    }

    async fn run(self, stop: CancellationToken) {
        let (reload, orders) = mpsc::channel(1);
        let source = run::source(&self.place);
        let orders = Orders { reload: orders, stop: stop.clone() };
        let means = Means::alone(Arc::clone(&self.meters), agent::most_looks(), source);
        let agent = agent::run(self.estate, self.board.clone(), means, orders);
        let http =
            run::serve_http(self.listener, Arc::new(Door::open(self.at.ip())), self.board, self.meters, reload, stop);
        tokio::join!(agent, http);
    }
}

fn bind(command: &Command, default_port: u16) -> Result<Lab, Fault> {
    let world = World::hub_and_spoke();
    let usual = world.ports();
    let (dns, tls) = if default_port == 0 { (0, 0) } else { (usual.dns, usual.tls) };
    let ports = Ports { dns: command.dns_port.unwrap_or(dns), tls: command.tls_port.unwrap_or(tls) };
    Lab::bind(world, ports)
        .map_err(|e| Fault(format!("the lab's servers: {e}; if a lab runs already, stop it, or give this one other ports: --dns-port, --tls-port, --listen, --control")))
}

/// Writes the plan and the authority's certificate, so that every other command can look at the lab too.
fn furnish(folder: &Path, lab: &LabHandle) -> Result<PathBuf, Fault> {
    let written = |path: PathBuf, text: &str| {
        std::fs::write(&path, text).map(|()| path.clone()).map_err(|e| Fault(format!("{}: {e}", path.display())))
    };
    std::fs::create_dir_all(folder).map_err(|e| Fault(format!("{}: {e}", folder.display())))?;
    written(folder.join(control::AUTHORITY_FILE), lab.authority_pem())?;
    written(folder.join("plan.yaml"), &lab.plan_text_trusting(control::AUTHORITY_FILE))
}

/// A place in the plan that the lab wrote.
fn plan_only(plan: &Path) -> Place {
    Place { plan: plan.to_owned(), vantage: None, catalog: Vec::new(), pinned: Pinned::default() }
}

/// One estate for each vantage of the plan.
fn estates(plan: &Path) -> Result<Vec<Estate>, Fault> {
    let read = load::plan(plan, &load::catalog(&[])?)?;
    let place = |name: String| Place { vantage: Some(name), ..plan_only(plan) };
    read.vantages.iter().map(|vantage| load::estate(&place(vantage.name.to_string()))).collect()
}

/// A folder for one run, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Fault> {
        let path = std::env::temp_dir().join(format!("fencepost-lab-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|e| Fault(format!("{}: {e}", path.display())))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is small, and lies in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
