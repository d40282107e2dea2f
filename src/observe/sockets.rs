//! The network as it is: sockets, getaddrinfo, resolv.conf and the proxy variables of this machine.

use super::answer::MOST_IN_AN_ANSWER;
use super::net::{BoxFuture, Datagrams, Net, ProxyPlace, Stream};
use crate::facts::{MachineFacts, OsOutcome};
use crate::plan::{HostName, Vantage};
use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType};
use hyper_util::client::proxy::matcher::Matcher;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use tokio::net::{TcpSocket, UdpSocket};
use tokio::sync::Semaphore;

/// getaddrinfo cannot be cancelled, so only so many may hang at a time.
const MOST_OS_LOOKUPS: usize = 16;

/// Errors by which a system says that there is no room for one more: descriptors, memory, buffers.
const SHORTAGES: [i32; 4] = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS];

const RESOLV_CONF: &str = "/etc/resolv.conf";

const HOSTS: &str = "/etc/hosts";

/// Azure's virtual machines carry this asset tag, which is how cloud-init knows them too (cloud-init, "Azure" datasource).
const AZURE_ASSET_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

const ASSET_TAG: &str = "/sys/class/dmi/id/chassis_asset_tag";

pub struct Sockets {
    /// The address that probes leave from; `None` lets the route choose.
    source: Option<IpAddr>,
    os_lookups: Arc<Semaphore>,
    proxies: Matcher,
}

impl Sockets {
    pub fn new(source: Option<IpAddr>) -> Self {
        Self { source, os_lookups: Arc::new(Semaphore::new(MOST_OS_LOOKUPS)), proxies: Matcher::from_env() }
    }

    fn local(&self, to: SocketAddr) -> SocketAddr {
        let any = match to {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let source = self.source.filter(|source| source.is_ipv4() == to.is_ipv4());
        SocketAddr::new(source.unwrap_or(any), 0)
    }
}

impl Net for Sockets {
    fn datagrams(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Datagrams>>> {
        Box::pin(async move {
            let socket = UdpSocket::bind(self.local(to)).await?;
            socket.connect(to).await?;
            Ok(Box::new(socket) as Box<dyn Datagrams>)
        })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            if self.source.is_some() {
                socket.bind(self.local(to))?;
            }
            let stream = socket.connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }

    fn os_lookup(&self, host: HostName) -> BoxFuture<'_, OsOutcome> {
        Box::pin(async move {
            let Ok(permit) = Arc::clone(&self.os_lookups).acquire_owned().await else { return OsOutcome::TimedOut };
            #[expect(clippy::disallowed_methods, reason = "getaddrinfo only blocks; the permit bounds how many hang")]
            let looking = tokio::task::spawn_blocking(move || {
                let _held_until_it_returns = permit;
                getaddrinfo(host.as_str())
            });
            looking.await.unwrap_or_else(|e| OsOutcome::NotAsked(e.to_string()))
        })
    }

    fn host_resolvers(&self) -> Vec<SocketAddr> {
        let config = resolver_config();
        config.nameservers.iter().map(name_server).collect()
    }

    fn machine(&self, host: &HostName) -> MachineFacts {
        let config = resolver_config();
        let search = config.get_last_search_or_domain().map(|domain| HostName::from_wire(domain)).collect();
        let text = String::from_utf8_lossy(&std::fs::read(HOSTS).unwrap_or_default()).into_owned();
        MachineFacts { hosts: entries(&text, host), search, ndots: config.ndots }
    }

    fn is_in_azure(&self) -> bool {
        std::fs::read_to_string(ASSET_TAG).is_ok_and(|tag| tag.trim() == AZURE_ASSET_TAG)
    }

    fn environment_proxy(&self, host: &HostName, port: u16) -> Option<ProxyPlace> {
        let uri = format!("https://{host}:{port}/").parse().ok()?;
        let found = self.proxies.intercept(&uri)?;
        let proxy = found.uri();
        Some(ProxyPlace { host: proxy.host()?.to_owned(), port: proxy.port_u16().unwrap_or(80) })
    }

    fn own_lookup(&self, host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let resolver = hickory_resolver::TokioResolver::builder_tokio()
                .and_then(|builder| builder.build())
                .map_err(io::Error::other)?;
            let found = resolver.lookup_ip(host).await.map_err(io::Error::other)?;
            Ok(found.iter().collect())
        })
    }
}

impl Datagrams for UdpSocket {
    fn send<'a>(&'a mut self, datagram: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move { UdpSocket::send(self, datagram).await.map(|_| ()) })
    }

    fn receive<'a>(&'a mut self, into: &'a mut [u8]) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(UdpSocket::recv(self, into))
    }
}

/// The machine's resolv.conf, as far as it can be read.
pub(super) fn resolver_config() -> resolv_conf::Config {
    let text = std::fs::read(RESOLV_CONF).unwrap_or_default();
    let (config, _unreadable_lines) = resolv_conf::Config::parse_with_errors(&text);
    config
}

/// A name server of resolv.conf. Nothing is sent to a link-local address without its interface (RFC 4007 §6).
pub(super) fn name_server(named: &resolv_conf::ScopedIp) -> SocketAddr {
    match named {
        resolv_conf::ScopedIp::V4(address) => SocketAddr::new((*address).into(), 53),
        resolv_conf::ScopedIp::V6(address, interface) => {
            let scope = interface.as_deref().and_then(interface_index).unwrap_or_default();
            SocketAddrV6::new(*address, 53, 0, scope).into()
        }
    }
}

fn interface_index(interface: &str) -> Option<u32> {
    let known = || std::fs::read_to_string(format!("/sys/class/net/{interface}/ifindex")).ok();
    interface.parse().ok().or_else(|| known()?.trim().parse().ok())
}

/// The addresses that a hosts file gives a name (hosts(5)).
fn entries(text: &str, host: &HostName) -> Vec<IpAddr> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host.as_str())).then_some(address)
    });
    lines.collect()
}

fn getaddrinfo(host: &str) -> OsOutcome {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    match dns_lookup::getaddrinfo(Some(host), None, Some(hints)) {
        Ok(found) => {
            let mut addresses: Vec<IpAddr> = found.flatten().map(|info| info.sockaddr.ip()).collect();
            addresses.sort();
            addresses.dedup();
            match addresses.len() {
                many if many > MOST_IN_AN_ANSWER => OsOutcome::Failed(format!("{many} addresses for one name")),
                _ => OsOutcome::Addresses(addresses),
            }
        }
        Err(e) => failed(e.kind(), &e.into()),
    }
}

/// What an error of getaddrinfo(3) says. Other processes do not share the descriptors and the memory of this one.
fn failed(kind: LookupErrorKind, why: &io::Error) -> OsOutcome {
    let short = why.raw_os_error().is_some_and(|code| SHORTAGES.contains(&code));
    match kind {
        LookupErrorKind::NoName | LookupErrorKind::NoData => OsOutcome::NoSuchName,
        LookupErrorKind::Again => OsOutcome::TryAgain,
        LookupErrorKind::Memory => OsOutcome::NotAsked(why.to_string()),
        LookupErrorKind::System if short => OsOutcome::NotAsked(why.to_string()),
        _ => OsOutcome::Failed(why.to_string()),
    }
}

/// The addresses of this machine's interfaces.
pub fn own_addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.into_iter().map(|interface| interface.ip()).collect()
}

/// The address that probes of a vantage leave from: none, so that routes decide, unless the vantage lies on loopback.
/// There all of 127.0.0.0/8 is this machine (RFC 1122 §3.2.1.3), and the source tells one vantage of a lab from another.
pub fn source_for(vantage: &Vantage) -> Option<IpAddr> {
    vantage.within.iter().find(|net| net.addr().is_loopback()).map(|net| {
        let first = net.hosts().next();
        first.unwrap_or_else(|| net.addr())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_local_name_server_keeps_its_interface() {
        let text = "nameserver 10.0.0.4\nnameserver fe80::1%lo\nnameserver fe80::1%7\nnameserver fd00::53\n";
        let config = resolv_conf::Config::parse(text).unwrap();
        let found: Vec<String> = config.nameservers.iter().map(|named| name_server(named).to_string()).collect();
        assert_eq!(found, ["10.0.0.4:53", "[fe80::1%1]:53", "[fe80::1%7]:53", "[fd00::53]:53"]);
    }

    #[test]
    fn a_shortage_of_the_agent_is_no_answer_of_getaddrinfo() {
        let error = io::Error::from_raw_os_error;
        for code in [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS] {
            assert!(matches!(failed(LookupErrorKind::System, &error(code)), OsOutcome::NotAsked(_)), "{code}");
        }
        assert!(matches!(failed(LookupErrorKind::Memory, &io::Error::other("memory")), OsOutcome::NotAsked(_)));
        assert!(matches!(failed(LookupErrorKind::System, &error(libc::EACCES)), OsOutcome::Failed(_)));
        assert!(matches!(failed(LookupErrorKind::Fail, &io::Error::other("no recovery")), OsOutcome::Failed(_)));
        // What is left in errno belongs to an error of the system only.
        assert_eq!(failed(LookupErrorKind::NoName, &error(libc::EMFILE)), OsOutcome::NoSuchName);
        assert_eq!(failed(LookupErrorKind::Again, &error(libc::EMFILE)), OsOutcome::TryAgain);
    }

    #[test]
    fn a_line_of_the_hosts_file_may_have_several_names() {
        let text = "# 10.0.0.9 chat.example\n10.0.0.1\tother.example Chat.example # chat.example\nfe80::1%eth0 chat.example\n\
                    ::1 chat.example\n10.0.0.2 chat.example.com\n";
        let found = entries(text, &HostName::parse("chat.example").unwrap());
        assert_eq!(found, ["10.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
    }
}
