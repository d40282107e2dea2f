//! Where alerts go must be an address, and each destination one of its own.

use super::super::file::{AlertsFile, DestinationFile};
use super::super::read::Spot;
use super::super::{Alerts, Destination, DestinationKind, DestinationName, Url};
use super::Checker;

impl Checker<'_> {
    pub(super) fn alerts(&mut self, file: &AlertsFile) -> Alerts {
        let runbooks = file.runbooks.as_ref().and_then(|spot| self.url(spot, "`runbooks`", false));
        let named = |kind| move |file| (kind, file);
        let files = file.alertmanagers.iter().map(named(DestinationKind::Alertmanager));
        let files: Vec<(DestinationKind, &DestinationFile)> =
            files.chain(file.webhooks.iter().map(named(DestinationKind::Webhook))).collect();
        let mut destinations: Vec<Destination> = Vec::with_capacity(files.len());
        for (at, (kind, file)) in files.iter().enumerate() {
            self.used_before(file, files[..at].iter().map(|(_, earlier)| *earlier));
            let Some(url) = self.url(&file.url, "the url", *kind == DestinationKind::Webhook) else { continue };
            let secret = file.secret.as_ref().map(|spot| spot.value.clone());
            destinations.push(Destination { name: DestinationName::new(&file.name.value), kind: *kind, url, secret });
        }
        Alerts { runbooks: runbooks.map(|url| url.base().to_owned()), destinations }
    }

    /// Within one table the reader sees to it that a name stands once.
    fn used_before<'a>(&mut self, file: &DestinationFile, mut earlier: impl Iterator<Item = &'a DestinationFile>) {
        if let Some(first) = earlier.find(|earlier| earlier.name.value == file.name.value) {
            let name = &file.name.value;
            let at = file.name.place.speaks_of(first.name.place, self.files);
            self.fault(
                file.name.place,
                format!("the name `{name}` is used twice under `alerts`; it first stands at {at}"),
                "rename one: metrics tell destinations apart by their names",
            );
        }
    }

    fn url(&mut self, spot: &Spot<String>, what: &str, may_have_query: bool) -> Option<Url> {
        // An address that has credentials may have them anywhere, and faults end up in logs.
        let shown =
            if spot.value.contains(['@', '?']) { "(not shown)".to_owned() } else { format!("`{}`", spot.value) };
        match Url::parse(&spot.value) {
            Ok(url) if may_have_query || !url.has_query() => return Some(url),
            Ok(_) => self.fault(
                spot.place,
                format!("{what} {shown} has a query, and a path is appended to it"),
                "write it up to the question mark",
            ),
            Err(trouble) => self.fault(
                spot.place,
                format!("{what} {shown} {trouble}"),
                "write it as `https://HOST:PORT/PATH`; keys and tokens belong into a file that `secret` or `token` names",
            ),
        }
        None
    }
}
