use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// The URL under which the client reached this server: from its `Host` header, so that a forwarded port or another
/// name stay in the URLs of the images; `own` where that header is missing, twice there, or no host.
pub(crate) fn base_url(headers: &HeaderMap, own: &str) -> String {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) {
        (Some(host), None) if is_host(host) => format!("http://{host}"),
        _ => own.to_owned(),
    }
}

/// Whether this is a name, an IPv4 address or an IPv6 address in brackets, with a port or without.
fn is_host(host: &str) -> bool {
    let (name_is_sound, rest) = if let Some(rest) = host.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else { return false };
        (address.parse::<Ipv6Addr>().is_ok(), rest)
    } else {
        let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        (!name.is_empty() && name.bytes().all(sound), rest)
    };
    let port_is_sound = match rest.strip_prefix(':') {
        Some(port) => port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => rest.is_empty(),
    };
    host.len() <= 255 && name_is_sound && port_is_sound
}

/// Whether the client says that it speaks to a name or an address of this machine itself. Where it does not, a page of
/// the web may have been led here by a name of its own.
pub(crate) fn is_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    if !is_host(host) {
        return false;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.unwrap_or_default();
    let is_loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_is_taken_for_one() {
        for host in ["localhost", "127.0.0.1:8080", "[::1]:80", "[::1]", "images.example.org", "a_b:65535"] {
            assert!(is_host(host), "{host}");
        }
        let long = "x".repeat(256);
        for host in [
            "", ":80", "a b", "a/b", "a@b", "a:", "a:x", "a:+1", "a:65536", "a:1:2", "[::1", "[x]", "[::1]x", "é",
            &long,
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let said = |hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, host.parse().unwrap());
            }
            is_loopback(&headers)
        };
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.9.9.9", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(said(&[host]), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "127.0.0.1.nip.io", "0.0.0.0", "[::]:80", "10.0.0.1", ""] {
            assert!(!said(&[host]), "{host}");
        }
        assert!(!said(&[]) && !said(&["localhost", "localhost"]));
    }
}
