//! The process that downloads packages, alone with a server: what it is when it meets one, and when it refuses to.

use capsule_tests::{agent_binary, require_root};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An id that nobody has.
const ID: u32 = 2_100_065_000;

/// The SHA-256 of `whole`.
const WHOLE: &str = "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099";

/// A fetcher with files to download to.
struct Fetcher {
    files: tempfile::TempDir,
    /// Where its binary is, if that is its own.
    binary: Option<tempfile::TempDir>,
    command: Command,
}

impl Fetcher {
    fn new() -> Self {
        require_root();
        Self::of(&agent_binary())
    }

    /// One that any account may start and have files of.
    fn for_everybody() -> Self {
        require_root();
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join("capsule-agent");
        fs::copy(agent_binary(), &copy).expect("a copy of the daemon");
        let mut fetcher = Self::of(&copy);
        for folder in [folder.path(), fetcher.files.path()] {
            fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("it is ours");
        }
        fetcher.binary = Some(folder);
        fetcher
    }

    fn of(binary: &Path) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", r#"exec "$0" fetch-package 3<>"$1" 4<>"$2""#])
            .arg(binary)
            .args([files.path().join("archive"), files.path().join("index")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Self {
            files,
            binary: None,
            command,
        }
    }

    /// Starts it with an order to download `a` from one index.
    fn start(&mut self, id: u32, index: &str) -> Child {
        let sources = json!({
            "indexes": [index], "keys": [], "proxies": {"https": null, "http": null, "none": null}
        });
        let wish = json!({"Download": {"sources": sources, "name": "a", "selector": "1.x"}});
        let order = json!({"uid": id, "gid": id, "wish": wish});
        let mut child = self.command.spawn().expect("the fetcher starts");
        let mut stdin = child.stdin.take().expect("it reads its order");
        write!(stdin, "{order}").expect("it takes its order");
        child
    }

    fn downloaded(&self) -> String {
        fs::read_to_string(self.files.path().join("archive")).expect("the file is there")
    }
}

/// The last line that it says.
fn answer(child: Child) -> Value {
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("it says text");
    let line = text.lines().last().expect("it says something");
    serde_json::from_str(line).expect("it says JSON")
}

/// What it says of a failure.
fn failure(answer: &Value) -> &str {
    answer["Failed"]["sentence"]
        .as_str()
        .unwrap_or_else(|| panic!("no failure: {answer}"))
}

/// Reads a request from the next connection and returns its first line.
fn next_request(listener: &TcpListener) -> (String, TcpStream) {
    let (stream, _) = listener.accept().expect("a connection");
    let mut lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
    let first = lines.next().expect("a line").expect("a line");
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    (first, stream)
}

fn respond(mut stream: TcpStream, body: &str) {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("it listens");
}

#[test]
fn it_holds_nothing_when_it_meets_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let port = listener.local_addr().expect("an address").port();
    let mut fetcher = Fetcher::new();
    // By name: looking it up takes files and sockets of its own.
    let child = fetcher.start(ID, &format!("http://localhost:{port}/index"));
    let (request, stream) = next_request(&listener);
    assert_eq!(request, "GET /index HTTP/1.1");
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    for line in [
        format!("Uid:\t{ID}\t{ID}\t{ID}\t{ID}"),
        format!("Gid:\t{ID}\t{ID}\t{ID}\t{ID}"),
        "Groups:\t ".to_owned(),
        "CapInh:\t0000000000000000".to_owned(),
        "CapPrm:\t0000000000000000".to_owned(),
        "CapEff:\t0000000000000000".to_owned(),
        "CapBnd:\t0000000000000000".to_owned(),
        "CapAmb:\t0000000000000000".to_owned(),
        "NoNewPrivs:\t1".to_owned(),
        "Seccomp:\t2".to_owned(),
    ] {
        assert!(
            status.lines().any(|found| found == line),
            "{line}\n{status}"
        );
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("it runs");
    let core = limits.lines().find(|line| line.starts_with("Max core"));
    let core = core.expect("a limit").split_whitespace().skip(4);
    assert_eq!(core.take(2).collect::<Vec<_>>(), ["0", "0"]);

    respond(stream, &format!("a,1.0.0,{WHOLE},a.tar.gz\n"));
    let (request, stream) = next_request(&listener);
    assert_eq!(request, "GET /a.tar.gz HTTP/1.1");
    respond(stream, "whole");
    let answer = answer(child);
    let expected = json!({"name": "a", "version": "1.0.0", "sha256": WHOLE, "warnings": []});
    assert_eq!(answer["Downloaded"], expected, "{answer}");
    assert_eq!(fetcher.downloaded(), "whole");
    let index = fs::read_to_string(fetcher.files.path().join("index")).expect("it is left");
    assert!(
        index.ends_with(&format!("}}\na,1.0.0,{WHOLE},a.tar.gz\n")),
        "{index}"
    );
}

#[test]
fn it_refuses_to_go_on_with_rights() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    listener.set_nonblocking(true).expect("nobody waits");
    let index = format!(
        "http://{}/index",
        listener.local_addr().expect("an address")
    );
    let told = |fetcher: &mut Fetcher, id| {
        let answer = answer(fetcher.start(id, &index));
        let sentence = failure(&answer).to_owned();
        assert!(sentence.contains("can't give up its rights"), "{sentence}");
        sentence
    };
    let root = told(&mut Fetcher::new(), 0);
    assert!(root.contains("an id of root's"), "{root}");
    // One that is neither root nor who it is to be.
    let mut other = Fetcher::for_everybody();
    other.command.uid(ID).gid(ID);
    let sentence = told(&mut other, ID + 1);
    assert!(sentence.contains("other ids than its own"), "{sentence}");
    // Its bounding set is that of whoever started it.
    let sentence = told(&mut other, ID);
    assert!(sentence.contains("a capability"), "{sentence}");
    assert!(listener.accept().is_err(), "it met the server");
}

#[test]
fn files_are_packages_only_if_everybody_may_read_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |path: &Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    };
    let (index, archive) = (folder.path().join("index"), folder.path().join("a.tar.gz"));
    fs::write(&index, format!("a,1.0.0,{WHOLE},a.tar.gz\n")).expect("it is ours");
    fs::write(&archive, "whole").expect("it is ours");
    open(folder.path(), 0o755);
    open(&index, 0o600);
    open(&archive, 0o644);
    let url = format!("file://{}", index.display());
    let refused = answer(Fetcher::new().start(ID, &url));
    let sentence = failure(&refused);
    assert!(sentence.contains("readable for everybody"), "{sentence}");
    open(&index, 0o644);
    let mut fetcher = Fetcher::new();
    let answer = answer(fetcher.start(ID, &url));
    assert_eq!(answer["Downloaded"]["version"], "1.0.0", "{answer}");
    assert_eq!(fetcher.downloaded(), "whole");
}
