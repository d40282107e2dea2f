//! Services that mean no good before and within the handshake, and below the answer.

use super::net::Attend;
use super::play::attend;
use super::sealed::Sealer;
use super::{Line, Peer, Row};
use crate::support::certificates::Authority;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CipherSuite, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::future::pending;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("Test authority"));

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];
const TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

/// A good answer of the service.
pub const OPEN: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}";

/// A server with a certificate for these names, and that many certificates of no use behind it.
fn config(
    versions: &[&'static SupportedProtocolVersion],
    names: &[&str],
    ballast: &[CertificateDer<'static>],
) -> ServerConfig {
    let issued = AUTHORITY.issue(names);
    let mut chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(issued.chain.as_bytes()).map(Result::unwrap).collect();
    chain.extend_from_slice(ballast);
    let mut provider = rustls::crypto::ring::default_provider();
    // The only ones that `Sealer` knows.
    provider.cipher_suites.retain(|suite| {
        matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256 | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        )
    });
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(versions).unwrap();
    // Not examined before it is shown, as a sound server would.
    let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(shown));
    config.enable_secret_extraction = true;
    config
}

fn usual(versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    config(versions, &["*.openai.azure.com"], &[])
}

/// A server as it should be, up to the request.
pub static USUAL: LazyLock<Arc<ServerConfig>> = LazyLock::new(|| Arc::new(usual(BOTH)));

/// Shakes hands, reads a request, and says this.
pub fn serving(config: Arc<ServerConfig>, answer: &'static [u8]) -> Attend {
    attend(move |line| {
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        async move {
            let Ok(mut stream) = acceptor.accept(line).await else { return };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    })
}

/// A service that means well.
pub fn well() -> Attend {
    serving(Arc::clone(&USUAL), OPEN)
}

/// Reads a whole record: the client's hello. A client that has left says no more than nothing.
pub async fn hello(line: &mut Line) -> Vec<u8> {
    let mut head = [0; 5];
    let _ = line.read_exact(&mut head).await;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    let _ = line.read_exact(&mut body).await;
    [&head[..], &body].concat()
}

/// What a server answers a hello with.
pub fn flight(config: &Arc<ServerConfig>, hello: &[u8]) -> Vec<u8> {
    let mut server = ServerConnection::new(Arc::clone(config)).unwrap();
    server.read_tls(&mut &*hello).unwrap();
    let _ = server.process_new_packets();
    let mut flight = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut flight).unwrap();
    }
    flight
}

/// The first messages of a flight that is not encrypted, as TLS 1.2 has it, each in a record of its own.
fn first(flight: &[u8], messages: usize) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::new(), flight);
    while let [_, _, _, high, low, ..] = rest {
        let end = 5 + usize::from(u16::from_be_bytes([*high, *low]));
        plain.extend_from_slice(&rest[5..end]);
        rest = &rest[end..];
    }
    let mut cut = Vec::new();
    let mut rest = &plain[..];
    // A client that has left gets no flight.
    for _ in 0..if plain.is_empty() { 0 } else { messages } {
        let end = 4 + usize::from(rest[2]) * 256 + usize::from(rest[3]);
        cut.extend([&[22, 3, 3][..], &u16::try_from(end).unwrap().to_be_bytes(), &rest[..end]].concat());
        rest = &rest[end..];
    }
    cut
}

/// Answers the hello with what a function makes of the right flight, and stays.
fn answering(config: ServerConfig, cut: fn(&[u8]) -> Vec<u8>) -> Attend {
    let config = Arc::new(config);
    attend(move |mut line: Line| {
        let config = Arc::clone(&config);
        async move {
            let asked = hello(&mut line).await;
            if line.write_all(&cut(&flight(&config, &asked))).await.is_ok() {
                pending::<()>().await;
            }
        }
    })
}

/// Says the same again and again, after the client's hello.
fn repeating(block: &'static [u8]) -> Attend {
    attend(move |mut line: Line| async move {
        hello(&mut line).await;
        while line.write_all(block).await.is_ok() {}
    })
}

/// Shakes hands over TLS 1.2, then says the same record again and again, and the answer behind so many of them.
fn sealed(kind: u8, plain: &'static [u8], times: usize) -> Attend {
    let config = Arc::new(usual(TLS12));
    attend(move |line| {
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        async move {
            let Ok(mut stream) = acceptor.accept(line).await else { return };
            let _ = stream.read(&mut [0; 4096]).await;
            let (mut line, session) = stream.into_inner();
            let mut sealer = Sealer::new(session);
            for _ in 0..times {
                if line.write_all(&sealer.seal(kind, plain)).await.is_err() {
                    return;
                }
            }
            if line.write_all(&sealer.seal(23, OPEN)).await.is_ok() {
                pending::<()>().await;
            }
        }
    })
}

/// Asks for new keys again and again instead of an answer.
fn rekeying() -> Attend {
    attend(|line| async {
        let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&USUAL)).accept(line).await else { return };
        let _ = stream.read(&mut [0; 4096]).await;
        while stream.get_mut().1.refresh_traffic_keys().is_ok() && stream.flush().await.is_ok() {}
    })
}

fn tickets() -> Attend {
    let mut config = usual(BOTH);
    config.send_tls13_tickets = 2_000;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    attend(move |line| {
        let acceptor = acceptor.clone();
        async move {
            let _ = acceptor.accept(line).await;
            pending::<()>().await;
        }
    })
}

/// A certificate of about 10 KiB.
fn fat() -> CertificateDer<'static> {
    let names: Vec<String> = (0..500).map(|i| format!("{i:05}.fat.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    CertificateDer::from_pem_slice(AUTHORITY.issue(&names).chain.as_bytes()).unwrap()
}

fn named(names: usize) -> Attend {
    let others: Vec<String> = (1..names).map(|i| format!("{i:05}.example")).collect();
    let names: Vec<&str> = ["*.openai.azure.com"].into_iter().chain(others.iter().map(String::as_str)).collect();
    serving(Arc::new(config(BOTH, &names, &[])), OPEN)
}

fn chained(certificate: CertificateDer<'static>) -> Attend {
    serving(Arc::new(config(BOTH, &["*.openai.azure.com"], &vec![certificate; 100])), OPEN)
}

fn tls(does: &'static str, attend: Attend) -> Row {
    Row::new(does, Peer::Service(attend))
}

pub fn rows() -> Vec<Row> {
    [stalls(), breaks(), floods(), certificates()].into_iter().flatten().collect()
}

fn stalls() -> Vec<Row> {
    let late = |does, attend| tls(does, attend).ends("broken", "tls-timeout", "got no answer in time").stalls();
    vec![
        late(
            "silence after the connection",
            attend(|line| async move {
                pending::<()>().await;
                drop(line);
            }),
        ),
        late("silence after the client's hello", answering(usual(TLS12), |_| Vec::new())),
        late("silence after its own hello", answering(usual(TLS12), |flight| first(flight, 1))),
        late("silence after its certificate", answering(usual(TLS12), |flight| first(flight, 2))),
        late("half of its flight, and silence (TLS 1.3)", answering(usual(BOTH), |f| f[..f.len() / 2].to_vec())),
        late(
            "its flight, a byte every 100 ms",
            attend(|mut line: Line| async move {
                let asked = hello(&mut line).await;
                for byte in flight(&USUAL, &asked) {
                    if line.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }),
        ),
    ]
}

fn breaks() -> Vec<Row> {
    let closed = |does, attend| tls(does, attend).ends("broken", "tls-reset", "closed by the peer");
    let failed = |does, block, says| tls(does, repeating(block)).ends("broken", "tls-failed", says);
    vec![
        closed("the end after the connection", attend(|line| async move { drop(line) })),
        closed(
            "the end after the client's hello",
            attend(|mut line: Line| async move { drop(hello(&mut line).await) }),
        ),
        closed(
            "the end of its half of the connection",
            attend(|mut line: Line| async move {
                hello(&mut line).await;
                let _ = line.shutdown().await;
                pending::<()>().await;
            }),
        ),
        tls(
            "half of its flight, and the end",
            attend(|mut line: Line| async move {
                let asked = hello(&mut line).await;
                let flight = flight(&USUAL, &asked);
                let _ = line.write_all(&flight[..flight.len() / 2]).await;
            }),
        )
        .ends("broken", "tls-reset", ""),
        failed("bytes that are no TLS without end", b"SSH-2.0-OpenSSH_9.2 is not TLS\r\n", "corrupt message"),
        failed("plain HTTP", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "corrupt message"),
        failed("a record of 64 KiB", b"\x16\x03\x03\xff\xff", "corrupt message"),
        failed("a fatal alert", b"\x15\x03\x03\x00\x02\x02\x28", "HandshakeFailure"),
        failed("an alert that would clear the screen", b"\x15\x03\x03\x00\x02\x1b\x5b", "AlertDescription(0x5b)"),
    ]
}

fn floods() -> Vec<Row> {
    let failed = |does, block, says| tls(does, repeating(block)).ends("broken", "tls-failed", says);
    let broken = |does, attend, says| tls(does, attend).ends("broken", "not-the-service", says);
    vec![
        failed("warnings without end", b"\x15\x03\x03\x00\x02\x01\x5a", "TooManyWarningAlertsReceived"),
        failed("empty handshake records without end", b"\x16\x03\x03\x00\x00", ""),
        failed("empty data records without end", b"\x17\x03\x03\x00\x00", ""),
        failed("changes of cipher without end", b"\x14\x03\x03\x00\x01\x01", ""),
        tls("one request to negotiate anew, then the answer (TLS 1.2)", sealed(22, &[0, 0, 0, 0], 1)),
        broken(
            "requests to negotiate anew without end (TLS 1.2)",
            sealed(22, &[0, 0, 0, 0], 100_000),
            "TooManyRenegotiationRequests",
        ),
        broken(
            "warnings without end after the handshake",
            sealed(21, &[1, 90], 100_000),
            "TooManyWarningAlertsReceived",
        ),
        broken("empty records without end after the handshake", sealed(23, &[], 100_000), "TooManyEmptyFragments"),
        broken("new keys without end (TLS 1.3)", rekeying(), "TooManyKeyUpdateRequests"),
        broken("session tickets without end (TLS 1.3)", tickets(), "without an answer").bytes(288 << 10),
    ]
}

fn certificates() -> Vec<Row> {
    let too_large =
        |does, attend| tls(does, attend).ends("broken", "tls-failed", "HandshakePayloadTooLarge").bytes(32 << 10);
    vec![
        tls("a hundred certificates that lead nowhere behind its own", chained(USELESS.clone())).bytes(64 << 10),
        too_large("a hundred certificates of 10 KiB", chained(fat())),
        tls("a certificate for 2,000 names", named(2_000)).bytes(64 << 10),
        too_large("a certificate for 10,000 names", named(10_000)),
    ]
}

static USELESS: LazyLock<CertificateDer<'static>> =
    LazyLock::new(|| CertificateDer::from_pem_slice(Authority::new("Nobody").pem().as_bytes()).unwrap());
