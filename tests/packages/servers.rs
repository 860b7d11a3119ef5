//! Servers that serve badly: whatever they do, an install ends with a sentence and leaves nothing, or works all the same.

use crate::desk::{Desk, one};
use crate::live::assert_done;
use crate::repository::{Repository, archive_name};
use crate::rights::heavy;
use crate::routes::request;
use crate::server::{Manner, Range, Server};
use serde_json::json;
use std::net::TcpListener;
use std::time::Duration;

/// Fails unless an install ends with such a sentence and leaves nothing.
fn assert_fails(desk: &Desk, sentence: &str) {
    let said = desk.packages(&["install", "greet"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.contains(sentence), "{said:?}");
    assert_eq!(said.out, "");
    desk.assert_tidy();
    assert!(!desk.package("greet").exists());
}

fn dealt_with(manner: Manner, sentence: &str) {
    let (_repository, server) = one("greet");
    let archive = archive_name("greet", "1.0.0");
    server.set(&archive, manner);
    let desk = Desk::at(&server);
    assert_fails(&desk, sentence);
    server.set(&archive, Manner::Well);
    assert_done(&desk.packages(&["install", "greet"]));
}

#[test]
fn a_damaged_archive_is_not_installed() {
    dealt_with(Manner::Damaged, "SHA-256");
}

#[test]
fn a_server_that_leads_in_circles_is_left() {
    dealt_with(Manner::Loop, "redirect");
}

#[test]
fn a_server_that_announces_more_than_it_has_is_seen_through() {
    let (_repository, server) = one("greet");
    server.set(&archive_name("greet", "1.0.0"), Manner::Longer);
    // The digest says that all of it is there.
    assert_done(&Desk::at(&server).packages(&["install", "greet"]));
}

#[test]
fn a_server_that_announces_less_than_it_has_is_not_believed() {
    dealt_with(Manner::Shorter, "SHA-256");
}

/// Whichever part comes in place of the one that was asked for, it does not become one of the archive.
#[test]
fn a_server_that_continues_with_another_part_is_asked_for_all_of_it() {
    for range in [Range::True, Range::AskedFor] {
        let (_repository, server) = one("greet");
        server.set(&archive_name("greet", "1.0.0"), Manner::Rest(range));
        let desk = Desk::at(&server);
        assert_done(&desk.packages(&["install", "greet"]));
        assert_done(&desk.packages(&["verify", "greet"]));
        // Two for indexes; half of the archive, not the rest, all of it.
        assert_eq!(server.requests(), 5, "{range:?}");
    }
}

/// By hand, and by a node that goes on.
#[test]
fn a_server_without_an_end_is_left() {
    let (_repository, server) = one("greet");
    let archive = archive_name("greet", "1.0.0");
    let desk = Desk::at(&server);
    let node = desk.node();
    for (file, manner, sentence) in [
        ("index", Manner::Endless, "it is longer than"),
        ("index", Manner::EndlessHeader, "header"),
        ("index", Manner::Loop, "redirects in a circle"),
        (&archive, Manner::EndlessHeader, "header"),
        (&archive, Manner::Loop, "redirects in a circle"),
    ] {
        server.set(file, manner);
        assert_fails(&desk, sentence);
        let reply = node.send(&request("POST", "greet", "*"));
        assert_eq!(reply.status, 500, "{manner:?}: {}", reply.text());
        assert!(reply.text().contains(sentence), "{}", reply.text());
        assert_eq!(node.get("/api/v2/runtimes").json(), json!([]));
        server.set(file, Manner::Well);
    }
    assert_eq!(node.send(&request("POST", "greet", "*")).status, 200);
    desk.assert_tidy();
}

#[test]
fn a_download_that_is_cut_goes_on() {
    let repository = Repository::new();
    repository.add("greet", "1.0.0", |folder| heavy(folder, 1));
    let server = Server::start(repository.path());
    server.set(&archive_name("greet", "1.0.0"), Manner::Cut(400_000));
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "greet"]));
    // Two for indexes, three for the archive.
    assert_eq!(server.requests(), 5);
}

#[test]
fn a_slow_server_is_waited_for() {
    let (_repository, server) = one("greet");
    let archive = archive_name("greet", "1.0.0");
    server.set(&archive, Manner::Slow(Duration::from_millis(100)));
    assert_done(&Desk::at(&server).packages(&["install", "greet"]));
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let port = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let address = port.local_addr().expect("it is bound");
    drop(port);
    let nowhere = format!("http://{address}/index");
    assert_fails(&Desk::of(std::slice::from_ref(&nowhere)), "package_indexes");
    // After an index that has it it is a warning; before that nobody knows whose package would come.
    let (_repository, server) = one("greet");
    let desk = Desk::of(&[server.index(), nowhere.clone()]);
    let said = desk.packages(&["install", "greet"]);
    assert_done(&said);
    assert!(said.err.contains("warning"), "{said:?}");
    assert_fails(&Desk::of(&[nowhere.clone(), server.index()]), &nowhere);
}

#[test]
fn a_server_without_an_index_is_said() {
    let (_repository, server) = one("greet");
    let missing = server.index().replace("index", "nothing");
    assert_fails(&Desk::of(&[missing]), "404");
}
