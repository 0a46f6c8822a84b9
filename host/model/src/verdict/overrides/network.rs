//! A client network, as rules name it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::InvalidOverride;
use crate::limits::{OVERRIDE_IPV4_PREFIX_MIN, OVERRIDE_IPV6_PREFIX_MIN};

/// An IP network in its normal form: no bits behind the prefix, IPv4 written as IPv4. Parsing brings it there; an
/// address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "IpNet", into = "IpNet")]
#[cfg_attr(feature = "schema", schemars(try_from = "String", into = "String"))]
pub struct Network(IpNet);

/// Bits before the address in an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// The first of those addresses.
const MAPPED: IpAddr = IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0));

impl Network {
    /// The network.
    pub fn net(self) -> IpNet {
        self.0
    }

    /// The network of an address that has a prefix of so many bits; none if the address has fewer.
    pub(super) fn around(address: IpAddr, prefix: u8) -> Option<Self> {
        Some(Self(IpNet::new(address, prefix).ok()?.trunc()))
    }

    /// Refuses what is wider than one party's network.
    pub(super) fn validate(self) -> Result<(), InvalidOverride> {
        let prefix_min = match self.0 {
            IpNet::V4(_) => OVERRIDE_IPV4_PREFIX_MIN,
            IpNet::V6(_) => OVERRIDE_IPV6_PREFIX_MIN,
        };
        if self.0.prefix_len() < prefix_min {
            return Err(InvalidOverride(format!(
                "`{self}` is the network of many parties: a prefix has at least {prefix_min} bits"
            )));
        }
        if self.0.addr().is_ipv6() && self.0.prefix_len() < MAPPED_PREFIX && self.0.contains(&MAPPED) {
            return Err(InvalidOverride(format!(
                "`{self}` has the IPv4 addresses written as IPv6 in it, and matches none of them: a client's IPv4 address is \
                 looked up as one, so name the IPv4 network"
            )));
        }
        Ok(())
    }
}

impl From<IpNet> for Network {
    fn from(net: IpNet) -> Self {
        let canonical = match (net.addr().to_canonical(), net.prefix_len().checked_sub(MAPPED_PREFIX)) {
            (IpAddr::V4(mapped), Some(prefix)) if net.addr().is_ipv6() => IpNet::new(mapped.into(), prefix).ok(),
            _ => None,
        };
        Self(canonical.unwrap_or(net).trunc())
    }
}

impl From<Network> for IpNet {
    fn from(network: Network) -> Self {
        network.0
    }
}

impl FromStr for Network {
    type Err = InvalidOverride;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            InvalidOverride(format!("`{text}` is no network: `192.0.2.0/24`, `2001:db8::/32` or an address is"))
        })?;
        let network = Self::from(net);
        network.validate()?;
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_brought_to_their_normal_form() {
        for (text, normal) in [
            ("192.0.2.77/24", "192.0.2.0/24"),
            (" 192.0.2.7 ", "192.0.2.7/32"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("::ffff:192.0.2.77/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.77/32"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), normal);
        }
    }

    #[test]
    fn what_is_no_network_of_one_party_is_refused_with_the_reason() {
        for (text, why) in [
            ("192.0.2", "no network"),
            ("192.0.2.0/33", "no network"),
            ("example.com", "no network"),
            ("0.0.0.0/0", "many parties"),
            ("::/0", "many parties"),
            ("::ffff:0.0.0.0/80", "name the IPv4 network"),
            ("::ffff:0.0.0.0/96", "many parties"),
        ] {
            assert!(text.parse::<Network>().unwrap_err().to_string().contains(why), "{text}");
        }
    }
}
