use std::net::Ipv6Addr;

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
}
