//! What kind of address an address is, said explicitly and never guessed.
//!
//! "Private" in a plan means *in the expected set*. The kinds here only say what an address looks like when it is not
//! in that set; `networks` in the plan overrides them, because a virtual network may use any range.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address looks like by its range alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// RFC 1918, or declared private by the plan.
    Private,
    /// fc00::/7 (RFC 4193).
    UniqueLocal,
    /// 100.64.0.0/10, shared by carriers (RFC 6598).
    CarrierShared,
    /// Anything that is routed on the internet, or declared public by the plan.
    Public,
    /// 64:ff9b::/96 (RFC 6052): an IPv4 address behind a translator, here treated as public, private ones too.
    Translated,
    /// 127.0.0.0/8 and ::1.
    Loopback,
    /// 169.254.0.0/16 and fe80::/10.
    LinkLocal,
    /// 0.0.0.0 and ::, the usual sinkholes.
    Unspecified,
    /// Multicast and broadcast.
    Multicast,
    /// Documentation ranges (RFC 5737, RFC 3849).
    Documentation,
    /// 168.63.129.16, Azure's platform address: public by range, yet it never leaves the host.
    AzurePlatform,
}

impl AddressKind {
    /// Whether an address of this kind is worth a connection. The agent never connects to a sinkhole, least of all to
    /// its own machine, because a DNS answer said so.
    pub const fn is_worth_a_connection(self) -> bool {
        match self {
            Self::Private
            | Self::UniqueLocal
            | Self::CarrierShared
            | Self::Public
            | Self::Translated
            | Self::Documentation => true,
            Self::Loopback | Self::LinkLocal | Self::Unspecified | Self::Multicast | Self::AzurePlatform => false,
        }
    }
}

/// The four classes that metrics and verdicts speak of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressClass {
    Expected,
    OtherPrivate,
    Public,
    Special,
}

impl AddressClass {
    pub const ALL: [Self; 4] = [Self::Expected, Self::OtherPrivate, Self::Public, Self::Special];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::OtherPrivate => "other-private",
            Self::Public => "public",
            Self::Special => "special",
        }
    }
}

/// Azure's platform address: its DNS for every virtual network (Microsoft, "What is IP address 168.63.129.16?").
pub const AZURE_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Overrides of the address kinds, from the plan's `networks`.
#[derive(Clone, Default, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Networks {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<IpNet>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public: Vec<IpNet>,
}

impl Networks {
    /// The kind of an address; the most specific override wins, then the registered range.
    ///
    /// An IPv4 address dressed as IPv6 (::ffff:0:0/96) is the IPv4 address: that is where a connection to it goes.
    pub fn kind(&self, address: IpAddr) -> AddressKind {
        let address = address.to_canonical();
        let longest =
            |prefixes: &[IpNet]| prefixes.iter().filter(|p| p.contains(&address)).map(|p| p.prefix_len()).max();
        match (longest(&self.private), longest(&self.public)) {
            (None, None) => registered_kind(address),
            (private, public) if private > public => AddressKind::Private,
            _ => AddressKind::Public,
        }
    }

    /// The class of an address beside the expected set of its endpoint.
    pub fn class(&self, address: IpAddr, expected: &[IpNet]) -> AddressClass {
        let address = address.to_canonical();
        if expected.iter().any(|p| p.contains(&address)) {
            return AddressClass::Expected;
        }
        match self.kind(address) {
            AddressKind::Private | AddressKind::UniqueLocal | AddressKind::CarrierShared => AddressClass::OtherPrivate,
            AddressKind::Public | AddressKind::Translated => AddressClass::Public,
            AddressKind::Loopback
            | AddressKind::LinkLocal
            | AddressKind::Unspecified
            | AddressKind::Multicast
            | AddressKind::Documentation
            | AddressKind::AzurePlatform => AddressClass::Special,
        }
    }
}

fn registered_kind(address: IpAddr) -> AddressKind {
    match address {
        IpAddr::V4(v4) => registered_kind_v4(v4),
        IpAddr::V6(v6) => registered_kind_v6(v6),
    }
}

fn registered_kind_v4(v4: Ipv4Addr) -> AddressKind {
    let [a, b, ..] = v4.octets();
    if v4 == AZURE_PLATFORM {
        AddressKind::AzurePlatform
    } else if v4.is_loopback() {
        AddressKind::Loopback
    } else if a == 0 {
        AddressKind::Unspecified
    } else if v4.is_private() {
        AddressKind::Private
    } else if a == 100 && (64..128).contains(&b) {
        AddressKind::CarrierShared
    } else if v4.is_link_local() {
        AddressKind::LinkLocal
    } else if v4.is_documentation() {
        AddressKind::Documentation
    } else if v4.is_multicast() || v4.is_broadcast() {
        AddressKind::Multicast
    } else {
        AddressKind::Public
    }
}

fn registered_kind_v6(v6: Ipv6Addr) -> AddressKind {
    let s = v6.segments();
    if v6.is_loopback() {
        AddressKind::Loopback
    } else if v6.is_unspecified() {
        AddressKind::Unspecified
    } else if s[0] & 0xfe00 == 0xfc00 {
        AddressKind::UniqueLocal
    } else if s[0] & 0xffc0 == 0xfe80 {
        AddressKind::LinkLocal
    } else if s[0] & 0xff00 == 0xff00 {
        AddressKind::Multicast
    } else if s[0] == 0x2001 && s[1] == 0xdb8 {
        AddressKind::Documentation
    } else if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        behind_a_translator(v6)
    } else {
        AddressKind::Public
    }
}

/// What can be no endpoint is none behind a translator either: 64:ff9b::169.254.169.254 leads to the same metadata.
fn behind_a_translator(v6: Ipv6Addr) -> AddressKind {
    let [.., a, b, c, d] = v6.octets();
    let kind = registered_kind_v4(Ipv4Addr::new(a, b, c, d));
    if kind.is_worth_a_connection() { AddressKind::Translated } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_the_kind_its_registration_says() {
        let networks = Networks::default();
        for (address, kind) in [
            ("10.20.3.5", AddressKind::Private),
            ("172.31.255.255", AddressKind::Private),
            ("172.32.0.1", AddressKind::Public),
            ("100.64.0.1", AddressKind::CarrierShared),
            ("100.128.0.1", AddressKind::Public),
            ("168.63.129.16", AddressKind::AzurePlatform),
            ("127.8.8.8", AddressKind::Loopback),
            ("169.254.169.254", AddressKind::LinkLocal),
            ("0.0.0.0", AddressKind::Unspecified),
            ("203.0.113.9", AddressKind::Documentation),
            ("255.255.255.255", AddressKind::Multicast),
            ("20.10.3.4", AddressKind::Public),
            ("::1", AddressKind::Loopback),
            ("::ffff:10.20.3.5", AddressKind::Private),
            ("::ffff:20.10.3.4", AddressKind::Public),
            ("fd00::5", AddressKind::UniqueLocal),
            ("fe80::1", AddressKind::LinkLocal),
            ("2001:db8::1", AddressKind::Documentation),
            ("64:ff9b::1414:1", AddressKind::Translated),
            ("64:ff9b::10.20.3.5", AddressKind::Translated),
            ("64:ff9b::169.254.169.254", AddressKind::LinkLocal),
            ("64:ff9b::127.0.0.1", AddressKind::Loopback),
            ("64:ff9b::168.63.129.16", AddressKind::AzurePlatform),
            ("2603:1030::1", AddressKind::Public),
        ] {
            assert_eq!(networks.kind(address.parse().unwrap()), kind, "{address}");
        }
    }

    #[test]
    fn the_plan_overrides_the_range_and_the_longer_prefix_wins() {
        let networks = Networks {
            private: vec!["20.0.0.0/8".parse().unwrap()],
            public: vec!["20.9.0.0/16".parse().unwrap(), "127.203.0.0/16".parse().unwrap()],
        };
        assert_eq!(networks.kind("20.1.1.1".parse().unwrap()), AddressKind::Private);
        assert_eq!(networks.kind("20.9.1.1".parse().unwrap()), AddressKind::Public);
        assert_eq!(networks.kind("127.203.113.1".parse().unwrap()), AddressKind::Public);
        let expected = ["20.9.1.0/24".parse().unwrap()];
        assert_eq!(networks.class("20.9.1.1".parse().unwrap(), &expected), AddressClass::Expected);
        assert_eq!(networks.class("20.9.2.1".parse().unwrap(), &expected), AddressClass::Public);
    }
}
