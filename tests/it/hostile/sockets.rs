//! What only real sockets do: connections that are reset, and answers from where nobody was asked.

use super::play::attend;
use super::tls::{USUAL, flight, hello};
use super::{Line, Peer, Row};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

pub fn rows() -> Vec<Row> {
    let silent =
        |does, from| Row::new(does, Peer::Spoofing(from)).ends("unknown", "resolver-silent", "").questions(6).stalls();
    let reset = |does, attend| Row::new(does, Peer::Resetting(attend)).ends("broken", "tls-reset", "");
    vec![
        silent("the right answer from another port", "127.0.0.1"),
        silent("the right answer from another address", "127.0.0.9"),
        reset("a reset after the client's hello", attend(|mut line: Line| async move { drop(hello(&mut line).await) })),
        reset(
            "half of its flight, and a reset",
            attend(|mut line: Line| async move {
                let asked = hello(&mut line).await;
                let flight = flight(&USUAL, &asked);
                let _ = line.write_all(&flight[..flight.len() / 2]).await;
            }),
        ),
        reset(
            "a reset instead of an answer",
            attend(|line| async move {
                let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&USUAL)).accept(line).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
            }),
        )
        .ends("broken", "not-the-service", "without an answer"),
    ]
}
