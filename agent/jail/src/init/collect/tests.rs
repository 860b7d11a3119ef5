//! What is sent of a folder, and what ends it.

use super::*;
use crate::proto::{MAX_MADE, receive};
use nix::sys::stat::{Mode, umask};
use nix::unistd::mkfifo;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use tempfile::TempDir;

/// A submission folder and one beside it.
struct Jail {
    submission: TempDir,
    tmp: TempDir,
}

type Odd = (&'static str, fn(&Jail));
type Sent = (Vec<(String, u32, Vec<u8>)>, Collected);

impl Jail {
    fn new() -> Self {
        umask(Mode::from_bits_truncate(0o022));
        let jail = Self {
            submission: tempfile::tempdir().unwrap(),
            tmp: tempfile::tempdir().unwrap(),
        };
        set_mode(jail.submission.path(), 0o755);
        jail
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.submission.path().join(name)
    }

    fn write(&self, name: &str, mode: u32, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        set_mode(&path, mode);
    }

    fn sent(&self, files: u32, bytes: u64) -> Sent {
        let folder = File::open(self.tmp.path()).unwrap();
        let elsewhere = Elsewhere(vec![(folder.into(), &[])]);
        let ours = Files::of(self.submission.path()).unwrap();
        let mut channel = Vec::new();
        collect(&ours, &elsewhere, (files, Bytes(bytes)), &mut channel).unwrap();
        read(&channel)
    }

    fn end(&self) -> Collected {
        self.sent(100, 1 << 20).1
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn read(mut stream: &[u8]) -> Sent {
    let mut files = Vec::new();
    loop {
        match receive::<FromInit>(&mut stream, MAX_MADE).unwrap() {
            FromInit::Made { name, mode } => files.push((name, mode, Vec::new())),
            FromInit::Piece(piece) => files.last_mut().unwrap().2.extend(piece),
            FromInit::Collected(collected) => {
                assert!(stream.is_empty());
                files.sort();
                return (files, collected);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn file(name: &str, mode: u32, content: &[u8]) -> (String, u32, Vec<u8>) {
    (name.to_owned(), mode, content.to_vec())
}

#[test]
fn files_come_with_their_permissions_and_bytes() {
    let jail = Jail::new();
    let long = vec![7; 2 * PIECE + 1];
    jail.write("a.out", 0o755, &long);
    jail.write("x/y/main.c", 0o644, b"int main;");
    jail.write("x/empty", 0o400, b"");
    let expected = [
        file("a.out", 0o755, &long),
        file("x/empty", 0o400, b""),
        file("x/y/main.c", 0o644, b"int main;"),
    ];
    assert_eq!(jail.sent(3, 2 << 20), (expected.to_vec(), Collected::All));
    assert_eq!(Jail::new().sent(0, 0), (Vec::new(), Collected::All));
}

#[test]
fn no_more_is_sent_than_was_asked_for() {
    let jail = Jail::new();
    jail.write("a", 0o644, b"123");
    jail.write("b/c", 0o644, b"456");
    assert_eq!(jail.sent(2, 6).1, Collected::All);
    assert_eq!(jail.sent(1, 6).1, Collected::NotAll);
    let (files, collected) = jail.sent(2, 5);
    assert_eq!(collected, Collected::NotAll);
    assert!(files.iter().map(|(_, _, bytes)| bytes.len()).sum::<usize>() <= 5);
    let sparse = File::create(jail.path("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    assert_eq!(jail.end(), Collected::NotAll);
}

#[test]
fn whatever_plain_files_are_not_ends_it() {
    let odd: [Odd; 11] = [
        ("a link", |jail| symlink("a", jail.path("link")).unwrap()),
        ("a link to a folder", |jail| {
            symlink("/", jail.path("link")).unwrap()
        }),
        ("a second name", |jail| {
            fs::hard_link(jail.path("a"), jail.path("b")).unwrap()
        }),
        ("a pipe", |jail| {
            mkfifo(&jail.path("pipe"), Mode::S_IRWXU).unwrap()
        }),
        ("a socket", |jail| {
            drop(UnixListener::bind(jail.path("socket")).unwrap())
        }),
        ("an empty folder", |jail| {
            fs::create_dir(jail.path("folder")).unwrap()
        }),
        ("a private folder", |jail| {
            jail.write("folder/a", 0o644, b"");
            set_mode(&jail.path("folder"), 0o700);
        }),
        ("a deep folder", |jail| {
            jail.write(&("d/".repeat(DEPTH + 1) + "a"), 0o644, b"")
        }),
        ("others may write", |jail| jail.write("open", 0o666, b"")),
        ("setuid", |jail| jail.write("root", 0o4755, b"")),
        ("something elsewhere", |jail| {
            fs::write(jail.tmp.path().join("x"), "").unwrap()
        }),
    ];
    for (what, make) in odd {
        let jail = Jail::new();
        jail.write("a", 0o644, b"");
        assert_eq!(jail.end(), Collected::All, "before {what}");
        make(&jail);
        assert_eq!(jail.end(), Collected::NotAll, "{what}");
    }
    let jail = Jail::new();
    jail.write(&("d/".repeat(DEPTH) + "a"), 0o644, b"");
    assert_eq!(jail.end(), Collected::All);
    use std::os::unix::ffi::OsStrExt;
    fs::write(
        jail.submission
            .path()
            .join(std::ffi::OsStr::from_bytes(b"\xff")),
        "",
    )
    .unwrap();
    assert_eq!(jail.end(), Collected::NotAll, "a name that is no text");
}

#[test]
fn a_reader_that_is_gone_is_a_failure() {
    let jail = Jail::new();
    jail.write("a", 0o644, b"");
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(theirs);
    let files = Files::of(jail.submission.path()).unwrap();
    let collected = collect(&files, &Elsewhere(Vec::new()), (9, Bytes(9)), &mut ours);
    assert_eq!(collected.unwrap_err().step, Step::Handshake);
}
