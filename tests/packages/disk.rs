//! A full disk: what does not fit is said, and nothing of it stays.

use crate::desk::{Desk, done};
use crate::live::assert_done;
use crate::repository::Repository;
use crate::rights::heavy;
use crate::server::Server;
use std::process::Command;

/// Runs a line of bash in which `packages` is the command line, where the data directory is a file system of so many
/// megabytes.
fn on_small_disk(desk: &Desk, megabytes: u32, lines: &str) -> crate::desk::Said {
    let install = desk.command(&["install"]);
    let config = install
        .get_args()
        .last()
        .expect("it ends with the configuration");
    let script = format!(
        "agent=$1 config=$2 data=$3; packages() {{ \"$agent\" packages \"$@\" --config \"$config\"; }}; \
         mount -t tmpfs -o size={megabytes}m small \"$data\" && mkdir \"$data/packages\" || exit; {lines}"
    );
    done(
        Command::new("unshare")
            .args([
                "--mount",
                "--propagation=private",
                "bash",
                "-c",
                &script,
                "bash",
            ])
            .arg(install.get_program())
            .arg(config)
            .arg(desk.data()),
    )
}

#[test]
fn what_does_not_fit_leaves_room_as_before() {
    let repository = Repository::with(&[("small", "1.0.0")]);
    repository.add("heavy", "1.0.0", |folder| heavy(folder, 12));
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    // The archive alone does not fit, then it does and what is in it does not.
    for megabytes in [8, 20] {
        let lines = "packages install small; packages install heavy; echo status $?; \
                     packages list; packages verify; find \"$data/.staging\" -mindepth 1; df --output=used -B1M \"$data\"";
        let said = on_small_disk(&desk, megabytes, lines);
        assert_done(&said);
        assert!(said.err.contains("No space left on device"), "{said:?}");
        let lines: Vec<_> = said.out.lines().map(str::trim).collect();
        let (end, used) = lines.split_at(5);
        assert_eq!(end[0], "small-1.0.0 is installed");
        assert_eq!(end[1], "status 1");
        assert_eq!(end[2], "small 1.0.0 installed");
        assert_eq!(end[3], "small-1.0.0 is as it was installed");
        assert!(end[4].ends_with("/.staging/lock"), "{said:?}");
        assert_eq!(used, ["Used", "1"], "{said:?}");
    }
}
