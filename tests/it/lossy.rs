//! A network that loses packets, in front of one that does not: the same figures for a whole simulated network
//! ([`Lossy`]) and for facts that are taken once and then spoilt look by look ([`Weather::spoil`]).
//!
//! Everything is drawn from a seed. Packets are lost independently of each other; a burst is a fault, not weather. What is
//! lost on an open connection is not played: TCP sends it again after a fraction of a second, which jitter stands for.

use fencepost::facts::{ConnectOutcome, Facts, LookupOutcome, MachineFacts, OsOutcome};
use fencepost::observe::{BoxFuture, Datagrams, Net, ProxyPlace, Stream};
use fencepost::plan::HostName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// What a network does to packets.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The share of packets that do not arrive, each way on its own.
    pub loss: f64,
    /// A round trip.
    pub latency: Duration,
    /// The most that comes on top of it.
    pub jitter: Duration,
}

impl Weather {
    pub const CALM: Self = Self { loss: 0.0, latency: Duration::from_millis(2), jitter: Duration::ZERO };

    /// An assumption, no measurement: 0.1 % is what is called a bad day within one region, and 1 % is a poor line between
    /// a branch and its region. Latency and jitter are of that order, too.
    pub const BAD_DAY: Self =
        Self { loss: 0.001, latency: Duration::from_millis(5), jitter: Duration::from_millis(20) };
    pub const POOR_LINE: Self =
        Self { loss: 0.01, latency: Duration::from_millis(20), jitter: Duration::from_millis(80) };

    /// The chance that a packet, or the answer to it, is lost.
    pub fn round_trip_lost(&self) -> f64 {
        1.0 - (1.0 - self.loss).powi(2)
    }

    fn round_trip(&self, dice: &mut Dice) -> Option<Duration> {
        let there = dice.chance(1.0 - self.loss);
        let back = dice.chance(1.0 - self.loss);
        let took = self.latency + self.jitter.mul_f64(dice.fraction());
        (there && back).then_some(took)
    }

    /// How long a handshake takes. A lost SYN is sent again after 1 s, then after 2 s more, and so on (RFC 6298 §2.1 and
    /// §5.5; Linux sends seven).
    fn handshake(&self, dice: &mut Dice) -> Option<Duration> {
        let sent = (0..7).map(|again| Duration::from_secs((1 << again) - 1));
        sent.into_iter().find_map(|sent| Some(sent + self.round_trip(dice)?))
    }

    /// How long a question takes that is asked three times within its time, at 0, 1/7 and 3/7 of it, as a look does.
    fn question(&self, dice: &mut Dice, limit: Duration) -> Option<Duration> {
        [0, 1, 3].into_iter().find_map(|sevenths| Some(limit / 7 * sevenths + self.round_trip(dice)?))
    }

    /// Does to the facts of a look in fair weather what this weather would have done. Says whether more was lost than time.
    pub fn spoil(&self, facts: &mut Facts, dice: &mut Dice, limit: Duration) -> bool {
        let mut lost = false;
        for resolver in &mut facts.names.resolvers {
            for lookup in [&mut resolver.a, &mut resolver.aaaa] {
                lookup.took = self.question(dice, limit).unwrap_or(limit);
                if lookup.took >= limit {
                    lookup.outcome = LookupOutcome::Silent;
                    lost = true;
                }
            }
        }
        for path in facts.paths.iter_mut().filter(|path| path.connect.outcome != ConnectOutcome::TimedOut) {
            path.connect.took = self.handshake(dice).unwrap_or(limit).min(limit);
            if path.connect.took == limit {
                (path.connect.outcome, path.tls, path.http) = (ConnectOutcome::TimedOut, None, None);
                lost = true;
            }
        }
        lost
    }
}

/// Chance, from a seed: xorshift64* (Vigna 2016).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// From 0 up to 1.
    pub fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D);
        (drawn >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, of: f64) -> bool {
        self.fraction() < of
    }
}

/// A network behind weather.
pub struct Lossy {
    net: Arc<dyn Net>,
    weather: Weather,
    dice: Arc<Mutex<Dice>>,
}

impl Lossy {
    pub fn new(net: Arc<dyn Net>, weather: Weather, seed: u64) -> Self {
        Self { net, weather, dice: Arc::new(Mutex::new(Dice::new(seed))) }
    }
}

impl Net for Lossy {
    fn datagrams(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Datagrams>>> {
        Box::pin(async move {
            let inner = self.net.datagrams(to).await?;
            let (weather, dice) = (self.weather, Arc::clone(&self.dice));
            Ok(Box::new(LossyDatagrams { inner, weather, dice, held: None }) as Box<dyn Datagrams>)
        })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        let took = self.weather.handshake(&mut self.dice.lock().unwrap());
        Box::pin(async move {
            let Some(took) = took else { return std::future::pending().await };
            sleep(took).await;
            self.net.connect(to).await
        })
    }

    fn os_lookup(&self, host: HostName) -> BoxFuture<'_, OsOutcome> {
        self.net.os_lookup(host)
    }

    fn host_resolvers(&self) -> Vec<SocketAddr> {
        self.net.host_resolvers()
    }

    fn machine(&self, host: &HostName) -> MachineFacts {
        self.net.machine(host)
    }

    fn is_in_azure(&self) -> bool {
        self.net.is_in_azure()
    }

    fn environment_proxy(&self, host: &HostName, port: u16) -> Option<ProxyPlace> {
        self.net.environment_proxy(host, port)
    }

    fn own_lookup(&self, host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        self.net.own_lookup(host)
    }
}

struct LossyDatagrams {
    inner: Box<dyn Datagrams>,
    weather: Weather,
    dice: Arc<Mutex<Dice>>,
    /// A datagram on its way, and when it arrives; whoever stops waiting finds it again.
    held: Option<(Instant, Vec<u8>)>,
}

impl Datagrams for LossyDatagrams {
    /// A question whose answer will be lost is not sent at all: nobody can tell the difference.
    fn send<'a>(&'a mut self, datagram: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            let arrives = self.weather.round_trip(&mut self.dice.lock().unwrap()).is_some();
            if arrives { self.inner.send(datagram).await } else { Ok(()) }
        })
    }

    fn receive<'a>(&'a mut self, into: &'a mut [u8]) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            if self.held.is_none() {
                let length = self.inner.receive(into).await?;
                let late = self.weather.jitter.mul_f64(self.dice.lock().unwrap().fraction());
                self.held = Some((Instant::now() + self.weather.latency + late, into[..length].to_vec()));
            }
            if let Some((arrives, _)) = &self.held {
                sleep_until(*arrives).await;
            }
            let (_, datagram) = self.held.take().unwrap_or((Instant::now(), Vec::new()));
            let length = datagram.len().min(into.len());
            into[..length].copy_from_slice(&datagram[..length]);
            Ok(length)
        })
    }
}
