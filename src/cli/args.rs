//! What the command line takes.

pub use super::gate::args::{Form, Gate, Output};
use super::push::PushArgs;
pub use super::supply::Pinned;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Proves that Azure OpenAI stays private, reachable where it should be, and blocked where it should be.
#[derive(Debug, Parser)]
#[command(name = "fencepost", version, about, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,

    /// The form of log lines on standard error.
    #[arg(long, global = true, value_enum, default_value = "text", env = "FENCEPOST_LOG_FORMAT")]
    pub log_format: LogFormat,

    /// Which log lines are written: off, error, warn, info, debug, or a filter such as fencepost=debug. [default: info
    /// for run and lab, error for the rest]
    #[arg(long, global = true, env = "FENCEPOST_LOG", default_value = "", hide_default_value = true)]
    pub log: String,
}

const EXIT_CODES: &str =
    "Exit codes: 0 everything holds, 1 something is broken, 2 usage or plan fault, 3 could not tell.";

const CHECK_HELP: &str = "Examples:
  fencepost check --plan plan.yaml
  fencepost check --plan plan.yaml --only chat-prod --wait 5m
  fencepost check --plan plan.yaml --format github --output junit=fencepost.xml --output markdown=summary.md

Exit codes: 0 everything holds (with --fail-on broken: nothing is broken; with --fail-on never: always), 1 something is
broken, 2 usage or plan fault, or a file that could not be written, 3 could not tell, or nothing was looked at.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch a vantage: look on schedule, serve metrics and the board.
    Run(Run),
    /// Look at everything once, print it, and exit with what it came to.
    Check(Box<Check>),
    /// Tell one check in full: what every resolver says, how far every address is reached, why, and what to do.
    Explain(Box<Explain>),
    /// Check, show, import and begin plans.
    #[command(subcommand)]
    Plan(Plan),
    /// Play a hub-and-spoke estate on loopback, with an agent at every vantage; break it and watch.
    Lab(Lab),
    /// List the findings, or print the page of one: what brings it about, and what to try.
    Findings {
        /// A code, such as public-answer.
        code: Option<String>,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell that reads it.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write one for each command.
    Man(Man),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, ClapArgs)]
pub struct Man {
    /// A folder that takes the pages of all commands.
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

/// Which plan, and where in it.
#[derive(Clone, Debug, ClapArgs)]
pub struct Place {
    /// The plan: a file, a folder of *.yaml, - for standard input, or an https address.
    #[arg(long, env = "FENCEPOST_PLAN", hide_env_values = true, value_name = "FILE|FOLDER|URL")]
    pub plan: PathBuf,

    /// The vantage to take. [default: the one whose `within` holds an address of this machine]
    #[arg(long, env = "FENCEPOST_VANTAGE", value_name = "NAME")]
    pub vantage: Option<String>,

    /// A catalogue file of your own, beside the built-in ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,

    #[command(flatten)]
    pub pinned: Pinned,
}

#[derive(Debug, ClapArgs)]
pub struct Run {
    #[command(flatten)]
    pub place: Place,

    /// The longest time between two looks for a newer plan, from 1s to 1d, or never. [default: 30s for a file or a folder,
    /// 5m for an address]
    #[arg(long, env = "FENCEPOST_PLAN_REFRESH", value_name = "TIME")]
    pub plan_refresh: Option<String>,

    /// Where the agent's own HTTP listens.
    #[arg(long, env = "FENCEPOST_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9853")]
    pub listen: SocketAddr,

    /// TLS, client certificates and passwords for the agent's own HTTP, in the format of Prometheus' web configuration.
    /// Read again when it changes. [default: plain HTTP that asks nobody]
    #[arg(long = "web.config.file", env = "FENCEPOST_WEB_CONFIG_FILE", value_name = "FILE")]
    pub web_config: Option<PathBuf>,

    /// A folder for what survives a restart: incidents, exposure clocks, alerts to be sent. [default: the first of systemd's
    /// STATE_DIRECTORY, else nothing is kept]
    #[arg(long, env = "FENCEPOST_STATE", value_name = "FOLDER")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = CHECK_HELP)]
pub struct Check {
    #[command(flatten)]
    pub place: Place,

    #[command(flatten)]
    pub gate: Gate,

    // Last: its heading holds for whatever follows.
    #[command(flatten)]
    pub push: PushArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = EXPLAIN_HELP)]
pub struct Explain {
    /// A host name, or a target or check of the plan. With --replay it may be left out.
    #[arg(value_name = "HOST|TARGET", required_unless_present = "replay")]
    pub what: Option<String>,

    /// The plan: a file, a folder of *.yaml, - for standard input, or an https address. Without one, any private address
    /// passes.
    #[arg(long, env = "FENCEPOST_PLAN", hide_env_values = true, value_name = "FILE|FOLDER|URL")]
    pub plan: Option<PathBuf>,

    /// The vantage to take. [default: the one whose `within` holds an address of this machine]
    #[arg(long, env = "FENCEPOST_VANTAGE", value_name = "NAME")]
    pub vantage: Option<String>,

    /// A catalogue file of your own, beside the built-in ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,

    /// How the tale is told; JSON is what `check --format json` prints.
    #[arg(long, value_enum, default_value = "human")]
    pub format: CheckFormat,

    /// Tell a saved JSON report again, or - for standard input. Nothing is looked at.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,

    #[command(flatten)]
    pub pinned: Pinned,

    #[command(flatten)]
    pub bare: Bare,

    /// Which of its options stand on the command line; variables of the environment are not among them.
    #[arg(skip)]
    pub typed: Vec<&'static str>,
}

/// What a plan would say, for a name that no plan speaks of.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Without a plan, even where FENCEPOST_PLAN names one")]
pub struct Bare {
    /// A resolver to ask instead of this machine's own; may be given several times.
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub resolver: Vec<String>,

    /// An address or prefix that is expected, instead of any private one; may be given several times.
    #[arg(long, value_name = "ADDRESS|PREFIX")]
    pub expect: Vec<String>,

    /// The port of the service. [default: 443]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,

    /// A PEM file of extra CA certificates.
    #[arg(long, value_name = "FILE")]
    pub trust: Option<String>,
}

/// The options of `explain` that only some of its uses take.
const OF_SOME_USES: [&str; 12] = [
    "plan",
    "vantage",
    "catalog",
    "resolver",
    "expect",
    "port",
    "trust",
    "plan-sha256",
    "plan-key",
    "plan-trust",
    "plan-header-file",
    "plan-files",
];

/// Those of [`OF_SOME_USES`] that make a plan for one name.
const OF_NO_PLAN: [&str; 4] = ["resolver", "expect", "port", "trust"];

impl Args {
    /// Reads the command line of this process.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|e| e.exit());
        if let (Command::Explain(explain), Some(matches)) = (&mut args.command, matches.subcommand_matches("explain")) {
            explain.typed = typed(matches);
        }
        args
    }
}

fn typed(matches: &ArgMatches) -> Vec<&'static str> {
    let is_typed = |option: &&str| matches.value_source(option) == Some(ValueSource::CommandLine);
    OF_SOME_USES.into_iter().filter(is_typed).collect()
}

impl Explain {
    /// The place in the plan, where there is one. An option that only a name without a plan takes outweighs a variable.
    pub fn place(&self) -> Option<Place> {
        if self.of_no_plan().is_some() && !self.typed.contains(&"plan") {
            return None;
        }
        let plan = self.plan.clone()?;
        let (vantage, catalog, pinned) = (self.vantage.clone(), self.catalog.clone(), self.pinned.clone());
        Some(Place { plan, vantage, catalog, pinned })
    }

    /// The first option on the command line that only a name without a plan takes.
    pub fn of_no_plan(&self) -> Option<&'static str> {
        self.typed.iter().find(|option| OF_NO_PLAN.contains(option)).copied()
    }
}

const EXPLAIN_HELP: &str = "Examples:
  fencepost explain --plan plan.yaml chat-prod
  fencepost explain contoso.openai.azure.com --resolver 168.63.129.16 --resolver 10.0.0.4
  curl -s http://127.0.0.1:9853/api/v1/board | fencepost explain --replay - gateway

Exit codes: 0 holds, 1 broken, 2 usage or plan fault, 3 could not tell.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Read a plan and report every fault, each with its place and what to write instead.
    Check {
        /// A file, a folder of *.yaml, - for standard input, or an https address.
        #[arg(value_name = "FILE|FOLDER|URL", env = "FENCEPOST_PLAN", hide_env_values = true)]
        file: PathBuf,
        /// A catalogue file of your own; may be given several times.
        #[arg(long, value_name = "FILE")]
        catalog: Vec<PathBuf>,
        #[command(flatten)]
        pinned: Pinned,
    },
    /// Print what is claimed where: every vantage and endpoint, with the rule that decides.
    Show {
        /// A file, a folder of *.yaml, - for standard input, or an https address.
        #[arg(value_name = "FILE|FOLDER|URL", env = "FENCEPOST_PLAN", hide_env_values = true)]
        file: PathBuf,
        /// A catalogue file of your own; may be given several times.
        #[arg(long, value_name = "FILE")]
        catalog: Vec<PathBuf>,
        #[command(flatten)]
        pinned: Pinned,
        /// The day to show; exceptions begin and end. [default: today, UTC]
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<jiff::civil::Date>,
    },
    /// Print a JSON Schema of the plan language, for editors.
    Schema,
    /// Print a ready plan to start from; without a name, list them.
    Example { name: Option<String> },
    /// Turn the configuration of another tool into a plan to start from; what could not be carried over stands in it.
    #[command(subcommand)]
    Import(Import),
}

#[derive(Debug, Subcommand)]
pub enum Import {
    /// Targets and modules of blackbox_exporter: give prometheus.yml, blackbox.yml, and files that `file_sd_configs` reads.
    Blackbox {
        /// The files, in any order; - is standard input.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
pub struct Lab {
    #[command(subcommand)]
    pub order: Option<LabOrder>,

    /// Look once from every vantage, print the matrix, and exit with what it came to.
    #[arg(long)]
    pub once: bool,

    /// Begin with this fault in force; may be given several times.
    #[arg(long, value_name = "FAULT")]
    pub with: Vec<String>,

    /// Where the first vantage's agent listens; the others take the ports after it.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9853")]
    pub listen: SocketAddr,

    /// Where the lab takes orders.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9852", global = true)]
    pub control: SocketAddr,

    /// The port of the lab's name servers. [default: 8053; with --once, a free one]
    #[arg(long, value_name = "PORT")]
    pub dns_port: Option<u16>,

    /// The port of the lab's TLS servers. [default: 8443; with --once, a free one]
    #[arg(long, value_name = "PORT")]
    pub tls_port: Option<u16>,

    /// Where the lab's plan and CA certificate are written. [default: fencepost-lab in the folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum LabOrder {
    /// List the faults, and which are in force.
    List,
    /// Put a fault in force.
    Break { name: String },
    /// Take all faults back.
    Heal,
}
