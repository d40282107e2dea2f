//! Peers that mean no good: each costs one timeout, little memory, and ends in a finding.

use crate::support::agent::{fencepost, outcome};
use crate::support::certificates::Authority;
use crate::support::unbound::Unbound;
use crate::support::{Folder, free_port};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;

/// One private check of `contoso.openai.azure.com` at 127.0.0.2.
fn check(folder: &Folder, dns: u16, tls: u16) -> (i32, Value) {
    let plan = format!(
        "plan: hostile\nsettings: {{every: 4s, timeout: 500ms, trust: ca.pem}}\n\
         vantages: {{here: {{kind: test, resolvers: [it]}}}}\nresolvers: {{it: {{address: '127.0.0.1:{dns}'}}}}\n\
         targets: {{it: {{service: azure-openai, port: {tls}, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}}}\n\
         rules: [{{name: the rule, from: any, to: any, claim: private}}]\n"
    );
    let file = folder.write("plan.yaml", plan);
    let (code, out, err) =
        outcome(fencepost().args(["check", "--vantage", "here", "--format", "json", "--plan"]).arg(file));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    (code, report["checks"][0].clone())
}

fn folder() -> (Folder, Authority) {
    let (folder, authority) = (Folder::new(), Authority::new("Test authority"));
    folder.write("ca.pem", authority.pem());
    (folder, authority)
}

/// Answers every datagram with what a function makes of it, until it makes nothing.
fn dns_server(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if socket.send_to(&answer(&buffer[..length]), from).is_err() {
                break;
            }
        }
    });
    port
}

#[test]
fn dns_that_is_garbage_is_no_answer() {
    let (folder, _) = folder();
    let flipped = |query: &[u8]| {
        let mut reply = query.to_vec();
        reply[0] ^= 0xff;
        reply[2] |= 0x80;
        reply
    };
    let cut = |query: &[u8]| {
        let mut reply = query[..14].to_vec();
        reply[2] |= 0x80;
        reply
    };
    let looped = |query: &[u8]| {
        // One answer whose name is a pointer to itself (RFC 1035 §4.1.4).
        let mut reply = query.to_vec();
        reply.truncate(query.len() - 11);
        reply[2] |= 0x80;
        reply[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
        let here = u16::try_from(reply.len()).unwrap() | 0xc000;
        reply.extend_from_slice(&here.to_be_bytes());
        reply.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 10, 0, 4, 127, 0, 0, 2]);
        reply
    };
    let echo = |query: &[u8]| query.to_vec();
    let servers = [dns_server(flipped), dns_server(cut), dns_server(looped), dns_server(echo)];
    for server in servers {
        let (exit, check) = check(&folder, server, free_port());
        assert_eq!((exit, &check["verdict"]), (3, &Value::from("unknown")), "{check:#}");
        assert_eq!(check["findings"][0]["code"], "resolver-garbled", "{check:#}");
        assert!(check["facts"]["seconds"].as_f64().unwrap() < 1.2, "{check:#}");
    }
}

/// Shakes hands properly at 127.0.0.2, reads the request, then lets a function write what it likes.
fn tls_server(
    authority: &Authority,
    misbehave: impl FnOnce(&mut dyn Write) -> usize + Send + 'static,
) -> (u16, JoinHandle<usize>) {
    let issued = authority.issue(&["*.openai.azure.com"]);
    let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(session, socket);
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
        assert!(!request.contains("authorization") && !request.contains("api-key"), "{request}");
        misbehave(&mut stream)
    });
    (port, serving)
}

/// Writes a block again and again; returns how often the peer took it.
fn for_ever(to: &mut dyn Write, block: &[u8]) -> usize {
    let mut taken = 0;
    while to.write_all(block).and_then(|()| to.flush()).is_ok() {
        taken += 1;
    }
    taken
}

#[test]
fn bodies_and_heads_without_end_are_cut() {
    let (folder, authority) = folder();
    let records = "contoso.openai CNAME contoso.privatelink.openai\ncontoso.privatelink.openai A 127.0.0.2\n";
    let dns = Unbound::start(&[("azure.com", records)]);

    let (port, serving) = tls_server(&authority, |to| {
        to.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\r\n").unwrap();
        for_ever(to, &[b'x'; 16 << 10])
    });
    let (exit, held) = check(&folder, dns.port, port);
    assert_eq!(exit, 0, "the status came before the body: {held:#}");
    let kept = held["facts"]["paths"][0]["http"]["outcome"]["answered"]["body"].as_str().unwrap().len();
    assert!(kept <= 1024, "{kept}");
    assert!(serving.join().unwrap() < 1_000, "the agent took the body on and on");

    let (port, serving) = tls_server(&authority, |to| {
        to.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        for_ever(to, b"X-More: and more and more and more and more and more and more\r\n")
    });
    let (exit, check_heads) = check(&folder, dns.port, port);
    assert_eq!((exit, &check_heads["findings"][0]["code"]), (1, &Value::from("not-the-service")), "{check_heads:#}");
    assert!(serving.join().unwrap() < 10_000, "the agent took headers on and on");

    let (port, serving) = tls_server(&authority, |to| for_ever(to, b"SSH-2.0-OpenSSH_9.2 is not HTTP\r\n"));
    let (exit, check_not_http) = check(&folder, dns.port, port);
    assert_eq!((exit, &check_not_http["findings"][0]["code"]), (1, &Value::from("not-the-service")));
    serving.join().unwrap();
}

#[test]
fn a_service_that_shakes_hands_and_falls_silent_costs_one_timeout() {
    let (folder, authority) = folder();
    let dns = Unbound::start(&[("azure.com", "contoso.openai A 127.0.0.2\n")]);
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let (port, serving) = tls_server(&authority, move |_| {
        let _ = wait.recv();
        0
    });
    let (exit, check) = check(&folder, dns.port, port);
    done.send(()).unwrap();
    serving.join().unwrap();
    assert_eq!((exit, &check["findings"][0]["code"]), (3, &Value::from("http-timeout")), "{check:#}");
    assert!(check["facts"]["seconds"].as_f64().unwrap() < 1.0, "{check:#}");
}

#[test]
fn a_flood_of_datagrams_costs_no_more_than_silence() {
    let (folder, _) = folder();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let flooding = std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        let (_, from) = socket.recv_from(&mut buffer).unwrap();
        while wait.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let _ = socket.send_to(&[0; 40], from);
        }
    });
    let (exit, check) = check(&folder, port, free_port());
    done.send(()).unwrap();
    flooding.join().unwrap();
    assert_eq!((exit, &check["findings"][0]["code"]), (3, &Value::from("resolver-garbled")), "{check:#}");
    assert!(check["facts"]["seconds"].as_f64().unwrap() < 1.2, "{check:#}");
}

#[test]
fn a_body_that_stalls_takes_nothing_from_its_status() {
    let (folder, authority) = folder();
    let dns = Unbound::start(&[("azure.com", "contoso.openai A 127.0.0.2\n")]);
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let (port, serving) = tls_server(&authority, move |to| {
        to.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 500\r\n\r\n{").and_then(|()| to.flush()).unwrap();
        let _ = wait.recv();
        0
    });
    let (exit, check) = check(&folder, dns.port, port);
    done.send(()).unwrap();
    serving.join().unwrap();
    assert_eq!((exit, &check["verdict"]), (0, &Value::from("holds")), "{check:#}");
}
