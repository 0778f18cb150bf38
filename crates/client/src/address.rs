//! Which addresses may be spoken to: the key only to the base URL, image requests never into a private network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether the URL's host is this very machine: `localhost` or a loopback address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the URL names an address, rather than a name, that is not on the public internet. What a name stands for is
/// checked when it is resolved, by [`PublicOnly`].
pub(crate) fn names_private_address(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => !is_public_v4(address),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        None => true,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (second == 18 || second == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Addresses that carry an IPv4 address: mapped, NAT64 and 6to4.
    let embedded = match segments {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some((high, low))
        }
        _ => None,
    };
    if let Some((high, low)) = embedded {
        return is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    }
    // Only 2000::/3 is given out as public; 2001:db8::/32 in it is for documents.
    (0x2000..0x4000).contains(&segments[0]) && !(segments[0] == 0x2001 && segments[1] == 0xdb8)
}

/// A resolver that finds public addresses only, so that a name cannot lead into the caller's own network.
pub(crate) struct PublicOnly {
    /// The proxy, which may well stand in the caller's own network.
    pub(crate) except: Vec<String>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let excepted = self.except.iter().any(|host| host.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|address| excepted || is_public(address.ip())).collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err(
                    format!("{} resolves to a private address, from which no image is fetched", name.as_str()).into()
                );
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The hosts of the proxies that the environment names.
pub(crate) fn environment_proxies() -> Vec<String> {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .filter_map(|proxy| proxy_host(&proxy))
        .collect()
}

/// The host of a proxy, written as a URL or as `host:port`.
pub(crate) fn proxy_host(proxy: &str) -> Option<String> {
    let url = Url::parse(proxy).ok().filter(Url::has_host).or_else(|| Url::parse(&format!("http://{proxy}")).ok())?;
    url.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_disguise() {
        for private in [
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/",
            "http://0.0.0.0/",
            "http://100.64.0.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[2002:a00:1::]/",
            "http://localhost/",
            "http://a.localhost/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
        ] {
            assert!(names_private_address(&Url::parse(private).unwrap()), "{private}");
        }
        for public in [
            "http://1.1.1.1/",
            "http://a.example/",
            "http://[2606:4700::1]/",
            "http://172.32.0.1/",
            "http://[::ffff:1.1.1.1]/",
        ] {
            assert!(!names_private_address(&Url::parse(public).unwrap()), "{public}");
        }
    }

    #[test]
    fn the_host_of_a_proxy_is_found_in_every_spelling() {
        for proxy in ["http://proxy.corp:3128", "proxy.corp:3128", "proxy.corp", "socks5://u:p@proxy.corp:1"] {
            assert_eq!(proxy_host(proxy).as_deref(), Some("proxy.corp"), "{proxy}");
        }
    }
}
