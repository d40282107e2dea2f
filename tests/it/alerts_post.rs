//! One attempt to send, against receivers that mean no good: it costs one timeout, little memory, and tells no secret.

use crate::support::certificates::Authority;
use crate::support::nginx::{Front, Nginx};
use crate::support::receiver::Receiver;
use fencepost::alert::{Delivery, Outcome, Parcel};
use fencepost::dial::Lookup;
use fencepost::observe::Trust;
use fencepost::plan::{Alerts, Destination, DestinationKind, DestinationName, Url};
use fencepost::publish::alerts::{ATTEMPT, LONGEST_ANSWER, Post, Secret, Secrets};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use tokio::time::Instant;

/// A post with one webhook, whose name leads to an address that the test chooses.
fn post(url: &str, address: &'static str, trusted: &Authority) -> Post {
    let name = DestinationName::new("soc");
    let url = Url::parse(url).unwrap();
    let destination = Destination { name: name.clone(), kind: DestinationKind::Webhook, url, secret: None };
    let alerts = Alerts { runbooks: None, destinations: vec![destination] };
    let secret = Secret::read(DestinationKind::Webhook, b"0123456789abcdef").unwrap();
    let tls = Trust::new(Some(trusted.pem().as_bytes())).unwrap().client_config().unwrap();
    let lookup: Lookup = Arc::new(move |_| Box::pin(async move { Ok(vec![address.parse().unwrap()]) }));
    let who = ("contoso", "prod-app", "http://127.0.0.1:9853");
    Post::new(who, &alerts, Secrets::from([(name, secret)]), tls, lookup).unwrap()
}

async fn send(post: &Post) -> Outcome {
    let delivery = Delivery { destination: DestinationName::new("soc"), parcel: Parcel::Webhook(Vec::new()) };
    post.send(&delivery, fencepost::clock::now()).await
}

/// A server that answers one connection with what a function writes into it.
fn server(answer: impl FnOnce(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut beginning = [0; 64];
        let _ = stream.read(&mut beginning);
        answer(stream);
    });
    address
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (receiver, authority) = (Receiver::start(), Authority::new("Test authority"));
    let post = post(&format!("http://{}/hook", receiver.address), "127.0.0.1", &authority);
    for status in [301, 302, 307, 308] {
        receiver.answer(status);
        assert_eq!(send(&post).await, Outcome::Refused(status));
        assert_eq!(receiver.all().len(), 1, "{status}");
    }
    receiver.answer(204);
    assert_eq!(send(&post).await, Outcome::Delivered);
}

/// Its own name look-ups and its own trust: the name leads where the look-up says, and the certificate is checked.
#[tokio::test]
async fn a_receiver_must_prove_its_name() {
    let (authority, stranger) = (Authority::new("Test authority"), Authority::new("Corporate inspection"));
    let names = &["hooks.contoso.example"];
    let (good, bad, other) = (authority.issue(names), stranger.issue(names), authority.issue(&["login.example"]));
    let front = |address, certificate| Front { address, certificate, status: 401, headers: &[], body: "who are you" };
    let nginx = Nginx::start(&[front("127.0.0.2", &good), front("127.0.0.3", &bad), front("127.0.0.4", &other)]);
    let url = format!("https://hooks.contoso.example:{}/key-in-the-path", nginx.port);
    assert_eq!(send(&post(&url, "127.0.0.2", &authority)).await, Outcome::Refused(401));
    for (address, why) in [("127.0.0.3", "UnknownIssuer"), ("127.0.0.4", "not valid for name")] {
        let Outcome::Failed(said) = send(&post(&url, address, &authority)).await else {
            panic!("{address} was trusted")
        };
        assert!(said.contains(why) && !said.contains("key-in-the-path"), "{said}");
    }
}

/// The client closes the connection in a task of its own, which must run while the test waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_endless_answer_is_read_no_further_than_its_bound() {
    let authority = Authority::new("Test authority");
    let (written, count) = std::sync::mpsc::channel();
    let address = server(move |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
        let mut sent = 0;
        while stream.write_all(&[b'x'; 4096]).is_ok() {
            sent += 4096;
        }
        written.send(sent).unwrap();
    });
    let post = post(&format!("http://{address}/"), "127.0.0.1", &authority);
    assert_eq!(send(&post).await, Outcome::Delivered);
    // What the kernel's buffers took on the way is not ours to bound.
    assert!(count.recv().unwrap() >= LONGEST_ANSWER / 2, "the receiver was cut off in the midst of its answer");
}

/// Time is paused: nothing happens but the timeout.
#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_costs_one_timeout() {
    let authority = Authority::new("Test authority");
    let silent = || server(|_stream| std::thread::park());
    let dripping = || {
        server(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 ");
            std::thread::park();
        })
    };
    for address in [silent(), dripping()] {
        let post = post(&format!("http://{address}/"), "127.0.0.1", &authority);
        let begun = Instant::now();
        let Outcome::Failed(why) = send(&post).await else { panic!("it answered") };
        assert_eq!(why, "no answer in time");
        assert!(begun.elapsed() <= ATTEMPT + std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn what_answers_without_http_is_a_failure_without_its_address() {
    let authority = Authority::new("Test authority");
    let address = server(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
    });
    let nobody = crate::support::free_port();
    for url in [format!("http://{address}/key-in-the-path"), format!("http://127.0.0.1:{nobody}/key-in-the-path")] {
        let Outcome::Failed(why) = send(&post(&url, "127.0.0.1", &authority)).await else {
            panic!("{url} was believed")
        };
        assert!(!why.is_empty() && !why.contains("key-in-the-path"), "{why}");
    }
}
