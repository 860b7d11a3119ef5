//! A runtime of the tests' own whose compile stage is a script of the job: all that a compile stage can leave behind.

use crate::counted::{Counted, job, options};
use capsule_tests::{NodeOptions, require_root, store};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tempfile::TempDir;

/// Compiles by running the main file, and runs what that calls `program`.
const RUNTIME: &str = r#"
schema = 1

[language.shell.compile]
argv = ["/bin/sh", "{main}"]
cacheable = true

[language.shell.run]
argv = ["/bin/sh", "./program"]
"#;

/// Something that no two compilations make alike.
const RANDOM: &str = "echo \"echo $(od -An -N8 -tx8 /dev/urandom)\" > program\n";

/// A node with that runtime; the folder lives as long as it.
fn shell() -> (TempDir, Counted) {
    let (folder, options) = place();
    (folder, Counted::start(options))
}

fn place() -> (TempDir, NodeOptions) {
    require_root();
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("it is ours");
    symlink(store().join("base"), folder.path().join("base")).expect("a link can be made");
    install(&folder, RUNTIME);
    let data = folder.path().to_string_lossy().into_owned();
    (folder, options().set("data_directory", data))
}

fn install(folder: &TempDir, runtime: &str) {
    let package = folder.path().join("packages/shell/1.0.0");
    fs::create_dir_all(&package).expect("a folder can be made");
    let write = |name: &str, text: &str| {
        fs::write(package.join(name), text).expect("a file can be made");
    };
    let info =
        r#"{"language": "shell", "version": "1.0.0", "build_platform": "any", "aliases": []}"#;
    write("pkg-info.json", info);
    write("runtime.toml", runtime);
    write(".ppman-installed", "1");
}

/// Whether two equal jobs of this compile script were given the same program.
fn is_kept(node: &Counted, compile: &str) -> bool {
    let request = job("shell", &[("compile.sh", compile), ("data/x.txt", "x\n")]);
    node.stdout(&request) == node.stdout(&request)
}

#[test]
fn files_in_folders_come_back_with_their_permissions() {
    let (_folder, node) = shell();
    let compile = "mkdir -p a/b && echo 1 > a/b/c && chmod 550 a/b/c && echo 2 > data/y && chmod 640 data/y\n\
        head -c 700000 /dev/urandom > large\n\
        echo 'cksum large; stat -c \"%n %a %s\" $(find . -type f | sort); cat a/b/c data/y' > program\n\
        echo told; echo warned >&2";
    let request = job("shell", &[("compile.sh", compile), ("data/x.txt", "x\n")]);
    let first = node.run(&request);
    let listed = first["run"]["stdout"].as_str().expect("stdout is text");
    assert!(
        listed.contains("./a/b/c 550 2\n./compile.sh 644 "),
        "{listed}"
    );
    assert!(
        listed.ends_with(
            "./data/x.txt 644 2\n./data/y 640 2\n./large 644 700000\n./program 644 75\n1\n2\n"
        ),
        "{listed}"
    );
    for _ in 0..2 {
        let again = node.run(&request);
        assert_eq!(again["compile"], first["compile"]);
        assert_eq!(again["run"]["stdout"], listed);
    }
    assert_eq!(node.counts().hits, 2);
}

#[test]
fn whatever_else_a_compiler_leaves_keeps_nothing() {
    let (_folder, node) = shell();
    assert!(is_kept(&node, RANDOM));
    for more in [
        "ln -s program link",
        "ln -s / root",
        "ln program other",
        "mkfifo pipe",
        "mkdir empty",
        "mkdir private && chmod 700 private && touch private/x",
        "chmod 4755 program",
        "chmod 666 program",
        "touch unreadable && chmod 0 unreadable",
        "touch private && chmod 700 private",
        "touch /tmp/left",
        "touch /box/left",
        "touch /dev/shm/left",
        "mkdir /tmp/left",
        "rm data/x.txt",
        "echo y > data/x.txt",
        "chmod 755 data/x.txt",
        "mv data/x.txt data/y.txt && cp data/y.txt data/x.txt && rm compile.sh",
        "touch \"$(printf '\\377')\"",
        "touch $(seq 65)",
        "mkdir -p $(seq -s / 40) && touch $(seq -s / 40)/x",
        "truncate -s 9000000 large",
    ] {
        assert!(!is_kept(&node, &format!("{RANDOM}{more}")), "{more}");
    }
    // Neither is what goes on in the background: it is gone before anybody looks.
    let background = "(while :; do date > /tmp/left; done) > /dev/null 2>&1 &\nsleep 0.1\n";
    assert!(!is_kept(&node, &format!("{RANDOM}{background}")));
    let counts = node.counts();
    assert_eq!((counts.hits, counts.stores), (1, 1), "{counts:?}");
    assert!(is_kept(&node, &format!("{RANDOM}touch $(seq 63)")));
    assert!(is_kept(
        &node,
        &format!("{RANDOM}sleep 100 > /dev/null 2>&1 &")
    ));
}

#[test]
fn a_signal_is_no_result() {
    let (_folder, node) = shell();
    for end in ["kill -KILL $$", "kill -SEGV $$"] {
        let request = job("shell", &[("compile.sh", end)]);
        for _ in 0..2 {
            assert_eq!(node.run(&request)["compile"]["status"], "SG");
        }
    }
    let failed = job(
        "shell",
        &[("compile.sh", "od -An -N8 -tx8 /dev/urandom; exit 3")],
    );
    assert_eq!(node.run(&failed), node.run(&failed));
    let counts = node.counts();
    assert_eq!((counts.hits, counts.stores), (1, 1), "{counts:?}");
}

/// Whoever was refused a process may be given it next time.
#[test]
fn what_wanted_more_processes_is_no_result() {
    let (_folder, options) = place();
    let node = Counted::start(options.set("max_process_count", 1));
    let request = job("shell", &[("compile.sh", "/bin/true\nexit 0")]);
    for _ in 0..2 {
        let answer = node.run(&request);
        assert_eq!(answer["compile"]["limit"], "processes", "{answer}");
    }
    let counts = node.counts();
    assert_eq!((counts.stores, counts.uncacheable), (0, 2), "{counts:?}");
}

/// Also where it has the same name and version.
#[test]
fn a_package_that_is_another_is_another() {
    let (folder, options) = place();
    let node = Counted::start(options);
    let request = job("shell", &[("compile.sh", RANDOM)]);
    let first = node.stdout(&request);
    assert_eq!(node.stdout(&request), first);
    install(
        &folder,
        &RUNTIME.replace("\"./program\"]", "\"-e\", \"./program\"]"),
    );
    node.node.signal(nix::sys::signal::Signal::SIGHUP);
    let other = || (node.stdout(&request) != first).then_some(());
    let changed = capsule_tests::wait::until(std::time::Duration::from_secs(20), other);
    changed.expect("nothing of the old package is taken");
    let second = node.stdout(&request);
    assert_eq!(node.stdout(&request), second);
}
