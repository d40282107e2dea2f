//! The runtime and the log of one command.

use super::Fault;
use super::args::LogFormat;
use std::time::Duration;
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;

/// Log lines go to standard error; `filter` overrides the default of the command.
pub fn logging(format: LogFormat, filter: &str, level: &str) -> Result<(), Fault> {
    let wanted = if filter.is_empty() { level } else { filter };
    let filter = EnvFilter::try_new(wanted)
        .map_err(|e| Fault(format!("--log `{wanted}`: {e}; write off, error, warn, info, debug or fencepost=debug")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            lines.with_target(false).with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
        }
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

pub fn runtime() -> Result<Runtime, Fault> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Fault::from)
}

/// For what runs for months: looks wait far more than they work, and threads that wake one another cost more than they
/// save. What takes long goes to threads of its own.
pub fn quiet_runtime() -> Result<Runtime, Fault> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::from)
}

/// Ends a runtime without waiting for a getaddrinfo that hangs; it cannot be cancelled.
pub fn end(runtime: Runtime) {
    runtime.shutdown_timeout(Duration::from_millis(100));
}
