//! Proxies that mean no good; names and service are as they should be.

use super::net::Attend;
use super::play::attend;
use super::tls::well;
use super::{Line, Peer, Row};
use std::future::pending;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

static HUNDRED: LazyLock<String> = LazyLock::new(|| format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(100)));

/// Reads what it is asked, says the first, then the second without end, and stays.
fn then(first: &'static [u8], again: &'static [u8]) -> Attend {
    attend(move |mut line: Line| async move {
        let _ = line.read(&mut [0; 4096]).await;
        let mut said = line.write_all(first).await;
        while said.is_ok() && !again.is_empty() {
            said = line.write_all(again).await;
        }
        if said.is_ok() {
            pending::<()>().await;
        }
    })
}

fn says(text: &'static [u8]) -> Attend {
    then(text, b"")
}

fn proxy(does: &'static str, attend: Attend) -> Row {
    Row::new(does, Peer::Proxy(attend))
}

pub fn rows() -> Vec<Row> {
    let fails = |does, attend, words| proxy(does, attend).ends("broken", "proxy-failing", words);
    let endless = |does, attend| fails(does, attend, "no end within 8192 bytes").bytes(12 << 10);
    let refuses = |does, text, words| fails(does, says(text), words);
    vec![
        fails("silence after the connection", says(b""), "did not connect in time").stalls(),
        fails(
            "a head, a byte every 100 ms",
            attend(|mut line: Line| async move {
                for byte in b"HTTP/1.1 200 Connection established\r\n\r\n" {
                    if line.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    sleep(Duration::from_millis(100)).await;
                }
            }),
            "did not connect in time",
        )
        .stalls(),
        endless("headers without end", then(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n")),
        endless("bytes that are no HTTP without end", then(b"", b"SSH-2.0-OpenSSH_9.2 is not a proxy\r\n")),
        fails("the end instead of an answer", attend(|line| async move { drop(line) }), ""),
        refuses("no HTTP", b"220 mail.example ESMTP\r\n\r\n", "not HTTP"),
        refuses("an escape in the status line", b"HTTP/1.1 200 \x1b[2J\r\n\r\n", "not HTTP"),
        refuses("a hundred headers", HUNDRED.as_bytes(), "not HTTP"),
        refuses(
            "a redirect to elsewhere",
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
            "with status 302",
        ),
        refuses("an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n", "with status 100"),
        proxy(
            "a demand for a credential, of 7 KB",
            attend(|mut line: Line| async move {
                let _ = line.read(&mut [0; 4096]).await;
                let head = format!("HTTP/1.1 407 No\r\nProxy-Authenticate: {}\r\n\r\n", "x".repeat(7_000));
                let _ = line.write_all(head.as_bytes()).await;
                pending::<()>().await;
            }),
        )
        .ends("unknown", "proxy-failing", "with status 407")
        .bytes(8 << 10),
        proxy("a tunnel in which nobody answers", says(b"HTTP/1.1 200 OK\r\n\r\n"))
            .ends("broken", "tls-timeout", "carried the request")
            .stalls(),
        proxy(
            "a tunnel full of bytes that are no TLS",
            then(b"HTTP/1.1 200 OK\r\n\r\n", b"220 mail.example ESMTP\r\n"),
        )
        .ends("broken", "tls-failed", "carried the request"),
        proxy(
            "a tunnel to the service, which is no harm",
            attend(|mut line: Line| async move {
                let _ = line.read(&mut [0; 4096]).await;
                let _ = line.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                well()(line).await;
            }),
        ),
    ]
}
