//! Which proxy a request goes through, as the environment says: the rules that curl and most others follow.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// Schemes of a proxy. One without a scheme speaks HTTP.
const SCHEMES: [&str; 7] = ["http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"];

/// A proxy. Its name and password are never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    url: Url,
}

/// A variable that should name a proxy and does not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} in the environment is not the address of a proxy: `http://proxy.example:3128` is one")]
pub(super) struct NoAddress(&'static str);

impl Proxy {
    /// The proxy for an address; none if it is asked directly. `variable` is the environment.
    pub(super) fn find(to: &Url, variable: impl Fn(&'static str) -> Option<String>) -> Result<Option<Self>, NoAddress> {
        let given = |name| variable(name).filter(|value| !value.trim().is_empty());
        if is_exempt(to, &given("no_proxy").or_else(|| given("NO_PROXY")).unwrap_or_default()) {
            return Ok(None);
        }
        let names = match to.scheme() {
            "https" => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            // What a web server runs has there what a client sent as its header `Proxy` (httpoxy, CVE-2016-5388).
            _ if given("REQUEST_METHOD").is_some() => ["http_proxy", "http_proxy", "all_proxy", "ALL_PROXY"],
            _ => ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let found = names.into_iter().find_map(|name| Some((name, given(name)?)));
        found.map(|(name, value)| Self::of(value.trim()).ok_or(NoAddress(name))).transpose()
    }

    fn of(value: &str) -> Option<Self> {
        let url = if value.contains("://") { value.parse() } else { format!("http://{value}").parse() };
        let url: Url = url.ok()?;
        let has_host = url.host_str().is_some_and(|host| !host.is_empty());
        (has_host && SCHEMES.contains(&url.scheme())).then_some(Self { url })
    }

    /// Whether it speaks HTTP, and so can pass on a request that is not encrypted.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
    }

    /// Its address, with name and password.
    pub(super) fn address(&self) -> &str {
        self.url.as_str()
    }

    /// The address at which it passes on a request to that one.
    pub(super) fn address_for(&self, to: &Url) -> Url {
        let mut url = self.url.clone();
        // Both fail only for addresses without a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_path(to.path());
        url.set_query(to.query());
        url
    }

    /// What goes into the header `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<String> {
        let [name, password] = [self.url.username(), self.url.password().unwrap_or_default()]
            .map(|part| percent_decode_str(part).collect::<Vec<u8>>());
        let has_any = !name.is_empty() || !password.is_empty();
        has_any.then(|| format!("Basic {}", BASE64.encode([name.as_slice(), b":", &password].concat())))
    }
}

/// `http://proxy.example:3128`.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())?;
        self.url.port_or_known_default().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// Whether no proxy is to be asked for an address. `list` has names, addresses and networks between commas or spaces, each
/// with or without a port; a name stands for all below it, with or without a dot before it, and `*` for everything.
fn is_exempt(to: &Url, list: &str) -> bool {
    let Some(host) = to.host() else { return false };
    let (host, address) = match host {
        Host::Domain(name) => (name.trim_end_matches('.').to_lowercase(), None),
        Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
        Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address).to_canonical())),
    };
    let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    entries.into_iter().any(|entry| {
        let (entry, port) = without_port(entry);
        port.is_none_or(|port| to.port_or_known_default() == Some(port)) && covers(entry, &host, address)
    })
}

/// An entry and its port, if it has one: `name:8080`, `[2001:db8::1]:8080`.
fn without_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn covers(entry: &str, host: &str, address: Option<IpAddr>) -> bool {
    let entry = entry.trim_start_matches('[').trim_end_matches(']');
    if entry == "*" {
        return true;
    }
    if let Some(address) = address {
        let network = entry.parse::<IpNet>().ok();
        let network = network.or_else(|| entry.parse::<IpAddr>().ok().map(|one| one.to_canonical().into()));
        return network.is_some_and(|network| network.contains(&address));
    }
    let entry = entry.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.').to_lowercase();
    let below = host.strip_suffix(&entry).filter(|_| !entry.is_empty());
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(to: &str, variables: &[(&str, &str)]) -> Result<Option<String>, NoAddress> {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Ok(Proxy::find(&to.parse().unwrap(), variable)?.map(|proxy| proxy.to_string()))
    }

    #[test]
    fn each_scheme_has_its_proxy_and_small_letters_come_first() {
        let all = [("ALL_PROXY", "socks5h://all"), ("HTTP_PROXY", "plain:3128"), ("https_proxy", "http://small")];
        let and_large = [all.as_slice(), &[("HTTPS_PROXY", "http://large"), ("http_proxy", " ")]].concat();
        let cgi = [all.as_slice(), &[("REQUEST_METHOD", "POST")]].concat();
        for (to, variables, proxy) in [
            ("http://a.example/", all.as_slice(), Some("http://plain:3128")),
            ("https://a.example/", &all, Some("http://small:80")),
            ("https://a.example/", &and_large, Some("http://small:80")),
            ("http://a.example/", &and_large, Some("http://plain:3128")),
            ("https://a.example/", &all[..1], Some("socks5h://all")),
            // A client chooses this variable there.
            ("http://a.example/", &cgi, Some("socks5h://all")),
            ("https://a.example/", &[("HTTP_PROXY", "plain:3128")], None),
            ("https://a.example/", &[], None),
        ] {
            assert_eq!(find(to, variables).unwrap().as_deref(), proxy, "{to} {variables:?}");
        }
    }

    #[test]
    fn what_is_no_proxys_address_is_named_and_not_passed_over() {
        for value in ["ftp://a.example", "http://", "http://a:port", "://"] {
            assert_eq!(find("https://x/", &[("HTTPS_PROXY", value)]), Err(NoAddress("HTTPS_PROXY")), "{value}");
        }
    }

    #[test]
    fn names_addresses_networks_and_ports_are_exempt() {
        for (list, exempt, proxied) in [
            ("*", "http://a.example/", None),
            ("127.0.0.0/8", "http://127.9.9.9:81/", Some("http://128.0.0.1/")),
            ("10.0.0.1, 10.0.0.2", "http://10.0.0.2/", Some("http://10.0.0.3/")),
            ("2001:db8::/32", "http://[2001:db8::7]/", Some("http://[2001:db9::7]/")),
            ("[2001:db8::7]:81 ::1", "http://[2001:db8::7]:81/", Some("http://[2001:db8::7]:82/")),
            ("::1", "http://[::1]/", Some("http://[::2]/")),
            ("192.0.2.1", "http://[::ffff:192.0.2.1]/", Some("http://[::ffff:192.0.2.2]/")),
            ("Example.com", "http://example.com/", Some("http://notexample.com/")),
            ("example.com.", "http://a.b.example.com./", Some("http://example.com.net/")),
            (".example.com", "http://hooks.example.com/", Some("http://hooks.example.net/")),
            ("*.example.com", "http://hooks.example.com/", Some("http://example.org/")),
            ("x,hooks.example:81", "http://hooks.example:81/", Some("http://hooks.example/")),
            ("hooks.example:443", "https://hooks.example/", Some("https://hooks.example:444/")),
            ("10.0.0.0/33,127.0.0.1/x,,.", "http://nowhere./", None),
        ] {
            let lists = [[("NO_PROXY", list)], [("no_proxy", list)]];
            for list in lists {
                let all = [list.as_slice(), &[("ALL_PROXY", "http://proxy")]].concat();
                let is_exempt = |to| find(to, &all).unwrap().is_none();
                assert_eq!(is_exempt(exempt), !exempt.contains("nowhere"), "{list:?} {exempt}");
                assert!(proxied.is_none_or(|to| !is_exempt(to)), "{list:?} {proxied:?}");
            }
        }
    }

    #[test]
    fn a_proxys_password_is_sent_and_not_printed() {
        let proxy = Proxy::of("http://ada:p%40ss%20word@proxy.example:3128/ignored?x").unwrap();
        let to = proxy.address_for(&"http://hooks.example/T0/B1?key=k".parse().unwrap());
        assert_eq!(to.as_str(), "http://proxy.example:3128/T0/B1?key=k");
        let expected = BASE64.encode("ada:p@ss word");
        assert_eq!(proxy.authorization(), Some(format!("Basic {expected}")));
        assert_eq!(format!("{proxy} {proxy:?}").matches("ada").count(), 0);
        assert_eq!(Proxy::of("proxy.example").unwrap().authorization(), None);
    }
}
