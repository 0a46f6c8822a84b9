//! Which host a message came from, where a relay of this site stands between.
//!
//! SPF of a relay of one's own says nothing (<https://github.com/rspamd/rspamd/issues/3176>). What counts is the first host
//! before the relays, as the `Received` fields tell it from the top: those were written by hosts of this site, until one of
//! them names a host that is not. Everything below that is what a stranger wrote.

use std::net::IpAddr;

use mail_parser::parsers::MessageStream;
use mail_parser::{Host, Received};
use switchback::Client;
use switchback::ipnet::IpNet;

use crate::config::Config;
use crate::field::Fields;
use crate::mail::Transaction;

/// How many `Received` fields are read for the client. A site has fewer relays, and a mail server refuses a message with
/// more than about 100 hops.
const HOPS_MAX: usize = 50;

/// The client that counts: the SMTP client, or the first host before the relays if it is one of them.
///
/// A client without an address where nobody can tell: there is no SPF then.
pub(crate) fn counting(transaction: &Transaction, fields: Fields<'_>, config: &Config) -> Client {
    let is_in = |networks: &[IpNet], ip: IpAddr| networks.iter().any(|network| network.contains(&ip.to_canonical()));
    match transaction.client.ip {
        Some(ip) if is_in(&config.relays, ip) => {}
        _ => return transaction.client.clone(),
    }
    for field in fields.filter(|field| field.is("Received")).take(HOPS_MAX) {
        let Some(hop) = Hop::read(field.value()) else { break };
        if !is_in(&config.relays, hop.ip) && !is_in(&config.own_networks, hop.ip) {
            return hop.into_client();
        }
    }
    Client::default()
}

/// A host that gave a message to the next.
struct Hop {
    ip: IpAddr,
    helo: Option<String>,
}

impl Hop {
    /// Reads a `Received` field: `from NAME (RDNS [IP])` as Postfix and Sendmail write it, `from RDNS ([IP] helo=NAME)` as
    /// Exim does. None if it names no address: the message was made there, or nobody can tell.
    fn read(value: &[u8]) -> Option<Self> {
        let line = [value, b"\r\n"].concat();
        let received = MessageStream::new(&line).parse_received().into_received()?;
        let Received { from, from_ip, helo, .. } = received;
        let ip = match (from_ip, &from, &helo) {
            (Some(ip), ..) => ip,
            // `from [IP] (helo=NAME)`, of Exim. Where no name stands apart, the literal is what the client called itself.
            (None, Some(Host::IpAddr(ip)), Some(_)) => *ip,
            _ => return None,
        };
        let name = helo.or(from);
        let helo = name.and_then(|host| match host {
            Host::Name(name) => Some(name.into_owned()),
            Host::IpAddr(_) => None,
        });
        Some(Self { ip, helo })
    }

    fn into_client(self) -> Client {
        let client = Client::new().ip(self.ip);
        match self.helo {
            Some(helo) => client.helo(&helo),
            None => client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    fn config() -> Config {
        let networks = "own_networks = ['10.0.0.0/8', '::1/128']\nrelays = ['192.0.2.0/28', '2001:db8:1::/48']\n";
        Config::parse(&format!("{networks}store = '/s'\nheld.dir = '/h'")).unwrap()
    }

    fn of(ip: &str, received: &[&str]) -> (Option<IpAddr>, Option<String>) {
        let mut transaction = Transaction::new();
        transaction.client = Client::new().ip(ip.parse().unwrap()).helo("relay.site.example");
        let received: String = received.iter().map(|value| format!("Received: {value}\r\n")).collect();
        let header = format!("Subject: x\r\n{received}");
        let client = counting(&transaction, Field::all_of(header.as_bytes()), &config());
        (client.ip, client.helo.map(|helo| helo.to_string()))
    }

    fn told(ip: &str, helo: &str) -> (Option<IpAddr>, Option<String>) {
        (Some(ip.parse().unwrap()), Some(helo.to_owned()))
    }

    const OUTSIDE: &str = "from mx.news.example (mail.news.example [203.0.113.9])\r\n\tby relay.site.example (Postfix) with \
                           ESMTPS id 4F; Mon, 30 Nov 2026 10:00:00 +0000";

    #[test]
    fn the_smtp_client_counts_unless_it_is_a_relay() {
        assert_eq!(of("203.0.113.1", &[OUTSIDE]), told("203.0.113.1", "relay.site.example"));
        assert_eq!(of("192.0.2.1", &[OUTSIDE]), told("203.0.113.9", "mx.news.example"));
        assert_eq!(of("::ffff:192.0.2.1", &[OUTSIDE]), told("203.0.113.9", "mx.news.example"));
        assert_eq!(of("2001:db8:1::9", &[OUTSIDE]), told("203.0.113.9", "mx.news.example"));
        let mut transaction = Transaction::new();
        transaction.client = Client::default();
        assert_eq!(counting(&transaction, Field::all_of(b""), &config()), Client::default());
    }

    #[test]
    fn relays_and_own_networks_are_passed_over_and_what_lies_below_the_first_stranger_is_not_read() {
        let forged =
            "from good.example (good.example [198.51.100.1]) by mx.news.example; Mon, 30 Nov 2026 09:00:00 +0000";
        let inner =
            "from relay2.site.example (relay2.site.example [IPv6:2001:db8:1::2]) by relay.site.example with ESMTP";
        let scanner = "from localhost (scan.site.example [10.1.2.3]) by relay.site.example (Postfix) with ESMTP id 1";
        assert_eq!(of("192.0.2.1", &[scanner, inner, OUTSIDE, forged]), told("203.0.113.9", "mx.news.example"));
    }

    #[test]
    fn where_nobody_can_tell_there_is_no_client() {
        let made = "by relay.site.example (Postfix, from userid 0) id 4F; Mon, 30 Nov 2026 10:00:00 +0000";
        let hidden = "from [203.0.113.9] (unknown [unknown]) by relay.site.example (Postfix) with SMTP id 4F";
        for received in [&[][..], &[made, OUTSIDE], &[hidden, OUTSIDE], &["garbage"], &["from by"]] {
            assert_eq!(of("192.0.2.1", received), (None, None), "{received:?}");
        }
    }

    #[test]
    fn what_a_client_called_itself_is_not_its_address() {
        for (received, ip, helo) in [
            ("from [198.51.100.1] (unknown [203.0.113.9]) by r (Postfix)", "203.0.113.9", None),
            ("from [203.0.113.9] (helo=[198.51.100.1]) by r with esmtp (Exim 4.96)", "203.0.113.9", None),
            ("from host.example ([203.0.113.9] helo=mx.example) by r with esmtp", "203.0.113.9", Some("mx.example")),
            ("from host.example ([203.0.113.9] helo=[198.51.100.1]) by r with esmtp", "203.0.113.9", None),
            ("from x (unknown [IPv6:2001:db8:2::1]) by r (Postfix)", "2001:db8:2::1", Some("x")),
        ] {
            assert_eq!(
                of("192.0.2.1", &[received]),
                (Some(ip.parse().unwrap()), helo.map(str::to_owned)),
                "{received}"
            );
        }
    }
}
