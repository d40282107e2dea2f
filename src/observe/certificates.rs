//! Leaf certificates, each read once: every account of a region shows the same wildcard certificate, look after look.

use crate::facts::{Certificate, shown};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The most DNS names of a certificate that are kept.
const MOST_NAMES: usize = 16;

/// The most certificates that are remembered. Whoever shows another one each time makes the agent read each of them, and
/// no more than that.
const MOST_CERTIFICATES: usize = 512;

/// The SHA-256 of a leaf, and how many certificates came with it.
type Key = ([u8; 32], usize);

#[derive(Debug, Default)]
pub struct Certificates(Mutex<HashMap<Key, Arc<Certificate>>>);

impl Certificates {
    /// The leaf of a chain; nothing, where there is none that can be read.
    pub fn leaf(&self, chain: &[CertificateDer<'_>]) -> Option<Arc<Certificate>> {
        let leaf = chain.first()?;
        let digest = <[u8; 32]>::try_from(ring::digest::digest(&ring::digest::SHA256, leaf).as_ref()).ok()?;
        let key = (digest, chain.len());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificate) = known.get(&key) {
            return Some(Arc::clone(certificate));
        }
        let certificate = Arc::new(read(leaf, key)?);
        if known.len() == MOST_CERTIFICATES {
            // What no facts speak of any more has been renewed.
            known.retain(|_, certificate| Arc::strong_count(certificate) > 1);
        }
        if known.len() < MOST_CERTIFICATES {
            known.insert(key, Arc::clone(&certificate));
        }
        Some(certificate)
    }
}

fn read(leaf: &CertificateDer<'_>, (digest, chain_length): Key) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(leaf).ok()?;
    // RFC 5280 writes "no end" as 9999-12-31, which lies just beyond what a timestamp holds.
    let time =
        |seconds: i64| Timestamp::from_second(seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second()));
    let time = |seconds: i64| time(seconds).unwrap_or(Timestamp::MAX);
    let alternative = parsed.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
    let dns_names = names.filter_map(|name| match name {
        GeneralName::DNSName(dns) => Some(shown(dns)),
        _ => None,
    });
    Some(Certificate {
        subject: shown(&parsed.subject().to_string()),
        issuer: shown(&parsed.issuer().to_string()),
        names: dns_names.take(MOST_NAMES).collect(),
        not_before: time(parsed.validity().not_before.timestamp()),
        not_after: time(parsed.validity().not_after.timestamp()),
        chain_length,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(serial: u64) -> CertificateDer<'static> {
        let mut params = rcgen::CertificateParams::new(vec!["*.openai.azure.com".to_owned()]).unwrap();
        params.serial_number = Some(serial.into());
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn one_certificate_is_kept_once_and_other_chains_are_other_facts() {
        let known = Certificates::default();
        let one = certificate(1);
        let first = known.leaf(std::slice::from_ref(&one)).unwrap();
        assert!(Arc::ptr_eq(&first, &known.leaf(std::slice::from_ref(&one)).unwrap()));
        assert_eq!((first.names.as_slice(), first.chain_length), (["*.openai.azure.com".to_owned()].as_slice(), 1));
        let longer = known.leaf(&[one.clone(), one]).unwrap();
        assert_eq!((longer.sha256.as_str(), longer.chain_length), (first.sha256.as_str(), 2));
        assert_eq!(known.leaf(&[]), None);
    }

    #[test]
    fn a_peer_with_ever_new_certificates_fills_nothing() {
        let known = Certificates::default();
        let in_use = known.leaf(&[certificate(0)]).unwrap();
        // Chains of other lengths are other entries, and cheaper to make than keys.
        let other = certificate(1);
        let held = known.leaf(std::slice::from_ref(&other)).unwrap();
        for length in 2..=2 * MOST_CERTIFICATES {
            assert_eq!(known.leaf(&vec![other.clone(); length]).unwrap().chain_length, length);
            assert!(known.0.lock().unwrap().len() <= MOST_CERTIFICATES);
        }
        let kept: Vec<_> = known.0.lock().unwrap().values().cloned().collect();
        assert!(kept.iter().any(|certificate| Arc::ptr_eq(certificate, &in_use)));
        assert!(kept.iter().any(|certificate| Arc::ptr_eq(certificate, &held)));
    }
}
