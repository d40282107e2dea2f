//! Reading the web configuration and the files it names.

use super::{Fault, load};
use crate::publish::{Door, Meters, Readings, WebSource};
use crate::web::{self, Pem};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The door of the agent's HTTP: kept by a file where one is named, else open to whoever reaches it.
pub fn door(file: Option<&Path>, listen: SocketAddr, meters: &Meters) -> Result<Arc<Door>, Fault> {
    let Some(file) = file else { return Ok(Arc::new(Door::open(listen.ip()))) };
    let of_file = |why: String| Fault(format!("--web.config.file: {why}"));
    let first = readings(file).map_err(of_file)?;
    if let Some(Pem::File(key)) = first.config.tls.as_ref().map(|tls| &tls.key) {
        load::tell_if_others_read(&beside(file, key));
    }
    if first.config.tls.is_none() && !first.config.users.is_empty() && !listen.ip().is_loopback() {
        tracing::warn!("passwords come in over plain HTTP: whoever is on their way reads them; add tls_server_config");
    }
    let kept = file.to_owned();
    let source: WebSource = Box::new(move || readings(&kept));
    let door = Door::kept_by(source, listen.ip(), meters).map_err(of_file)?;
    tracing::info!(file = %file.display(), scheme = door.scheme(), asks_who = door.asks_who(), "the web configuration is taken");
    Ok(Arc::new(door))
}

/// As everything stands on disk now.
fn readings(file: &Path) -> Result<Readings, String> {
    let of_disk = |Fault(why): Fault| why;
    let text = load::text(file).map_err(of_disk)?;
    let config = web::read(&file.display().to_string(), &text).map_err(|faults| faults.to_string())?;
    let Some(tls) = &config.tls else { return Ok(Readings { config, ..Readings::default() }) };
    let pem = |pem: &Pem, key: &str| match pem {
        Pem::Inline(text) => Ok(text.clone().into_bytes()),
        Pem::File(path) => load::bytes(&beside(file, path))
            .map_err(|Fault(why)| format!("{key}: {why}\n    fix: put the file there, readable for the agent")),
    };
    let certificate = pem(&tls.certificate, "cert_file")?;
    let key = pem(&tls.key, "key_file")?;
    let authorities =
        tls.clients.authorities().map(|found| pem(found, "client_ca_file")).transpose()?.unwrap_or_default();
    Ok(Readings { certificate, key, authorities, config })
}

/// A relative path counts from the folder of the file that names it.
fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}
