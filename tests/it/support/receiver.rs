//! A small HTTP server of a test: keeps every request, and answers as it is told.

use super::island::Island;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver as Channel, Sender, channel};
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The first line.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// It ends with the process of the test.
pub struct Receiver {
    pub address: String,
    status: Arc<AtomicU16>,
    script: Arc<Mutex<VecDeque<Vec<u8>>>>,
    requests: Mutex<Channel<Request>>,
}

impl Receiver {
    /// Answers 204 until it is told otherwise.
    pub fn start() -> Self {
        Self::listening(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// As [`Receiver::start`], on an island.
    pub fn start_on(island: &Island, address: &str) -> Self {
        Self::listening(island.shore().ashore(|| TcpListener::bind(address).unwrap()))
    }

    fn listening(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap().to_string();
        let status = Arc::new(AtomicU16::new(204));
        let (sender, requests) = channel();
        let script = Arc::<Mutex<VecDeque<Vec<u8>>>>::default();
        let (answer, first) = (Arc::clone(&status), Arc::clone(&script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, answer, first) = (sender.clone(), Arc::clone(&answer), Arc::clone(&first));
                std::thread::spawn(move || serve(stream, &sender, &answer, &first));
            }
        });
        Self { address, status, script, requests: Mutex::new(requests) }
    }

    /// The status of every answer from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What the next requests are answered with, byte for byte, each on a connection that ends then.
    pub fn say(&self, answers: impl IntoIterator<Item = impl Into<Vec<u8>>>) {
        self.script.lock().unwrap().extend(answers.into_iter().map(Into::into));
    }

    /// The next request; waits for it.
    pub fn next(&self) -> Request {
        self.requests.lock().unwrap().recv().unwrap()
    }

    /// Every request that came by now.
    pub fn all(&self) -> Vec<Request> {
        self.requests.lock().unwrap().try_iter().collect()
    }
}

/// Serves one connection until the other side has nothing more to say.
fn serve(stream: TcpStream, sender: &Sender<Request>, status: &AtomicU16, script: &Mutex<VecDeque<Vec<u8>>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let status = status.load(Ordering::SeqCst);
        let line = request.line.clone();
        if sender.send(request).is_err() {
            return;
        }
        if let Some(said) = script.lock().unwrap().pop_front() {
            let _ = writer.write_all(&said);
            return;
        }
        // A redirect would lead here again.
        let path = line.split(' ').nth(1).unwrap_or("/");
        let head = format!("HTTP/1.1 {status} Said\r\nLocation: {path}again\r\nContent-Length: 0\r\n\r\n");
        let head = if status == 204 { "HTTP/1.1 204 No Content\r\n\r\n".to_owned() } else { head };
        if writer.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim_end().to_owned(), headers, body })
}
