//! The same peers on real sockets of loopback: every one of them behind a check of one plan, with healthy ones beside them.

use super::message::Question;
use super::net::{Attend, Counted, NameServer, Rain, Tally};
use super::tls::{AUTHORITY, well};
use super::{Peer, Row};
use crate::support::Folder;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Runtime;

/// Not on loopback: a network beyond it, a port that is closed over TCP only, a proxy, which a vantage has or has not, and
/// what is a matter of microseconds.
pub fn is_playable(row: &Row) -> bool {
    let is_whole = match &row.peer {
        Peer::Resolver(server) => server.tcp.is_some() || row.connections == 0,
        Peer::Service(_) | Peer::Resetting(_) | Peer::Spoofing(_) => true,
        Peer::Proxy(_) => false,
    };
    is_whole && row.elsewhere == 0 && row.does != "the answer before the request"
}

/// What is counted of each connection to one peer.
pub type Tallies = Arc<Mutex<Vec<Arc<Tally>>>>;

pub struct World {
    pub plan: PathBuf,
    /// The checks of hostile peers, and the most that one connection of each may take.
    pub hostile: Vec<(String, Row, Tallies)>,
    pub healthy: Vec<String>,
    _folder: Folder,
    /// Names and healthy services have a thread of their own, so that no peer of the test keeps them from answering.
    _runtimes: [Runtime; 2],
}

/// A name server for all names; each hostile one answers for its own.
type NameServers = Arc<HashMap<Vec<u8>, NameServer>>;

impl World {
    pub fn new(settings: &str, healthy: usize, rows: Vec<Row>) -> Self {
        let threads =
            |many| tokio::runtime::Builder::new_multi_thread().worker_threads(many).enable_all().build().unwrap();
        let (well_meant, ill_meant) = (threads(1), threads(2));
        let folder = Folder::new();
        folder.write("ca.pem", AUTHORITY.pem());
        let mut targets = String::new();
        let good = well_meant.block_on(listen(well(), false, Tallies::default()));
        let mut add = |target: &str, port: u16| {
            let host = format!("{target}.openai.azure.com");
            let _ = writeln!(
                targets,
                "  {target}: {{service: azure-openai, port: {port}, endpoints: {{{host}: [127.0.0.2]}}}}"
            );
            format!("{target}/{host}")
        };
        let healthy = (0..healthy).map(|i| add(&format!("healthy-{i}"), good)).collect();
        let (mut servers, mut spoofed) = (HashMap::new(), HashMap::new());
        let mut hostile = Vec::new();
        for (i, row) in rows.into_iter().enumerate() {
            let (target, tallies) = (format!("hostile-{i}"), Tallies::default());
            let port = match &row.peer {
                Peer::Resolver(server) => {
                    servers.insert(target.clone().into_bytes(), server.clone());
                    good
                }
                Peer::Spoofing(from) => {
                    spoofed.insert(target.clone().into_bytes(), *from);
                    good
                }
                Peer::Service(attend) | Peer::Resetting(attend) | Peer::Proxy(attend) => {
                    let resets = matches!(row.peer, Peer::Resetting(_));
                    ill_meant.block_on(listen(Arc::clone(attend), resets, Arc::clone(&tallies)))
                }
            };
            hostile.push((add(&target, port), row, tallies));
        }
        let dns = well_meant.block_on(name_server(Arc::new(servers), spoofed));
        let text = format!(
            "plan: world\nsettings: {{{settings}, trust: ca.pem}}\n\
             networks: {{private: [127.0.0.2/32]}}\nvantages: {{here: {{kind: test, resolvers: [it]}}}}\n\
             resolvers: {{it: {{address: '127.0.0.1:{dns}'}}}}\n\
             targets:\n{targets}rules: [{{name: the rule, from: any, to: any, claim: private}}]\n"
        );
        let plan = folder.write("plan.yaml", text);
        Self { plan, hostile, healthy, _folder: folder, _runtimes: [well_meant, ill_meant] }
    }
}

/// Attends connections at a port of the service's address.
async fn listen(attend: Attend, resets: bool, tallies: Tallies) -> u16 {
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((far, _)) = listener.accept().await {
            // What the kernel takes is not yet taken by the agent.
            let socket = socket2::SockRef::from(&far);
            socket.set_send_buffer_size(4 << 10).unwrap();
            // To close then means to reset.
            socket.set_linger(resets.then_some(Duration::ZERO)).unwrap();
            let tally = Arc::new(Tally::default());
            tallies.lock().unwrap().push(Arc::clone(&tally));
            tokio::spawn(attend(Box::new(Counted { far, tally })));
        }
    });
    port
}

/// Answers on a port; `spoofed` are names whose answer leaves from another address or port than was asked.
async fn name_server(servers: NameServers, spoofed: HashMap<Vec<u8>, &'static str>) -> u16 {
    let port = crate::support::free_port();
    let udp = Arc::new(UdpSocket::bind(("127.0.0.1", port)).await.unwrap());
    let tcp = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let mut elsewhere = HashMap::new();
    for (name, address) in spoofed {
        // The same address has another port, another address the same.
        let from = if address == "127.0.0.1" { 0 } else { port };
        elsewhere.insert(name, Arc::new(UdpSocket::bind((address, from)).await.unwrap()));
    }
    let known = Arc::clone(&servers);
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            let question = Question::read(&buffer[..length]);
            let rain = answer(&known, &question);
            let udp = Arc::clone(elsewhere.get(label(&question)).unwrap_or(&udp));
            // Nobody tells a name server that its client has left.
            tokio::spawn(async move {
                for drop in rain.take(300) {
                    let _ = udp.send_to(&drop, from).await;
                }
            });
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = tcp.accept().await {
            tokio::spawn(over_tcp(Arc::clone(&servers), stream));
        }
    });
    port
}

/// The first label of a name: for whom it is.
fn label(question: &Question) -> &[u8] {
    &question.name[1..][..usize::from(question.name[0])]
}

fn answer(servers: &NameServers, question: &Question) -> Rain {
    if let Some(server) = servers.get(label(question)) {
        return (server.udp)(question);
    }
    // Only endpoints have addresses; whatever else is asked for is asked to tell a cause.
    let is_endpoint = label(question).starts_with(b"h");
    let reply = if is_endpoint { question.good() } else { question.reply().with(|draft| draft.flags |= 3) };
    Box::new(std::iter::once(reply.bytes()))
}

async fn over_tcp(servers: NameServers, stream: TcpStream) {
    let (mut read, write) = stream.into_split();
    let mut asked = vec![0; usize::from(read.read_u16().await.unwrap_or(0))];
    if asked.is_empty() || read.read_exact(&mut asked).await.is_err() {
        return;
    }
    let Some(attend) = servers.get(label(&Question::read(&asked))).and_then(|server| server.tcp.clone()) else {
        return;
    };
    // The peer reads the question itself.
    let length = u16::try_from(asked.len()).unwrap().to_be_bytes();
    let again = Cursor::new([&length[..], &asked].concat());
    attend(Box::new(tokio::io::join(again.chain(read), write))).await;
}
