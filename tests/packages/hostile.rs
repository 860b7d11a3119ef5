//! Archives that do harm where they are believed, on the whole way. Every rule has its own test in the crate `packages`;
//! here it is that a refusal leaves nothing anywhere.

use crate::desk::{Desk, names};
use crate::live::assert_done;
use crate::repository::{Repository, archive_name, digest, run};
use crate::server::Server;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What is packed, in a folder; the words for tar beside; what is said of it.
type Attack = (
    &'static str,
    fn(&Path),
    &'static [&'static str],
    &'static str,
);

const ATTACKS: [Attack; 17] = [
    (
        "above",
        |_| {},
        &["-P", "--transform=s|mark|../mark|"],
        "has a ..",
    ),
    (
        "absolute",
        |_| {},
        &["-P", "--transform=s|./mark|/tmp/capsule-mark|"],
        "is absolute",
    ),
    (
        "link-out",
        |folder| symlink("../../../../etc", folder.join("etc")).expect("a link can be made"),
        &[],
        "leads to",
    ),
    (
        "set-uid",
        |folder| {
            let mode = fs::Permissions::from_mode(0o4755);
            fs::set_permissions(folder.join("mark"), mode).expect("it is ours");
        },
        &[],
        "set-uid",
    ),
    (
        "device",
        |folder| {
            let made = Command::new("mknod")
                .arg(folder.join("null"))
                .args(["c", "1", "3"])
                .status();
            assert!(made.is_ok_and(|status| status.success()));
        },
        &[],
        "is of type",
    ),
    (
        "bomb",
        |folder| {
            let file = fs::File::create(folder.join("zeros")).expect("a file can be made");
            file.set_len(100 << 20).expect("it is ours");
        },
        &[],
        "it is a bomb",
    ),
    (
        "another",
        |folder| {
            let text = r#"{"language": "python", "version": "1.0.0"}"#;
            fs::write(folder.join("pkg-info.json"), text).expect("a file can be written");
        },
        &[],
        "it describes python/1.0.0",
    ),
    (
        "unusable",
        |folder| {
            fs::write(folder.join("runtime.toml"), "schema = 2").expect("a file can be written");
        },
        &[],
        "runtime.toml is not a usable description of stages",
    ),
    (
        "nothing",
        |folder| fs::remove_file(folder.join("run")).expect("it is ours"),
        &[],
        "can't read run",
    ),
    (
        "hard-link-out",
        |folder| fs::hard_link(folder.join("mark"), folder.join("link")).expect("it can be made"),
        // The names of links stay, and what they lead to becomes this.
        &["-P", "--transform=s,.*,../../../../etc/passwd,RS"],
        "no earlier file of this archive",
    ),
    (
        "hard-link-to-host",
        |folder| fs::hard_link(folder.join("mark"), folder.join("link")).expect("it can be made"),
        &["-P", "--transform=s,.*,/etc/passwd,RS"],
        "no earlier file of this archive",
    ),
    (
        "hard-link-nowhere",
        |folder| fs::hard_link(folder.join("mark"), folder.join("link")).expect("it can be made"),
        &["--transform=s,.*,pkg-info.json/etc/passwd,RS"],
        "it is a hard link to something",
    ),
    (
        "sparse",
        |folder| {
            let file = fs::File::create(folder.join("holes")).expect("a file can be made");
            file.set_len(8 << 20).expect("it is ours");
        },
        &["--sparse"],
        "it is a sparse file",
    ),
    ("twice", |_| {}, &["./mark"], "the same path came before"),
    (
        "case",
        |folder| fs::write(folder.join("Mark"), "other").expect("a file can be written"),
        &[],
        "differs from an earlier one only in case",
    ),
    (
        "deep",
        |folder| fs::create_dir_all(folder.join("d/".repeat(33))).expect("they can be made"),
        &[],
        "its path has more than 32 names",
    ),
    (
        "long",
        |folder| fs::write(folder.join("x".repeat(200)), "").expect("a file can be written"),
        &["--transform=s,x\\{200\\},&&,"],
        "a name in its path is longer than 255 bytes",
    ),
];

/// What is announced; the line of bash that makes it of what tar packs; what is said of it.
const ENDS: [(&str, &str, &str); 4] = [
    ("cut", "pack | head -c 2000 | gzip", "it ends in the middle"),
    (
        "cut-short",
        "pack | gzip | head -c -20",
        "it ends in the middle",
    ),
    (
        "more",
        "{ pack; echo more; } | gzip",
        "something follows its end",
    ),
    (
        "more-behind",
        "pack | gzip; echo more | gzip",
        "something follows its gzip stream",
    ),
];

/// A folder as a package has it, and a file more.
fn folder_of(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (file, text) in [
        (
            "pkg-info.json",
            format!(r#"{{"language": "{name}", "version": "1.0.0"}}"#),
        ),
        (".env", String::new()),
        ("run", "#!/bin/bash\n".to_owned()),
        ("mark", "harm".to_owned()),
    ] {
        fs::write(folder.path().join(file), text).expect("a file can be written");
    }
    folder
}

/// Adds archives that end where they should not.
fn add_ends(repository: &Repository) {
    for (name, line, _) in ENDS {
        let archive = repository.path().join(archive_name(name, "1.0.0"));
        let script = format!("pack() {{ tar -cf - .; }}; {{ {line}; }} >\"$1\"");
        run(Command::new("bash")
            .current_dir(folder_of(name).path())
            .args(["-c", &script, "bash"])
            .arg(&archive));
        repository.announce(name, "1.0.0", &digest(&archive));
    }
}

#[test]
fn a_hostile_archive_leaves_nothing() {
    let repository = Repository::with(&[("good", "1.0.0")]);
    add_ends(&repository);
    for (name, make, words, _) in ATTACKS {
        let folder = folder_of(name);
        make(folder.path());
        let mut tar = Command::new("tar");
        tar.arg("-C")
            .arg(folder.path())
            .args(words)
            .args(["-cf", "-", "."]);
        repository.pack(name, "1.0.0", &mut tar);
    }
    let server = Server::start(repository.path());
    let desk = Desk::at(&server);
    assert_done(&desk.packages(&["install", "good"]));
    let before = names(&desk.data());
    let attacks = ATTACKS.map(|(name, _, _, sentence)| (name, sentence));
    let ends = ENDS.map(|(name, _, sentence)| (name, sentence));
    for (name, sentence) in attacks.into_iter().chain(ends) {
        let said = desk.packages(&["install", name]);
        assert_eq!(said.status, Some(1), "{said:?}");
        assert!(said.err.contains(sentence), "{said:?}");
        desk.assert_tidy();
        assert_eq!(names(&desk.data()), before);
        assert_eq!(names(&desk.data().join("packages")), ["good"]);
        assert_eq!(names(&desk.data().join("manifests")), ["good"]);
        assert!(!Path::new("/tmp/capsule-mark").exists());
    }
    assert_done(&desk.packages(&["verify"]));
}
