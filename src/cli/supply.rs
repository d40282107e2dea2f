//! Where the plan comes from, as the command line names it.

use super::{Fault, load, runtime};
use crate::catalog::Catalog;
use crate::dial::Lookup;
use crate::observe::{Net, Sockets, Trust};
use crate::plan::{self, Plan};
use crate::source::{Content, Fetcher, Origin, Pin, Supply};
use clap::Args as ClapArgs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

const WHICH: &str = "Which plan is taken";

/// Which plan is meant, beside its place.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Pinned {
    /// Take only the plan with this SHA-256, as `plan check` and sha256sum print it.
    #[arg(id = "plan-sha256", long, help_heading = WHICH, env = "FENCEPOST_PLAN_SHA256", value_name = "HEX", conflicts_with = "plan-key")]
    pub sha256: Option<String>,

    /// Take only plans that this minisign key signed: the key itself, or its file. The signature stands beside the plan, with
    /// .minisig appended; in a folder it is SHA256SUMS.minisig.
    #[arg(id = "plan-key", long, help_heading = WHICH, env = "FENCEPOST_PLAN_KEY", value_name = "KEY|FILE")]
    pub key: Option<String>,

    /// A PEM file of extra CA certificates for the server of the plan, beside those of the machine.
    #[arg(id = "plan-trust", long, help_heading = WHICH, env = "FENCEPOST_PLAN_TRUST", value_name = "FILE")]
    pub trust: Option<PathBuf>,

    /// A file of header lines for the server of the plan, such as `Authorization: Bearer …`; read anew each time.
    #[arg(id = "plan-header-file", long, help_heading = WHICH, env = "FENCEPOST_PLAN_HEADER_FILE", value_name = "FILE")]
    pub headers: Option<PathBuf>,

    /// The only folder whose files the plan may name (certificates, tokens, keys). Without it a plan that has an address may
    /// name none. [default: paths count from the plan's own folder]
    #[arg(id = "plan-files", long, help_heading = WHICH, env = "FENCEPOST_PLAN_FILES", value_name = "FOLDER")]
    pub files: Option<PathBuf>,
}

/// Where the files are that a plan names.
#[derive(Clone, Debug)]
pub enum Files {
    /// Relative paths count from here.
    From(PathBuf),
    /// Below here, and nowhere else.
    Only(PathBuf),
    /// The plan has an address, and nobody said where files of it may be.
    Nowhere,
}

impl Files {
    pub fn of(origin: &Origin, pinned: &Pinned) -> Self {
        match (&pinned.files, origin.folder()) {
            (Some(only), _) => Self::Only(only.clone()),
            (None, Some(folder)) => Self::From(folder),
            (None, None) => Self::Nowhere,
        }
    }

    /// The place of a file; an error is fit to follow its name.
    pub fn find(&self, file: &str) -> Result<PathBuf, String> {
        match self {
            Self::From(folder) => Ok(folder.join(file)),
            Self::Only(folder) => {
                let stays = Path::new(file).components().all(|part| match part {
                    Component::Normal(_) | Component::CurDir => true,
                    Component::Prefix(_) | Component::RootDir | Component::ParentDir => false,
                });
                if stays {
                    return Ok(folder.join(file));
                }
                Err(format!("lies outside of the folder that --plan-files names, {}", folder.display()))
            }
            Self::Nowhere => {
                Err("is a file of this machine, and the plan comes from elsewhere; put it into a folder and \
                                  name that with --plan-files"
                    .to_owned())
            }
        }
    }
}

/// How the plan is named in a command that somebody may repeat; nothing, where it can be read but once. What follows the `?`
/// of an address may open a storage account.
pub fn repeated(named: &Path) -> Option<String> {
    match Origin::parse(named).ok()? {
        Origin::Stdin => None,
        Origin::Path(path) => Some(path.display().to_string()),
        Origin::Address(address) if address.whole().contains('?') => Some("PLAN".to_owned()),
        Origin::Address(address) => Some(address.to_string()),
    }
}

/// The source of the plan; `folder` is where the copy of one with an address is kept.
pub fn supply(named: &Path, pinned: &Pinned, folder: Option<&Path>) -> Result<Supply, Fault> {
    let origin = Origin::parse(named).map_err(|why| Fault(format!("--plan: {why}")))?;
    let pin = pin(pinned)?;
    let fetcher = match &origin {
        Origin::Address(_) => Some(fetcher(pinned)?),
        Origin::Stdin | Origin::Path(_) => {
            let idle = [("plan-trust", &pinned.trust), ("plan-header-file", &pinned.headers)];
            if let Some((option, _)) = idle.into_iter().find(|(_, given)| given.is_some()) {
                return Err(Fault(format!("--{option} says nothing to a plan that has no address; leave it out")));
            }
            None
        }
    };
    Ok(Supply::new(origin, pin, fetcher, folder))
}

fn pin(pinned: &Pinned) -> Result<Pin, Fault> {
    if let Some(digest) = &pinned.sha256 {
        return Pin::digest(digest).ok_or_else(|| {
            Fault("--plan-sha256: a SHA-256 has 64 hexadecimal digits; `plan check` prints it".to_owned())
        });
    }
    let Some(key) = &pinned.key else { return Ok(Pin::None) };
    if let Some(pin) = Pin::key(key) {
        return Ok(pin);
    }
    let told =
        |why: &str| Fault(format!("--plan-key: {why}; write the key that begins with RW, or the file that holds it"));
    let text = load::text(Path::new(key)).map_err(|Fault(why)| told(&why))?;
    Pin::key(&text).ok_or_else(|| told(&format!("{key} holds no public key of minisign")))
}

fn fetcher(pinned: &Pinned) -> Result<Fetcher, Fault> {
    let pem = pinned.trust.as_deref().map(load::bytes).transpose();
    let pem = pem.map_err(|Fault(why)| Fault(format!("--plan-trust: {why}")))?;
    let trust = Trust::new(pem.as_deref()).and_then(|trust| trust.client_config());
    let tls = trust.map_err(|e| Fault(format!("--plan-trust: {e}")))?;
    let headers = pinned.headers.clone();
    headers.iter().for_each(|file| load::tell_if_others_read(file));
    Ok(Fetcher::new(tls, lookup(Arc::new(Sockets::new(None))), headers, Fetcher::LIMIT))
}

/// Look-ups of the agent's own, as it makes them for everything that is no probe.
pub fn lookup(net: Arc<dyn Net>) -> Lookup {
    Arc::new(move |host| {
        let net = Arc::clone(&net);
        Box::pin(async move { net.own_lookup(host).await })
    })
}

/// What was written, read as a plan.
pub fn read(origin: &Origin, content: &Content, catalog: &Catalog) -> Result<Plan, Fault> {
    let (called, services) = (origin.to_string(), catalog.outlines());
    let read = match content {
        Content::Text(text) => plan::read(&called, text, &services),
        Content::Folder(files) => plan::read_folder(&called, files, &services),
    };
    read.map_err(|faults| Fault(faults.to_string()))
}

/// The plan of a command that reads it once, and where its files are.
pub fn plan_once(named: &Path, pinned: &Pinned, catalog: &Catalog) -> Result<(Plan, Files), Fault> {
    let supply = supply(named, pinned, None)?;
    let runtime = runtime::quiet_runtime()?;
    let got = runtime.block_on(supply.get_patiently(false));
    runtime::end(runtime);
    let got = got.map_err(|trouble| Fault(trouble.why))?;
    let plan = read(supply.origin(), &got.content, catalog)?;
    Ok((plan, Files::of(supply.origin(), pinned)))
}

/// As [`plan_once`], for a command to which the plan's files do not matter.
pub fn plan_alone(named: &Path, pinned: &Pinned, catalog: &Catalog) -> Result<Plan, Fault> {
    plan_once(named, pinned, catalog).map(|(plan, _)| plan)
}
