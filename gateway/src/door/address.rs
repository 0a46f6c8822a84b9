//! The address of an SMTP client, as programs write it.

use std::net::IpAddr;

/// An address: plain, in the brackets of a literal (RFC 5321, section 4.1.3), behind `IPv6:`, or with the zone of an interface,
/// which means nothing here.
pub fn client_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    let text = match text.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => address,
        _ => text,
    };
    text.split_once('%').map_or(text, |(address, _)| address).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // rspamd#1916, rspamd#2452: an address in another notation was taken for none, and nothing that hangs on it was checked.
    #[test]
    fn an_address_is_read_however_it_is_written() {
        let expected: IpAddr = "2001:db8::7".parse().unwrap();
        for text in ["2001:db8::7", "[2001:db8::7]", "[IPv6:2001:db8::7]", "ipv6:2001:DB8::7", " 2001:db8::7%eth0"] {
            assert_eq!(client_address(text), Some(expected), "{text}");
        }
        assert_eq!(client_address("[192.0.2.7]"), Some([192, 0, 2, 7].into()));
        for text in ["", "[", "[]", "unknown", "IPv6:", "192.0.2", "192.0.2.7:25", "[192.0.2.7", "%"] {
            assert_eq!(client_address(text), None, "{text}");
        }
    }
}
