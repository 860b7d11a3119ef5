//! Finding a package in indexes: several, unsigned, broken, out of reach.

use super::*;
use crate::supply::INDEXES_MAX;
use crate::supply::order::{ANSWER_MAX, WARNING_MAX};
use minisign::KeyPair;
use packages::index::INDEX_MAX;

fn serving(index: String) -> Server {
    Server::start(move |_, to| answer(to, "200 OK", "", index.as_bytes()))
}

/// Where nobody listens.
fn nowhere() -> String {
    drop_and_return(Server::start(|_, _| ()))
}

fn drop_and_return(server: Server) -> String {
    server.url("index")
}

fn offers(answer: FetchAnswer) -> (Vec<String>, Vec<String>) {
    let FetchAnswer::Listed {
        offers, warnings, ..
    } = answer
    else {
        panic!("{answer:?}");
    };
    let names = offers.iter().map(|o| format!("{}-{}", o.name, o.version));
    (names.collect(), warnings)
}

#[test]
fn several_indexes_are_one() {
    let first = serving(line("a", "1.0.0", b"x", "x") + &line("b", "1.0.0", b"x", "x"));
    let second = serving(line("a", "1.0.0", b"y", "y") + &line("a", "2.0.0", b"y", "y"));
    let node = Node::new(&[first.url("index"), second.url("index")]);
    let (found, warnings) = offers(node.list().unwrap());
    assert_eq!(found, ["a-1.0.0", "b-1.0.0", "a-2.0.0"]);
    assert!(warnings.is_empty());
    // The highest of all, and of equal ones the first index's.
    for (selector, index) in [("*", &second), ("2", &second), ("1", &first)] {
        node.download("a", selector).unwrap_err();
        let left = Fetched::read(content(&node.files.index).as_slice()).unwrap();
        assert_eq!(left.source.to_string(), index.url("index"), "{selector}");
    }
}

#[test]
fn one_that_is_out_of_reach_leaves_the_others() {
    let server = serving(line("a", "1.0.0", b"x", "x") + "nonsense\n");
    let gone = nowhere();
    let node = Node::new(&[gone.clone(), server.url("index")]);
    let (found, warnings) = offers(node.list().unwrap());
    assert_eq!(found, ["a-1.0.0"]);
    assert!(
        warnings[0].starts_with(&format!("{gone}: Connection refused")),
        "{warnings:?}"
    );
    let left_out = format!(
        "{}: 1 of its lines can't be used; line 2",
        server.url("index")
    );
    assert!(warnings[1].starts_with(&left_out), "{warnings:?}");
    // Not there either, for all that is known.
    let failure = node.download("b", "1.x").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.sentence.contains(&gone), "{}", failure.sentence);
}

/// Whoever can cut the way to the first index must not choose the next.
#[test]
fn what_comes_after_one_that_is_out_of_reach_is_not_fetched() {
    let first = serving(line("a", "1.0.0", b"x", "x"));
    let last = serving(line("a", "2.0.0", b"y", "y") + &line("b", "1.0.0", b"y", "y"));
    let gone = nowhere();
    let node = Node::new(&[first.url("index"), gone.clone(), last.url("index")]);
    let FetchAnswer::Listed {
        offers,
        sure,
        unread,
        ..
    } = node.list().unwrap()
    else {
        panic!("no list");
    };
    assert_eq!((offers.len(), sure), (3, 1));
    assert!(unread.unwrap().contains(&gone));
    for (name, selector) in [("b", "*"), ("a", "2")] {
        let failure = node.download(name, selector).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.sentence.contains(&gone), "{}", failure.sentence);
    }
    // What is sure is the first one's.
    node.download("a", "*").unwrap_err();
    let left = Fetched::read(content(&node.files.index).as_slice()).unwrap();
    assert_eq!(left.source.to_string(), first.url("index"));
}

#[test]
fn when_none_is_in_reach_each_is_named() {
    let (one, other) = (nowhere(), nowhere());
    let node = Node::new(&[one.clone(), other.clone()]);
    for failure in [node.list().unwrap_err(), node.failure()] {
        assert_eq!(failure.kind, FailureKind::Unreachable);
        let sentence = &failure.sentence;
        assert!(
            sentence.contains(&one) && sentence.contains(&other),
            "{sentence}"
        );
        assert!(sentence.contains("check package_indexes"), "{sentence}");
    }
    // Two waits for each of three tries of each, half of it chance.
    let waits = [375, 750].map(Duration::from_millis);
    let all: Vec<_> = std::iter::repeat_n(waits, 4).flatten().collect();
    assert_eq!(*node.clock.waits.borrow(), all);
}

#[test]
fn a_package_that_is_not_there_is_not_found() {
    let server = serving(line("a", "1.0.0", b"x", "x"));
    let node = Node::new(&[server.url("index")]);
    for (name, selector) in [("b", "*"), ("a", "2.x"), ("a", "no selector"), ("", "")] {
        let failure = node.download(name, selector).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound, "{name} {selector}");
    }
    let nothing = Node::new(&[]);
    let failure = nothing.failure();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.sentence.ends_with("set package_indexes"));
    assert_eq!(offers(nothing.list().unwrap()).0.len(), 0);
}

#[test]
fn only_what_may_pass_is_tried_again() {
    for (status, tries) in [
        ("503 Busy", 3),
        ("429 Slow down", 3),
        ("404 Not here", 1),
        ("403 Not for you", 1),
        ("204 Nothing", 1),
        ("304 As before", 1),
    ] {
        let server = Server::start(move |_, to| answer(to, status, "", b""));
        let node = Node::new(&[server.url("index")]);
        let failure = node.failure();
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(
            failure.sentence.contains(&status[..3]),
            "{}",
            failure.sentence
        );
        assert_eq!(server.count("index"), tries, "{status}");
    }
}

#[test]
fn a_server_that_recovers_is_used() {
    let mut broken = 2;
    let index = line("a", "1.0.0", b"x", "x");
    let server = Server::start(move |_, to| match broken {
        0 => answer(to, "200 OK", "", index.as_bytes()),
        _ => {
            broken -= 1;
            answer(to, "502 Bad", "", b"");
        }
    });
    let node = Node::new(&[server.url("index")]);
    assert_eq!(offers(node.list().unwrap()).0, ["a-1.0.0"]);
}

#[test]
fn no_index_is_read_that_is_longer_than_any() {
    let announced = Server::start(|_, to| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n";
        to.write_all(head.as_bytes()).ok();
        while to.write_all(&[b'\n'; 4096]).is_ok() {}
    });
    let endless = Server::start(|_, to| {
        to.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok();
        while to.write_all(&[b'\n'; 4096]).is_ok() {}
    });
    for server in [announced, endless] {
        let node = Node::new(&[server.url("index")]);
        assert_eq!(node.failure().kind, FailureKind::TooLong);
        assert_eq!(server.count("index"), 1);
    }
    let lines = serving("\n".repeat(INDEX_MAX / 8));
    let node = Node::new(&[lines.url("index")]);
    assert_eq!(node.failure().kind, FailureKind::Index);
}

#[test]
fn a_signed_index_counts_and_no_other() {
    let (ours, foreign) = (key(), key());
    let index = line("a", "1.0.0", b"x", "x");
    for (signature, kind) in [
        (Some(sign(&ours, &index)), None),
        (Some(sign(&foreign, &index)), Some(FailureKind::Signature)),
        (Some(sign(&ours, "another")), Some(FailureKind::Signature)),
        (Some("nonsense".to_owned()), Some(FailureKind::Signature)),
        (Some("x".repeat(5000)), Some(FailureKind::TooLong)),
        (None, Some(FailureKind::Signature)),
    ] {
        let index = index.clone();
        let server = Server::start(move |asked, to| match asked.what.as_str() {
            "GET /index?v=1" => answer(to, "200 OK", "", index.as_bytes()),
            "GET /index.minisig?v=1" => match &signature {
                Some(text) => answer(to, "200 OK", "", text.as_bytes()),
                None => answer(to, "404 Not here", "", b""),
            },
            _ => answer(to, "200 OK", "", b"x"),
        });
        let mut node = Node::new(&[server.url("index?v=1")]);
        node.sources.keys = vec![ours.pk.to_base64()];
        match kind {
            Some(kind) => assert_eq!(node.failure().kind, kind),
            None => {
                node.download("a", "1.x").unwrap();
                // Who unpacks it can check all of it again.
                let left = Fetched::read(content(&node.files.index).as_slice()).unwrap();
                assert_eq!(left.source.to_string(), server.url("index?v=1"));
                let trust = Trust::new([ours.pk.to_base64().as_str()]).unwrap();
                assert_eq!(left.open(&trust).unwrap().0.releases().len(), 1);
            }
        }
    }
}

fn key() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

fn sign(key: &KeyPair, text: &str) -> String {
    let signed = minisign::sign(Some(&key.pk), &key.sk, text.as_bytes(), None, None);
    signed.unwrap().into_string()
}

#[test]
fn keys_that_are_none_are_told() {
    let mut node = Node::new(&[nowhere()]);
    node.sources.keys = vec!["RWnonsense".to_owned()];
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Other);
    assert!(failure.sentence.starts_with("correct package_keys"));
}

#[test]
fn files_of_this_machine_are_indexes_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("index"), line("a", "1.0.0", b"whole", "a.tar.gz")).unwrap();
    std::fs::write(path("a.tar.gz"), "whole").unwrap();
    let url = format!("file://{}", path("index").display());
    let node = Node::new(&[url]);
    node.leave_part(b"a part of something longer");
    node.download("a", "*").unwrap();
    assert_eq!(node.archive(), b"whole");
    std::fs::write(path("a.tar.gz"), "changed").unwrap();
    assert!(matches!(node.failure().kind, FailureKind::Checksum { .. }));
    std::fs::remove_file(path("a.tar.gz")).unwrap();
    assert_eq!(node.failure().kind, FailureKind::Unreachable);
    std::fs::remove_file(path("index")).unwrap();
    assert_eq!(node.failure().kind, FailureKind::Unreachable);
}

#[test]
fn warnings_fit_into_an_answer() {
    let server = serving(line("a", "1.0.0", b"x", "x"));
    let strange = "\"".repeat(2000);
    let mut indexes = vec![strange; INDEXES_MAX - 1];
    indexes.push(server.url("index"));
    let node = Node::new(&indexes);
    let FetchAnswer::Listed { warnings, .. } = node.list().unwrap() else {
        panic!("no list");
    };
    assert!(warnings.iter().all(|warning| warning.len() == WARNING_MAX));
    let answer = FetchAnswer::Downloaded {
        name: "\"".repeat(64),
        version: "1".repeat(64),
        sha256: Digest::of(b"").to_string(),
        warnings,
    };
    assert!(
        serde_json::to_vec(&FetchLine::Answer(answer))
            .unwrap()
            .len()
            < ANSWER_MAX
    );
}

#[test]
fn a_list_has_a_bound() {
    let name = "n".repeat(64);
    let lines = |first: u32| -> String {
        let versions = (first..first + 10_000).map(|n| format!("{n}.0.0"));
        versions
            .map(|version| line(&name, &version, b"x", "x"))
            .collect()
    };
    let (one, other) = (serving(lines(0)), serving(lines(10_000)));
    let node = Node::new(&[one.url("index"), other.url("index")]);
    let answer = node.list().unwrap();
    let text = serde_json::to_vec(&answer).unwrap();
    let (offers, warnings) = offers(answer);
    assert!(text.len() < LIST_MAX && offers.len() < 20_000);
    assert_eq!(
        warnings,
        [format!(
            "{} packages more are left out of this list",
            20_000 - offers.len()
        )]
    );
}
