//! Piston's routes for packages: what they do, to whom they do it, and what they survive.

use crate::desk::{Desk, one};
use crate::live::{output, script};
use crate::repository::{Repository, archive_name};
use crate::server::{Manner, Server};
use capsule_tests::http::{self, Reply, Request};
use capsule_tests::processes::{self, Process};
use capsule_tests::{Node, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::thread::JoinHandle;
use std::time::Duration;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A request of the routes for one package.
pub(crate) fn request(method: &str, name: &str, version: &str) -> Request {
    let body = json!({"language": name, "version": version});
    Request {
        method: method.into(),
        ..Request::post_json("/api/v2/packages", &body)
    }
}

fn with(mut request: Request, header: &str, value: &str) -> Request {
    request.headers.push((header.into(), value.into()));
    request
}

/// Status, and the answer or its message.
pub(crate) fn said(reply: &Reply) -> (u16, Value) {
    let json = reply.json();
    (reply.status, json.get("message").cloned().unwrap_or(json))
}

/// What the route lists.
pub(crate) fn listed(node: &Node) -> Value {
    let reply = node.get("/api/v2/packages");
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// A line of that list.
pub(crate) fn entry(name: &str, version: &str, installed: bool) -> Value {
    json!({"language": name, "language_version": version, "installed": installed})
}

/// Sends a request from a thread of its own.
pub(crate) fn begin(node: &Node, request: Request) -> JoinHandle<std::io::Result<Reply>> {
    let address = node.address();
    std::thread::spawn(move || http::send(address, &request))
}

/// A process of this role below the node, once it is there.
pub(crate) fn worker(node: &Node, role: &str) -> Process {
    let is_it = |process: &Process| process.args.get(1).is_some_and(|arg| arg == role);
    wait::until(Duration::from_secs(20), || {
        processes::descendants(node.warden().pid)
            .into_iter()
            .find(is_it)
    })
    .expect("the process is started")
}

#[test]
fn the_routes_do_and_say_what_pistons_do() {
    let repository = Repository::with(&[("greet", "1.0.0"), ("greet", "1.1.0")]);
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    let node = desk.node();
    assert_eq!(
        listed(&node),
        json!([
            entry("greet", "1.0.0", false),
            entry("greet", "1.1.0", false)
        ])
    );
    let reply = node.send(&request("POST", "greet", "1.0.x"));
    let done = json!({"language": "greet", "version": "1.0.0"});
    assert_eq!(said(&reply), (200, done.clone()));
    // No wait, no second try.
    let reply = node.send(&script("greet", "*", "echo $VERSION"));
    assert_eq!(output(&reply), "1.0.0\n");
    assert_eq!(
        listed(&node),
        json!([
            entry("greet", "1.0.0", true),
            entry("greet", "1.1.0", false)
        ])
    );
    for (method, name, version, status, message) in [
        ("POST", "greet", "1.0.0", 500, "Already installed"),
        (
            "POST",
            "gret",
            "*",
            404,
            "Requested package gret-* does not exist",
        ),
        (
            "POST",
            "greet",
            "2.x",
            404,
            "Requested package greet-2.x does not exist",
        ),
        (
            "DELETE",
            "greet",
            "1.1.0",
            500,
            "greet-1.1.0 is not installed",
        ),
        (
            "DELETE",
            "nothing",
            "1.0.0",
            404,
            "Requested package nothing-1.0.0 does not exist",
        ),
    ] {
        let reply = node.send(&request(method, name, version));
        assert_eq!(said(&reply), (status, json!(message)));
    }
    let reply = node.send(&request("DELETE", "greet", "1.x"));
    assert_eq!(said(&reply), (200, done));
    let reply = node.send(&script("greet", "*", "echo"));
    assert_eq!(said(&reply), (400, json!("greet-* runtime is unknown")));
    desk.assert_tidy();
}

#[test]
fn strangers_change_nothing_but_for_the_token() {
    let (_repository, server) = one("greet");
    let mut desk = Desk::at(&server);
    let token = desk.data().join("token");
    fs::write(&token, TOKEN).expect("a file can be written");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("it is ours");
    desk.set("admin_token_file", token.to_string_lossy().into_owned());
    let node = desk.node();
    let before = server.requests();
    for (header, value) in [
        ("cf-connecting-ip", "127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("origin", "http://localhost"),
    ] {
        let request = with(request("POST", "greet", "*"), header, value);
        assert_eq!(node.send(&request).status, 403, "{header}");
        let wrong = with(request, "authorization", "Bearer 0123456789abcdef");
        assert_eq!(node.send(&wrong).status, 403, "{header}");
    }
    assert_eq!(server.requests(), before, "strangers made it download");
    let tunnelled = with(request("POST", "greet", "*"), "cf-ray", "1");
    let reply = node.send(&with(
        tunnelled,
        "authorization",
        &format!("Bearer {TOKEN}"),
    ));
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// A name or selector is all that a front, or who has taken it over, can say.
#[test]
fn the_office_takes_names_and_selectors_only() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let node = desk.node();
    let long = "x".repeat(5000);
    for (name, version) in [
        ("../greet", "*"),
        ("/etc", "*"),
        (".", "*"),
        ("greet/1.0.0", "*"),
        ("http://127.0.0.1/greet", "*"),
        ("greet\0", "*"),
        ("--help", "*"),
        (&long, "*"),
        ("greet", "../1.0.0"),
        ("greet", "file:///etc/passwd"),
        ("greet", &long),
    ] {
        for method in ["POST", "DELETE"] {
            let reply = node.send(&request(method, name, version));
            assert_eq!(
                reply.status,
                404,
                "{method} {name:.20} {version:.20}: {}",
                reply.text()
            );
        }
    }
    desk.assert_tidy();
    assert_eq!(listed(&node), json!([entry("greet", "1.0.0", false)]));
}

/// Piston ends here.
#[test]
fn an_index_out_of_reach_is_only_said() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let node = desk.node();
    assert_eq!(node.send(&request("POST", "greet", "*")).status, 200);
    drop(server);
    assert_eq!(listed(&node), json!([entry("greet", "1.0.0", true)]));
    let (status, message) = said(&node.send(&request("POST", "other", "*")));
    let message = message.as_str().unwrap_or_default().to_owned();
    assert_eq!(status, 500, "{message}");
    assert!(message.contains("127.0.0.1"), "{message}");
    let reply = node.send(&script("greet", "*", "echo $VERSION"));
    assert_eq!(output(&reply), "1.0.0\n");
    assert_eq!(node.send(&request("DELETE", "greet", "*")).status, 200);
    assert_eq!(node.get("/readyz").status, 200);
}

/// A server that was away for a moment is not taken for an empty one afterwards.
#[test]
fn what_is_offered_is_listed_when_the_index_is_back() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let node = desk.node();
    server.set("index", Manner::Loop);
    assert_eq!(listed(&node), json!([]));
    server.set("index", Manner::Well);
    let back = || (listed(&node) == json!([entry("greet", "1.0.0", false)])).then_some(());
    wait::until(Duration::from_secs(10), back).expect("it is asked again");
}

#[test]
fn a_damaged_archive_is_said_as_in_piston() {
    let (repository, server) = one("greet");
    server.set(&archive_name("greet", "1.0.0"), Manner::Damaged);
    let desk = Desk::at(&server);
    let node = desk.node();
    let (status, message) = said(&node.send(&request("POST", "greet", "*")));
    let message = message.as_str().unwrap_or_default().to_owned();
    assert_eq!(status, 500, "{message}");
    let index = fs::read_to_string(repository.path().join("index")).expect("it is there");
    let wanted = index.split(',').nth(2).expect("a line of an index");
    let begin = format!("Checksum miss-match want: {wanted} got: ");
    assert!(message.starts_with(&begin), "{message}");
    assert_eq!(listed(&node), json!([entry("greet", "1.0.0", false)]));
    desk.assert_tidy();
}

#[test]
fn what_was_begun_is_done_when_the_client_leaves() {
    let (_repository, server) = one("greet");
    server.set(
        &archive_name("greet", "1.0.0"),
        Manner::Slow(Duration::from_millis(50)),
    );
    let desk = Desk::at(&server);
    let node = desk.node();
    let body = r#"{"language":"greet","version":"*"}"#;
    let mut stream = TcpStream::connect(node.address()).expect("it listens");
    write!(
        stream,
        "POST /api/v2/packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    worker(&node, "fetch-package");
    drop(stream);
    let works = || {
        let reply = node.send(&script("greet", "*", "echo $VERSION"));
        (reply.status == 200).then_some(())
    };
    wait::until(Duration::from_secs(20), works).expect("it is installed");
    desk.assert_tidy();
}

/// Whichever of them dies, the store is as it was, and the next install works.
#[test]
fn a_process_killed_on_the_way_fails_its_install_only() {
    let (_repository, server) = one("greet");
    let archive = archive_name("greet", "1.0.0");
    let desk = Desk::at(&server);
    let node = desk.node();
    for role in ["change-packages", "fetch-package"] {
        server.set(&archive, Manner::Stuck);
        let install = begin(&node, request("POST", "greet", "*"));
        worker(&node, "fetch-package");
        let victim = worker(&node, role);
        kill(Pid::from_raw(victim.pid), Signal::SIGKILL).expect("it can be killed");
        let reply = install.join().expect("no panic").expect("it is answered");
        assert!(matches!(reply.status, 500 | 503), "{}", reply.text());
        assert!(!desk.package("greet").exists());
        assert_eq!(node.get("/readyz").status, 200);
    }
    server.set(&archive, Manner::Well);
    assert_eq!(node.send(&request("POST", "greet", "*")).status, 200);
    desk.assert_tidy();
}

/// Its clients hear nothing, which is what a killed front means; what it had asked for is done.
#[test]
fn a_front_that_dies_does_not_take_an_install_along() {
    let (_repository, server) = one("greet");
    server.set(
        &archive_name("greet", "1.0.0"),
        Manner::Slow(Duration::from_millis(100)),
    );
    let desk = Desk::at(&server);
    let node = desk.node();
    let install = begin(&node, request("POST", "greet", "*"));
    worker(&node, "fetch-package");
    let front = node.front().expect("there is one");
    kill(Pid::from_raw(front.pid), Signal::SIGKILL).expect("it can be killed");
    assert!(install.join().expect("no panic").is_err());
    let works = || {
        let reply = node.send(&script("greet", "*", "echo $VERSION"));
        (reply.status == 200).then_some(())
    };
    wait::until(Duration::from_secs(20), works).expect("it is installed");
    // The new one is asked as well as the old.
    assert_eq!(node.send(&request("DELETE", "greet", "*")).status, 200);
    desk.assert_tidy();
}

#[test]
fn a_node_that_ends_does_not_wait_for_an_install() {
    let (_repository, server) = one("greet");
    server.set(&archive_name("greet", "1.0.0"), Manner::Stuck);
    let mut desk = Desk::at(&server);
    desk.set("drain_timeout", 1000);
    let mut node = desk.node();
    let install = begin(&node, request("POST", "greet", "*"));
    let fetcher = worker(&node, "fetch-package");
    node.signal(Signal::SIGTERM);
    let status = node.wait_end(Duration::from_secs(10)).expect("it ends");
    assert!(status.success(), "{status}");
    let gone = || (!fetcher.is_there()).then_some(());
    wait::until(Duration::from_secs(5), gone).expect("its processes end with it");
    install.join().expect("no panic").ok();
    drop(node);
    assert!(!desk.package("greet").exists());
    let said = desk.packages(&["gc"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    desk.assert_tidy();
}

/// Clients from anywhere may ask what there is, and leave: that keeps nobody from changing it.
#[test]
fn those_who_ask_and_leave_keep_no_change_waiting() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let node = desk.node();
    server.set("index", Manner::Stuck);
    for _ in 0..8 {
        let mut stream = TcpStream::connect(node.address()).expect("it listens");
        write!(
            stream,
            "GET /api/v2/packages HTTP/1.1\r\nHost: elsewhere\r\n\r\n"
        )
        .expect("it reads");
        worker(&node, "fetch-package");
    }
    let offices = || {
        let all = processes::descendants(node.warden().pid).into_iter();
        all.filter(|process| {
            process
                .args
                .get(1)
                .is_some_and(|arg| arg == "change-packages")
        })
        .count()
    };
    assert_eq!(offices(), 1);
    server.set("index", Manner::Well);
    let reply = node.send(&request("POST", "greet", "*"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    // The one that nobody waits for any more gives up when its server has been silent for too long.
    let gone = || (offices() == 0).then_some(());
    wait::until(Duration::from_secs(60), gone).expect("it ends by itself");
}

/// What a copy or an install of somebody else's has begun and not ended is no package, and is not in the way of one.
#[test]
fn what_was_never_finished_is_replaced() {
    let (_repository, server) = one("greet");
    let desk = Desk::at(&server);
    let node = desk.node();
    let folder = desk.package("greet/1.0.0");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join("run"), "half").expect("a file can be written");
    let reply = node.send(&request("POST", "greet", "*"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = node.send(&script("greet", "*", "echo $VERSION"));
    assert_eq!(output(&reply), "1.0.0\n");
    desk.assert_tidy();
}
