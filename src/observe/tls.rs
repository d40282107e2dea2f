//! The handshake, observed: any certificate is taken down first and examined afterwards, so that a bad one is a fact
//! with its names and dates, not just a failure. Nothing is sent to a peer whose certificate has a defect.

use super::certificates::Certificates;
use super::rationed::Rationed;
use crate::clock;
use crate::facts::{CertTrouble, Tls, TlsOutcome, shown};
use crate::plan::HostName;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime, pem::PemObject};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom this agent trusts, and how it shakes hands.
pub struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
    connector: TlsConnector,
    seen: Certificates,
}

/// Why the trusted certificates could not be read.
#[derive(Debug)]
pub struct TrustError(String);

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TrustError {}

impl Trust {
    /// The machine's own authorities and those of a PEM text, where one is given. `SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// are honoured.
    pub fn new(extra_pem: Option<&[u8]>) -> Result<Self, TrustError> {
        let native = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(native.certs);
        if let Some(pem) = extra_pem {
            let mut added = 0;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|e| TrustError(format!("not PEM: {e}")))?;
                store.add(certificate).map_err(|e| TrustError(format!("not a CA certificate: {e}")))?;
                added += 1;
            }
            if added == 0 {
                return Err(TrustError("it holds no certificate".to_owned()));
            }
        }
        if store.is_empty() {
            let why = native.errors.first().map(ToString::to_string).unwrap_or_default();
            return Err(TrustError(format!("this machine has no CA certificates, and the plan names none {why}")));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| TrustError(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Witnessed { provider }))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(Self {
            anchors: store.roots,
            algorithms,
            connector: TlsConnector::from(Arc::new(config)),
            seen: Certificates::default(),
        })
    }

    /// What the agent's own requests go by: a peer that does not prove its name is not spoken to.
    pub fn client_config(&self) -> Result<ClientConfig, TrustError> {
        let roots = RootCertStore { roots: self.anchors.clone() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| TrustError(e.to_string()))?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }

    /// What is wrong with a chain for a host at a time; nothing, if nothing is.
    fn troubles(&self, chain: &[CertificateDer<'_>], host: &ServerName<'_>, now: UnixTime) -> Vec<CertTrouble> {
        let Some((leaf, rest)) = chain.split_first() else {
            return vec![CertTrouble::Other("the peer sent no certificate".to_owned())];
        };
        let parsed = match webpki::EndEntityCert::try_from(leaf) {
            Ok(parsed) => parsed,
            Err(e) => return vec![CertTrouble::Other(shown(&format!("the certificate does not parse: {e}")))],
        };
        let mut troubles = Vec::new();
        if parsed.verify_is_valid_for_subject_name(host).is_err() {
            troubles.push(CertTrouble::WrongName);
        }
        let verify = |at: UnixTime| {
            let usage = webpki::KeyUsage::server_auth();
            parsed.verify_for_usage(self.algorithms.all, &self.anchors, rest, at, usage, None, None).err()
        };
        match verify(now) {
            None => {}
            Some(webpki::Error::CertExpired { not_after, .. }) => {
                troubles.push(CertTrouble::Expired);
                // Expiry is found first and hides the rest; look again at a time when the certificate was valid.
                let earlier = UnixTime::since_unix_epoch(Duration::from_secs(not_after.as_secs().saturating_sub(1)));
                troubles.extend(verify(earlier).map(trouble).filter(|t| *t != CertTrouble::Expired));
            }
            Some(e) => troubles.push(trouble(e)),
        }
        troubles.sort();
        troubles.dedup();
        troubles
    }
}

fn trouble(e: webpki::Error) -> CertTrouble {
    match e {
        webpki::Error::UnknownIssuer => CertTrouble::UnknownIssuer,
        webpki::Error::CertExpired { .. } => CertTrouble::Expired,
        webpki::Error::CertNotValidYet { .. } => CertTrouble::NotYetValid,
        webpki::Error::CertNotValidForName(_) => CertTrouble::WrongName,
        // A self-signed server certificate shows itself this way: it is an authority, and used as a server.
        webpki::Error::CaUsedAsEndEntity => CertTrouble::UnknownIssuer,
        other => CertTrouble::Other(shown(&other.to_string())),
    }
}

/// Shakes hands; the stream comes back whenever the handshake ended, trusted or not.
pub async fn handshake(trust: &Trust, host: &HostName, stream: Rationed) -> (Tls, Option<TlsStream<Rationed>>) {
    let Ok(name) = ServerName::try_from(host.as_str().to_owned()) else {
        return (ended(TlsOutcome::Garbled("the host name cannot be sent as SNI".to_owned())), None);
    };
    let stream = match trust.connector.connect(name.clone(), stream).await {
        Ok(stream) => stream,
        Err(e) => return (ended(handshake_trouble(&e)), None),
    };
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().unwrap_or_default();
    let now = clock::now();
    let since_epoch = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default());
    let troubles = trust.troubles(chain, &name, UnixTime::since_unix_epoch(since_epoch));
    let outcome = if troubles.is_empty() { TlsOutcome::Trusted } else { TlsOutcome::Untrusted(troubles) };
    let version = session.protocol_version().and_then(|v| v.as_str().map(Cow::Borrowed));
    let facts = Tls { took: Duration::ZERO, outcome, version, certificate: trust.seen.leaf(chain) };
    (facts, Some(stream))
}

/// A handshake that came to no certificate.
pub fn ended(outcome: TlsOutcome) -> Tls {
    Tls { took: Duration::ZERO, outcome, version: None, certificate: None }
}

fn handshake_trouble(e: &io::Error) -> TlsOutcome {
    if let Some(tls) = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match tls {
            rustls::Error::AlertReceived(alert) => TlsOutcome::Alert(format!("{alert:?}")),
            other => TlsOutcome::Garbled(shown(&other.to_string())),
        };
    }
    match e.kind() {
        io::ErrorKind::UnexpectedEof => TlsOutcome::Closed,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            TlsOutcome::Reset
        }
        io::ErrorKind::TimedOut => TlsOutcome::TimedOut,
        _ => TlsOutcome::Garbled(shown(&e.to_string())),
    }
}

/// Takes any chain, but only from a peer that holds its key: the handshake's signature is verified.
#[derive(Debug)]
struct Witnessed {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Witnessed {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
