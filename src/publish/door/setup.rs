//! A web configuration made ready for use: certificates read, suites chosen, headers written.

use super::clients;
use crate::web::{Clients, Curve, Hash, Rate, Suite, Tls, Version, WebConfig};
use axum::http::{HeaderName, HeaderValue};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The web configuration and the contents of the files it names, as they stood on disk at one time.
#[derive(Clone, PartialEq, Default)]
pub struct Readings {
    pub config: WebConfig,
    /// PEM; empty where the configuration has no TLS.
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
    /// PEM of the authorities of clients; empty where none are asked for.
    pub authorities: Vec<u8>,
}

/// What is in force.
#[derive(Default)]
pub struct Setup {
    pub tls: Option<Arc<ServerConfig>>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub users: BTreeMap<String, Hash>,
    /// What the password of an unknown user is held against, so that it takes as long as for a known one.
    pub nobody: Option<Hash>,
    pub rate: Option<Rate>,
}

impl Setup {
    pub fn new(readings: &Readings) -> Result<Self, String> {
        let config = &readings.config;
        let tls = config.tls.as_ref().map(|tls| server(tls, readings)).transpose()?.map(Arc::new);
        let header = |(name, value): &(&'static str, String)| {
            let value = HeaderValue::from_str(value).map_err(|e| format!("the header {name}: {e}"))?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| format!("the header {name}: {e}"))?;
            Ok::<_, String>((name, value))
        };
        let headers = config.headers.iter().map(header).collect::<Result<_, _>>()?;
        let nobody = config.users.values().map(Hash::cost).max().map(Hash::of_nobody);
        Ok(Self { tls, headers, users: config.users.clone(), nobody, rate: config.rate })
    }
}

fn server(tls: &Tls, readings: &Readings) -> Result<ServerConfig, String> {
    let chain = CertificateDer::pem_slice_iter(&readings.certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|e| format!("the certificate cannot be read: {e}"))?;
    if chain.is_empty() {
        return Err("there is no certificate in cert_file\n    fix: put one there, as PEM".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(&readings.key)
        .map_err(|e| format!("the key cannot be read: {e}\n    fix: put a PEM key without password into key_file"))?;
    let provider = Arc::new(provider(tls));
    let versions: &[&rustls::SupportedProtocolVersion] = match tls.versions {
        (Version::Tls12, Version::Tls12) => &[&rustls::version::TLS12],
        (Version::Tls13, _) => &[&rustls::version::TLS13],
        (Version::Tls12, Version::Tls13) => &[&rustls::version::TLS12, &rustls::version::TLS13],
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|e| e.to_string())?;
    let builder = match clients::verifier(&tls.clients, &readings.authorities, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut server = builder
        .with_single_cert(chain, key)
        .map_err(|e| format!("certificate and key: {e}\n    fix: put a certificate and its own key there"))?;
    server.ignore_client_order = tls.own_order;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    if matches!(tls.clients, Clients::Required { .. } | Clients::IfGiven(_)) {
        // A session that is taken up again would skip the look at the certificate.
        server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
    }
    Ok(server)
}

/// What can be spoken, of which the configuration takes its part, in its order.
fn provider(tls: &Tls) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if !tls.suites.is_empty() {
        let all = std::mem::take(&mut provider.cipher_suites);
        let newest = all.iter().filter(|suite| suite.tls13().is_some()).copied();
        let named = |name: &Suite| all.iter().find(|suite| is_called(suite.suite().as_str(), name)).copied();
        let older = tls.suites.iter().filter_map(named).filter(|suite| suite.tls13().is_none());
        provider.cipher_suites = newest.chain(older).collect();
    }
    if !tls.curves.is_empty() {
        let group = |curve: &Curve| -> &'static dyn SupportedKxGroup {
            match curve {
                Curve::X25519 => ring::kx_group::X25519,
                Curve::P256 => ring::kx_group::SECP256R1,
                Curve::P384 => ring::kx_group::SECP384R1,
            }
        };
        provider.kx_groups = tls.curves.iter().map(group).collect();
    }
    provider
}

/// The library has a word of its own for the suites of TLS 1.3.
fn is_called(own: Option<&str>, name: &str) -> bool {
    own.is_some_and(|own| {
        own == name || own.strip_prefix("TLS13").zip(name.strip_prefix("TLS")).is_some_and(|(a, b)| a == b)
    })
}
