//! The limit: TCP and TLS with rustls' own verification, and nothing else.

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// CPU time of this thread so far.
pub fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Shakes hands so often with 127.0.0.2, one after the other, with so long a pause between them.
pub async fn bare_handshakes(authority: &str, port: u16, many: usize, pause: Duration) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    for i in 0..many {
        let name = ServerName::try_from(format!("contoso-{i}.openai.azure.com")).unwrap();
        let stream = tokio::net::TcpStream::connect(("127.0.0.2", port)).await.unwrap();
        black_box(connector.connect(name, stream).await.unwrap());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}
