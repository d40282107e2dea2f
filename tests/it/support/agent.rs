//! The `fencepost` command as users run it.

use super::island::{Island, Shore};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The command with a clean environment: no proxy, no plan, no vantage.
pub fn fencepost() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fencepost"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Exit code, standard output and standard error of a command that ends by itself.
pub fn outcome(command: &mut Command) -> (i32, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A running agent.
pub struct Running {
    child: Child,
    /// Until nobody wants to read it any more.
    log: Option<BufReader<std::process::ChildStderr>>,
    pub address: String,
    /// The network in which it listens, where that is another than the test's.
    shore: Option<Shore>,
}

impl Running {
    /// Starts `fencepost run` and returns when it listens.
    pub fn start(plan: &Path, vantage: &str) -> Self {
        Self::start_with(plan, vantage, &[])
    }

    /// As [`Running::start`], with further options.
    pub fn start_with(plan: &Path, vantage: &str, options: &[&str]) -> Self {
        Self::spawn(fencepost(), plan, vantage, options)
    }

    /// As [`Running::start_with`], by a command that becomes the program.
    pub fn spawn(mut command: Command, plan: &Path, vantage: &str, options: &[&str]) -> Self {
        command.args(["run", "--vantage", vantage]);
        Self::begin(command, plan, options, None)
    }

    /// On an island, by a command that becomes the program there; it finds its vantage by its own addresses.
    pub fn on(island: &Island, mut command: Command, plan: &Path, options: &[&str]) -> Self {
        command.arg("run");
        Self::begin(command, plan, options, Some(island.shore()))
    }

    fn begin(mut command: Command, plan: &Path, options: &[&str], shore: Option<Shore>) -> Self {
        let address = format!("127.0.0.1:{}", super::free_port());
        command
            // An option may say otherwise.
            .env("FENCEPOST_LOG", "fencepost=debug")
            .args(["--listen", &address, "--log-format", "json", "--plan"])
            .arg(plan)
            .args(options);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().map(BufReader::new);
        let mut running = Self { child, log, address, shore };
        running.wait_for_log("watching");
        running
    }

    /// Reads log lines until one holds the text; returns it.
    pub fn wait_for_log(&mut self, text: &str) -> String {
        self.log_until(text).lines().next_back().unwrap_or_default().to_owned() + "\n"
    }

    /// As [`Running::wait_for_log`], with all lines before it.
    pub fn log_until(&mut self, text: &str) -> String {
        let mut line = String::new();
        let mut seen = String::new();
        while self.log.as_mut().unwrap().read_line(&mut line).unwrap() > 0 {
            seen.push_str(&line);
            if line.contains(text) {
                return seen;
            }
            line.clear();
        }
        panic!("the agent ended without logging {text:?}:\n{seen}");
    }

    /// Takes its log away, for good: an agent whose log nobody takes is held up once the pipe is full.
    pub fn let_log_go(&mut self) {
        let mut log = self.log.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    }

    /// Reads so many log lines.
    pub fn read_lines(&mut self, lines: usize) {
        for _ in 0..lines {
            self.log.as_mut().unwrap().read_line(&mut String::new()).unwrap();
        }
    }

    /// Asks for the metrics until they have a line.
    pub fn wait_for_metric(&self, line: &str) {
        while !self.http("GET", "/metrics").2.lines().any(|l| l == line) {
            std::thread::yield_now();
        }
    }

    /// The sum of the samples whose line begins so.
    pub fn metric(&self, beginning: &str) -> f64 {
        let metrics = self.http("GET", "/metrics").2;
        let lines = metrics.lines().filter(|line| line.starts_with(beginning));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    /// The log from here to its end, which comes with the end of the agent.
    pub fn rest_of_log(&mut self) -> String {
        let mut rest = String::new();
        self.log.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        rest
    }

    /// SIGKILL; returns when the process is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        super::succeed(Command::new("kill").args([signal, &self.pid().to_string()]));
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Status, headers and body of one request.
    pub fn http(&self, method: &str, path: &str) -> (u16, String, String) {
        self.connected(|| http(&self.address, method, path))
    }

    /// Does something in the network in which it listens.
    pub fn connected<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        match self.shore {
            Some(shore) => shore.ashore(act),
            None => act(),
        }
    }

    pub fn board(&self) -> serde_json::Value {
        let (status, _, body) = self.http("GET", "/api/v1/board");
        assert_eq!(status, 200);
        serde_json::from_str(&body).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that stays open between requests, as Prometheus keeps one.
pub struct Scraper(BufReader<TcpStream>);

impl Scraper {
    pub fn connect(address: &str) -> Self {
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    pub fn get(&mut self, path: &str) -> String {
        write!(self.0.get_mut(), "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut length = None;
        let mut line = String::new();
        while self.0.read_line(&mut line).unwrap() > 2 {
            length = length.or(line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap()));
            line.clear();
        }
        let mut body = Vec::new();
        let mut take = |from: &mut BufReader<TcpStream>, bytes: usize| {
            let end = body.len() + bytes;
            body.resize(end, 0);
            from.read_exact(&mut body[end - bytes..]).unwrap();
        };
        if let Some(length) = length {
            take(&mut self.0, length);
        } else {
            loop {
                let mut size = String::new();
                self.0.read_line(&mut size).unwrap();
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                take(&mut self.0, size);
                self.0.read_line(&mut size.to_string()).unwrap();
                if size == 0 {
                    break;
                }
            }
        }
        String::from_utf8(body).unwrap()
    }

    pub fn board(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.get("/api/v1/board")).unwrap()
    }
}

/// Status, headers and body of one request.
pub fn http(address: &str, method: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body =
        if head.to_lowercase().contains("transfer-encoding: chunked") { dechunked(body) } else { body.to_owned() };
    (status, head.to_owned(), body)
}

fn dechunked(body: &str) -> String {
    let mut rest = body;
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    whole
}
