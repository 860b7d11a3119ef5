//! Who may change packages: programs of this machine, unless the operator trusts none, and whoever has the admin token.
//!
//! A node is behind a tunnel that ends on its own machine, so that strangers' requests come from 127.0.0.1 too. What tells
//! them apart is what a proxy adds, and the host that they ask for. A page in a browser on this machine is a stranger
//! as well: it says where it is from, or has had its own name lead here.

use super::transport::Peer;
use crate::admin::Admins;
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, VIA};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, request};
use packages::sealed::Digest;

/// Beginnings of the names of headers that proxies add (Cloudflare's, and those of RFC 7239's time before).
const PROXIES: [&str; 3] = ["cf-", "x-forwarded-", "x-real-ip"];

/// Names of this machine as its own programs write them. Any other name may be a stranger's that leads here.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether a request may change packages.
pub(super) fn may_change(head: &request::Parts, admins: Admins) -> bool {
    let peer = head.extensions.get().copied().unwrap_or(Peer::Elsewhere);
    let has_token = |digest| has_token(&head.headers, digest);
    (admins.local && is_local(&head.headers, &head.uri, peer))
        || admins.token.is_some_and(has_token)
}

fn is_local(headers: &HeaderMap, uri: &Uri, peer: Peer) -> bool {
    let proxied = |name: &str| PROXIES.iter().any(|begin| name.starts_with(begin));
    let is_passed_on = headers.contains_key(FORWARDED)
        || headers.contains_key(VIA)
        || headers.keys().any(|name| proxied(name.as_str()));
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    // An HTTP/2 request has it in the place of the header, one to a proxy beside it: all that is there has to be ours.
    let is_ours = match (host, uri.authority().map(Authority::as_str)) {
        (None, None) => false,
        (host, authority) => host.into_iter().chain(authority).all(is_this_machine),
    };
    peer == Peer::ThisMachine
        && !is_passed_on
        && !headers.contains_key(ORIGIN)
        && hosts.next().is_none()
        && is_ours
}

fn is_this_machine(host: &str) -> bool {
    LOCAL.iter().any(|name| {
        let (begin, rest) = host.split_at_checked(name.len()).unwrap_or_default();
        let is_port = |port: &str| port.parse::<u16>().is_ok();
        begin.eq_ignore_ascii_case(name)
            && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
    })
}

/// Digests are compared, of which the time tells nothing about the token.
fn has_token(headers: &HeaderMap, digest: Digest) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let token = values.next().and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    values.next().is_none() && token.is_some_and(|token| Digest::of(token.as_bytes()) == digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const TOKEN: &str = "kept-in-a-file-of-root";

    const ADMINS: Admins = Admins {
        local: true,
        token: None,
    };

    fn may(peer: Peer, uri: &str, headers: &[(&str, &str)]) -> bool {
        let token = Some(Digest::of(TOKEN.as_bytes()));
        may_of(Admins { token, ..ADMINS }, peer, uri, headers)
    }

    fn may_of(admins: Admins, peer: Peer, uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = axum::http::Request::new(());
        *request.uri_mut() = uri.parse().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().append(name, value);
        }
        request.extensions_mut().insert(peer);
        let (head, ()) = request.into_parts();
        may_change(&head, admins)
    }

    fn local(headers: &[(&str, &str)]) -> bool {
        may(Peer::ThisMachine, "/", headers)
    }

    #[test]
    fn a_program_of_this_machine_may() {
        for host in [
            "localhost",
            "LOCALHOST:2000",
            "127.0.0.1",
            "127.0.0.1:2000",
            "[::1]",
            "[::1]:2000",
        ] {
            assert!(local(&[("host", host)]), "{host}");
            let uri = format!("http://{host}/api/v2/packages");
            assert!(may(Peer::ThisMachine, &uri, &[]), "{host}");
        }
    }

    #[test]
    fn another_host_is_a_stranger() {
        for host in [
            "",
            "x",
            "node.example.com",
            "localhost.example.com",
            "localhost:",
            "localhost:x",
            "localhost:99999",
            "localhost.",
            "127.0.0.1.example.com",
            "127.0.0.2",
            "0.0.0.0",
            "127.1",
            "[::1",
            "::1",
            "[::ffff:127.0.0.1]",
            "user@localhost",
            "localhost, example.com",
        ] {
            assert!(!local(&[("host", host)]), "{host}");
        }
        assert!(!local(&[]), "no host");
        assert!(!local(&[("host", "localhost"), ("host", "localhost")]));
        let uri = "http://example.com/";
        assert!(!may(Peer::ThisMachine, uri, &[("host", "localhost")]));
        let uri = "http://localhost/";
        assert!(!may(Peer::ThisMachine, uri, &[("host", "example.com")]));
    }

    #[test]
    fn what_came_through_a_proxy_is_a_strangers() {
        for name in [
            "Cf-Connecting-Ip",
            "CF-Ray",
            "cf-x",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "x-forwarded-host",
            "Forwarded",
            "Via",
            "X-Real-IP",
        ] {
            let headers = [("host", "localhost"), (name, "127.0.0.1")];
            assert!(!local(&headers), "{name}");
            assert!(!local(&[("host", "localhost"), (name, "")]), "empty {name}");
        }
    }

    #[test]
    fn a_page_in_a_browser_is_a_stranger() {
        for origin in ["http://localhost:8080", "https://example.com", "null"] {
            assert!(!local(&[("host", "localhost"), ("origin", origin)]));
        }
    }

    #[test]
    fn a_client_from_elsewhere_is_a_stranger_whatever_host_it_asks_for() {
        assert!(!may(Peer::Elsewhere, "/", &[("host", "localhost")]));
    }

    #[test]
    fn the_token_opens_from_everywhere() {
        let bearer = format!("Bearer {TOKEN}");
        let with = |value: &str| {
            let headers = [("host", "x"), ("cf-ray", "1"), ("authorization", value)];
            may(Peer::Elsewhere, "/", &headers)
        };
        assert!(with(&bearer));
        assert!(with(&format!("bearer {TOKEN}")));
        for wrong in ["", TOKEN, "Bearer", "Bearer ", "Bearer x", "Basic x"] {
            assert!(!with(wrong), "{wrong:?}");
        }
        assert!(!with(&format!("{bearer} ")));
        let twice = [("authorization", "Bearer x"), ("authorization", &bearer)];
        assert!(!may(Peer::Elsewhere, "/", &twice));
    }

    #[test]
    fn without_a_token_none_opens() {
        let empty = [("authorization", "Bearer ")];
        assert!(!may_of(ADMINS, Peer::Elsewhere, "/", &empty));
    }

    #[test]
    fn where_this_machine_is_not_trusted_only_the_token_opens() {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("host", "localhost"), ("authorization", bearer.as_str())];
        for (token, with) in [(None, false), (Some(Digest::of(TOKEN.as_bytes())), true)] {
            let local = false;
            let may = |headers| may_of(Admins { local, token }, Peer::ThisMachine, "/", headers);
            assert!(!may(&headers[..1]));
            assert_eq!(may(&headers), with);
        }
    }
}
