//! What an install shows while it works: a bar on a terminal, lines elsewhere.

use crate::desk::{Desk, one};
use crate::live::assert_done;
use crate::repository::archive_name;
use crate::server::{Manner, Server};
use nix::pty::openpty;
use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

/// A desk whose downloads take a while.
fn slow() -> (crate::repository::Repository, Server, Desk) {
    let (repository, server) = one("greet");
    let pause = Duration::from_millis(80);
    server.set(&archive_name("greet", "1.0.0"), Manner::Slow(pause));
    let desk = Desk::at(&server);
    (repository, server, desk)
}

#[test]
fn a_terminal_has_a_bar_that_is_gone_at_the_end() {
    let (_repository, _server, desk) = slow();
    let terminal = openpty(None, None).expect("there are pseudo-terminals");
    let mut install = desk.command(&["install", "greet"]);
    let mut child = install
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(terminal.slave)
        .spawn()
        .expect("the daemon can be started");
    // It has the other end too.
    drop(install);
    let mut shown = Vec::new();
    // Ends with EIO when nobody has the other end any more.
    File::from(terminal.master).read_to_end(&mut shown).ok();
    assert!(child.wait().is_ok_and(|status| status.success()));
    let shown = String::from_utf8(shown).expect("it is text");
    let steps: Vec<_> = shown.split('\r').collect();
    // Nothing before the first return, nothing but what erases after the last.
    assert_eq!(steps.first(), Some(&""), "{shown:?}");
    assert_eq!(steps.last(), Some(&"\x1b[K"), "{shown:?}");
    let steps = &steps[1..steps.len() - 1];
    let own = |step: &&str| step.starts_with("greet: ") && step.ends_with("\x1b[K");
    assert!(steps.iter().all(own), "{shown:?}");
    assert!(!shown.contains('\n'), "{shown:?}");
    // It grows, and is followed by the other steps.
    let bars: Vec<_> = steps.iter().map(|step| step.matches('#').count()).collect();
    let (bars, others) = bars.split_at(bars.len() - 2);
    assert!(
        bars.is_sorted() && bars.iter().any(|&full| full > 0),
        "{shown:?}"
    );
    assert!(bars[0] < 24, "{shown:?}");
    assert_eq!(others, [0, 0]);
    for step in ["downloading [", "unpacking", "publishing"] {
        assert!(shown.contains(&format!("greet: {step}")), "{shown:?}");
    }
}

#[test]
fn anything_else_has_lines() {
    let (_repository, _server, desk) = slow();
    let said = desk.packages(&["install", "greet"]);
    assert_done(&said);
    let lines = "greet: downloading\ngreet: unpacking\ngreet: publishing\n";
    assert_eq!(said.err, lines);
    assert_eq!(said.out, "greet-1.0.0 is installed\n");
}
