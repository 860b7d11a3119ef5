//! The way to a server: redirects, proxies, certificates.

use super::*;
use crate::supply::order::Proxies;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::sync::Arc;

/// Redirects `/N` to `/N+1`, up to `/LAST`, where the archive is.
fn stairs(last: u32) -> (Server, Node) {
    with_archive(b"x", move |asked, to| {
        let here = asked.what.strip_prefix("GET /").unwrap();
        match here.parse().unwrap_or(0) {
            step if step == last => answer(to, "200 OK", "", b"x"),
            step => {
                let target = format!("Location: /{}\r\n", step + 1);
                answer(to, "302 Found", &target, b"");
            }
        }
    })
}

#[test]
fn a_few_redirects_are_followed() {
    let (_server, node) = stairs(5);
    node.download("a", "*").unwrap();
    assert_eq!(node.archive(), b"x");
    let (server, node) = stairs(6);
    let failure = node.failure();
    assert!(failure.sentence.contains("more than 5 times"));
    assert_eq!(server.count("5"), 1);
    assert_eq!(server.count("6"), 0);
}

#[test]
fn redirects_take_of_the_same_time() {
    let (server, mut node) = stairs(5);
    let _index = node.index_in_a_file(&line("a", "1.0.0", b"x", &server.url("a.tar.gz")));
    node.clock.step = Duration::from_secs(40);
    node.limits.archive_time = Duration::from_secs(100);
    let failure = node.failure();
    assert!(
        failure.sentence.contains("come to an end in time"),
        "{}",
        failure.sentence
    );
    assert_eq!((server.count("1"), server.count("2")), (1, 0));
}

#[test]
fn a_circle_ends_where_it_closes() {
    let (server, node) = with_archive(b"x", |asked, to| {
        let target = match asked.what.as_str() {
            "GET /a.tar.gz" => "Location: /b\r\n",
            _ => "Location: /a.tar.gz\r\n",
        };
        answer(to, "301 Moved", target, b"");
    });
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.sentence.contains("in a circle"));
    assert_eq!((server.count("a.tar.gz"), server.count("b")), (1, 1));
}

#[test]
fn a_redirect_never_leads_to_a_file() {
    let (server, node) = with_archive(b"x", |_, to| {
        answer(to, "302 Found", "Location: file:///etc/passwd\r\n", b"");
    });
    let failure = node.failure();
    assert!(
        failure.sentence.contains("can't be followed to"),
        "{}",
        failure.sentence
    );
    assert_eq!(server.count("a.tar.gz"), 1);
}

/// Takes a tunnel, as a proxy does, and answers in it itself.
fn proxy() -> Server {
    Server::raw(|mut stream, log| {
        for _ in 0..2 {
            let Some(asked) = Asked::read(&stream) else {
                return;
            };
            log.lock().unwrap().push(asked.clone());
            match asked.what.starts_with("CONNECT ") {
                true => stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap(),
                false => answer(&mut stream, "200 OK", "", b"x"),
            }
        }
    })
}

#[test]
fn proxies_are_used_but_for_hosts_without() {
    let proxy = proxy();
    let mut node = Node::new(&["http://far.example:8080/index".to_owned()]);
    node.sources.proxies.http = Some(format!("http://me:secret@{}", proxy.address()));
    node.sources.proxies.none = Some("near.example, other.example".to_owned());
    node.list().unwrap();
    let asked = proxy.asked();
    assert_eq!(asked[0].what, "CONNECT far.example:8080");
    assert_eq!(
        asked[0].header("proxy-authorization"),
        Some("Basic bWU6c2VjcmV0")
    );
    assert_eq!(asked[1].what, "GET /index");
    assert_eq!(asked[1].header("proxy-authorization"), None);

    let server = Server::start(|_, to| answer(to, "200 OK", "", b""));
    node.sources.indexes = vec![server.url("index")];
    for none in ["127.0.0.1", " 127.0.0.1 ,x", "*"] {
        node.sources.proxies.none = Some(none.to_owned());
        node.list().unwrap();
    }
    assert_eq!((server.count("index"), proxy.connections()), (3, 1));
}

#[test]
fn hosts_below_a_name_need_no_proxy_either() {
    for none in ["far.example", ".far.example", "*.far.example"] {
        let proxy = proxy();
        let mut node = Node::new(&["http://a.far.example/index".to_owned()]);
        node.limits.index_tries = 1;
        node.limits.resolve = Duration::from_millis(50);
        node.sources.proxies.http = Some(format!("http://{}", proxy.address()));
        node.sources.proxies.none = Some(none.to_owned());
        // There is no such host.
        assert_eq!(node.list().unwrap_err().kind, FailureKind::Unreachable);
        assert_eq!(proxy.connections(), 0, "{none}");
    }
}

#[test]
fn a_proxy_that_is_none_is_told_without_its_password() {
    for url in [
        "socks5://me:secret@127.0.0.1:1",
        "http://me:secret@",
        "ftp://secret",
    ] {
        let mut node = Node::new(&["http://127.0.0.1:1/index".to_owned()]);
        node.sources.proxies = Proxies {
            http: Some(url.to_owned()),
            ..Proxies::default()
        };
        let failure = node.failure();
        assert_eq!(failure.kind, FailureKind::Other, "{url}");
        let sentence = failure.sentence;
        assert!(
            sentence.contains("HTTP_PROXY") && !sentence.contains("secret"),
            "{sentence}"
        );
    }
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(include_bytes!("test-only.pem")).unwrap()
}

/// A server that speaks TLS and redirects from `/away` to http.
fn secure() -> Server {
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("test-only.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    let config = Arc::new(config);
    let index = line("a", "1.0.0", b"x", "away");
    Server::raw(move |stream, log| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        let Some(asked) = Asked::read(&mut stream) else {
            return;
        };
        log.lock().unwrap().push(asked.clone());
        match asked.what.as_str() {
            "GET /index" => answer(&mut stream, "200 OK", "", index.as_bytes()),
            _ => {
                let target = "Location: http://127.0.0.1:1/a\r\n";
                answer(&mut stream, "302 Found", target, b"");
            }
        }
        stream.conn.send_close_notify();
        stream.flush().ok();
    })
}

#[test]
fn a_server_that_the_host_trusts_is_believed_and_holds_to_https() {
    let server = secure();
    let mut node = Node::new(&[server.url("index").replace("http:", "https:")]);
    node.roots = vec![certificate().to_vec()];
    let failure = node.failure();
    assert_eq!(server.count("index"), 1);
    assert!(
        failure.sentence.contains("from https to http"),
        "{}",
        failure.sentence
    );
}

#[test]
fn a_server_that_nobody_vouches_for_is_asked_once_and_not_believed() {
    let server = secure();
    let url = server.url("index").replace("http:", "https:");
    let mut node = Node::new(&[url]);
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Other);
    assert!(
        failure
            .sentence
            .contains("install the package ca-certificates")
    );
    assert_eq!(server.connections(), 0);
    // One that vouches for nobody.
    node.roots = vec![b"a certificate".to_vec()];
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(
        failure.sentence.contains("certificate"),
        "{}",
        failure.sentence
    );
    assert_eq!((server.connections(), server.asked().len()), (1, 0));
}
