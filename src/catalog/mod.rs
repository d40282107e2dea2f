//! What is known of each service: its suffixes and private zones per cloud, what its public side looks like, which
//! request needs no key, and what its answers mean. The knowledge is data in `probes/catalog`, each piece with its source.

mod answer;
mod file;

pub use answer::{Answer, Meaning, Seen};
pub use file::{Certainty, Cloud, CloudNames, Endpoint, FrontName, Request, Service, TailPattern};

use crate::plan::{HostName, ServiceName, ServiceOutline, ServiceOutlines};
use std::collections::BTreeMap;

/// The catalogue files, built into the binary.
const EMBEDDED: &[(&str, &str)] = &[
    ("ai-search.yaml", include_str!("../../probes/catalog/ai-search.yaml")),
    ("api-management.yaml", include_str!("../../probes/catalog/api-management.yaml")),
    ("app-configuration.yaml", include_str!("../../probes/catalog/app-configuration.yaml")),
    ("azure-openai.yaml", include_str!("../../probes/catalog/azure-openai.yaml")),
    ("cognitive-services.yaml", include_str!("../../probes/catalog/cognitive-services.yaml")),
    ("container-registry.yaml", include_str!("../../probes/catalog/container-registry.yaml")),
    ("foundry.yaml", include_str!("../../probes/catalog/foundry.yaml")),
    ("https.yaml", include_str!("../../probes/catalog/https.yaml")),
    ("key-vault.yaml", include_str!("../../probes/catalog/key-vault.yaml")),
    ("ml-workspace.yaml", include_str!("../../probes/catalog/ml-workspace.yaml")),
    ("public-ai.yaml", include_str!("../../probes/catalog/public-ai.yaml")),
    ("storage-blob.yaml", include_str!("../../probes/catalog/storage-blob.yaml")),
];

/// Every service that a plan may name.
#[derive(Clone, Debug)]
pub struct Catalog {
    services: BTreeMap<ServiceName, Service>,
}

impl Catalog {
    /// The catalogue built into the binary. Its files are part of the program: a test reads each of them.
    pub fn embedded() -> Self {
        let mut catalog = Self { services: BTreeMap::new() };
        for (file, text) in EMBEDDED {
            if let Err(trouble) = catalog.extend(file, text) {
                unreachable!("the built-in catalogue does not read: {trouble}");
            }
        }
        catalog
    }

    /// Adds a service, or replaces one of the same name. The error names the place in the file.
    pub fn extend(&mut self, file: &str, text: &str) -> Result<ServiceName, String> {
        let service = Service::read(file, text)?;
        let name = service.name.clone();
        self.services.insert(name.clone(), service);
        Ok(name)
    }

    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.get(name)
    }

    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// What the plan needs to know of each service.
    pub fn outlines(&self) -> ServiceOutlines {
        let outline = |service: &Service| ServiceOutline {
            endpoints: service.endpoints.iter().map(|e| e.host.clone()).collect(),
            privatelink_zones: service.clouds.values().flat_map(|c| c.zones.iter().cloned()).collect(),
            takes_request: service.request.per_target,
        };
        self.services.iter().map(|(name, service)| (name.clone(), outline(service))).collect()
    }
}

impl Service {
    /// The suffix and cloud that a host name of this service lies under; the longest suffix wins.
    pub fn names_of(&self, host: &HostName) -> Option<(&CloudNames, &str)> {
        let suffixes = self.clouds.values().flat_map(|cloud| cloud.suffixes.iter().map(move |s| (cloud, s.as_str())));
        suffixes.filter(|(_, suffix)| host.is_under(suffix)).max_by_key(|(_, suffix)| suffix.len())
    }

    /// The privatelink zones in which a record of this host may stand.
    pub fn zones_of(&self, host: &HostName) -> Vec<&str> {
        self.names_of(host).map(|(cloud, suffix)| cloud.zones_for(suffix)).unwrap_or_default()
    }

    /// Whether a name of a chain belongs to the service's public side, and what that says.
    pub fn public_tail(&self, name: &HostName) -> Option<&TailPattern> {
        self.public_tail.iter().find(|tail| tail.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_reads() {
        assert_eq!(Catalog::embedded().services().count(), EMBEDDED.len());
    }

    #[test]
    fn a_host_finds_its_zone() {
        let catalog = Catalog::embedded();
        for (service, host, zones) in [
            ("azure-openai", "contoso.openai.azure.com", vec!["privatelink.openai.azure.com"]),
            ("foundry", "aif.cognitiveservices.azure.com", vec!["privatelink.cognitiveservices.azure.com"]),
            ("foundry", "aif.services.ai.azure.com", vec!["privatelink.services.ai.azure.com"]),
            ("key-vault", "kv.vault.azure.net", vec!["privatelink.vaultcore.azure.net"]),
            ("api-management", "contoso.azure-api.net", vec!["privatelink.azure-api.net"]),
            ("azure-openai", "gateway.contoso.example", vec![]),
        ] {
            let service = catalog.service(&ServiceName::new(service)).unwrap();
            assert_eq!(service.zones_of(&HostName::parse(host).unwrap()), zones, "{host}");
        }
    }
}
