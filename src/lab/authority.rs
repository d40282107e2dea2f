//! The lab's own authorities and the certificates of its fronts. Made anew for every lab, and kept only in memory.

use super::scene::{Front, Issuer, Scene};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The certificates could not be made.
#[derive(Debug)]
pub struct AuthorityError(String);

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the lab's certificates could not be made: {}", self.0)
    }
}

impl std::error::Error for AuthorityError {}

impl From<rcgen::Error> for AuthorityError {
    fn from(e: rcgen::Error) -> Self {
        Self(e.to_string())
    }
}

impl From<rustls::Error> for AuthorityError {
    fn from(e: rustls::Error) -> Self {
        Self(e.to_string())
    }
}

/// How each front shakes hands, under either issuer.
pub struct Authority {
    pem: String,
    configs: HashMap<(String, Issuer), Arc<ServerConfig>>,
}

type Certifier = CertifiedIssuer<'static, KeyPair>;

impl Authority {
    /// Makes two authorities, and a certificate of each for every front.
    pub fn new(scene: &Scene) -> Result<Self, AuthorityError> {
        let trusted = certifier("Fencepost lab authority")?;
        let inspection = certifier("Fencepost lab inspection device")?;
        // One key serves all fronts: they are all this process.
        let key = KeyPair::generate()?;
        let mut configs = HashMap::new();
        for (name, front) in &scene.fronts {
            for (issuer, certifier) in [(Issuer::Authority, &trusted), (Issuer::Inspection, &inspection)] {
                let config = server_config(front, &key, certifier)?;
                configs.insert((name.clone(), issuer), Arc::new(config));
            }
        }
        Ok(Self { pem: trusted.pem(), configs })
    }

    /// The certificate that an agent of the lab must trust.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn config(&self, front: &str, issuer: Issuer) -> Option<Arc<ServerConfig>> {
        self.configs.get(&(front.to_owned(), issuer)).map(Arc::clone)
    }
}

fn certifier(name: &str) -> Result<Certifier, AuthorityError> {
    let mut params = parameters(&[], name)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn parameters(names: &[String], common_name: &str) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}

fn server_config(front: &Front, key: &KeyPair, certifier: &Certifier) -> Result<ServerConfig, AuthorityError> {
    let names = &front.names;
    let mut params = parameters(names, names.first().map_or("Fencepost lab front", String::as_str))?;
    if let Some(day) = front.expires {
        params.not_after = date_time_ymd(i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs());
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(key, certifier)?;
    let chain = vec![certificate.der().clone(), certifier.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|e| AuthorityError(e.to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
