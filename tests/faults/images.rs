//! Runtimes sealed into images: made once, kept, made anew, done without.

use crate::configuration::refusal;
use crate::job::{assert_serves, options, post, python};
use capsule_tests::{Node, NodeOptions, store, wait};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The part that these tests change.
pub(crate) const PYTHON: &str = "packages/python/3.11.2";

/// A data directory of its own: the real base, and copies of packages.
pub(crate) struct Data(TempDir);

impl Data {
    /// With Python only.
    pub(crate) fn new() -> Self {
        let data = Self(tempfile::tempdir().expect("a folder can be made"));
        data.copy("packages/python");
        data
    }

    pub(crate) fn copy(&self, from: &str) {
        let target = self.0.path().join(from);
        fs::create_dir_all(target.parent().expect("it lies in the data directory"))
            .expect("a folder can be made");
        let base = self.0.path().join("base");
        if !base.is_symlink() {
            std::os::unix::fs::symlink(store().join("base"), base).expect("a link can be made");
        }
        let copied = Command::new("cp")
            .arg("-a")
            .args([store().join(from), target])
            .status();
        assert!(
            copied.is_ok_and(|status| status.success()),
            "{from} can't be copied"
        );
    }

    pub(crate) fn path(&self) -> String {
        self.0.path().to_string_lossy().into_owned()
    }

    pub(crate) fn part(&self, part: &str) -> PathBuf {
        self.0.path().join(part)
    }

    pub(crate) fn image(&self, part: &str) -> PathBuf {
        self.0.path().join("images").join(format!("{part}.image"))
    }

    /// Names of files in `images/`.
    fn images(&self) -> Vec<String> {
        files(&self.0.path().join("images"))
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

/// How many parts the node sealed when it started.
pub(crate) fn seal_lines(node: &Node) -> usize {
    let stderr = node.stderr();
    stderr
        .lines()
        .filter(|line| line.contains(" sealed part="))
        .count()
}

/// Loop devices of images in a data directory.
fn loops(data: &Data) -> Vec<String> {
    let devices = fs::read_dir("/sys/block")
        .expect("/sys is mounted")
        .flatten();
    devices
        .filter_map(|device| fs::read_to_string(device.path().join("loop/backing_file")).ok())
        .filter(|file| file.starts_with(&data.path()))
        .collect()
}

/// Sealing on every machine, also on slow ones.
pub(crate) fn options_on(data: &Data) -> NodeOptions {
    options()
        .set("data_directory", data.path())
        .set("runtime_images", "auto")
}

/// The program that makes images reads through the page cache, and may be anything: an image with other content than its
/// folder stops the start, and the next one does not find it good.
#[test]
fn an_image_that_is_not_like_its_folder_is_never_used() {
    let data = Data::new();
    let shim = r#"#!/bin/bash
PATH=/usr/sbin:/usr/bin:/sbin:/bin
args=("$@") folder=${@: -1} copy=${0%/*}/copy
unset "args[-1]"
rm -rf "$copy" && cp -a "$folder/." "$copy"
[[ $folder != *python* ]] || echo "echo another" >>"$copy/run"
exec mkfs.erofs "${args[@]}" "$copy"
"#;
    let line = r#"mount -t tmpfs shim /usr/local/sbin && printf %s "$1" >/usr/local/sbin/mkfs.erofs &&
        chmod +x /usr/local/sbin/mkfs.erofs && shift && exec "$@""#;
    let with_shim = || {
        let private = "--propagation=private";
        options_on(&data).through([
            "unshare", "--mount", private, "bash", "-c", line, "bash", shim,
        ])
    };
    for _ in 0..2 {
        let told = refusal(with_shim());
        assert_eq!(told.len(), 1, "{told:#?}");
        for words in [PYTHON, "not like its folder", "run", "not used"] {
            assert!(told[0].contains(words), "{told:#?}");
        }
    }
    let node = Node::start(options_on(&data));
    assert_eq!(seal_lines(&node), 1, "{}", node.stderr());
    assert_serves(&node);
}

#[test]
fn images_are_made_once_and_leave_with_the_node() {
    let data = Data::new();
    let options = || options_on(&data);
    let mut node = Node::start(options());
    assert_eq!(seal_lines(&node), 2, "{}", node.stderr());
    assert_eq!(loops(&data).len(), 2);
    let list = node.verify().1;
    assert!(list.lines().all(|line| line.contains("image")), "{list}");
    // Killed, it leaves neither mounts (the harness looks) nor loop devices.
    node.kill_warden();
    let none = || loops(&data).is_empty().then_some(());
    wait::until(Duration::from_secs(5), none).expect("no loop device is left");
    node.restart();
    assert_eq!(seal_lines(&node), 0, "{}", node.stderr());
    assert!(node.stderr().contains("images are what was sealed"));
    assert_serves(&node);
    drop(node);
    wait::until(Duration::from_secs(5), none).expect("no loop device is left");
}

/// No job can open an image, and jobs see nothing but the content.
#[test]
fn jobs_see_the_image_and_not_the_folder() {
    let data = Data::new();
    let node = Node::start(options_on(&data));
    fs::write(data.part(PYTHON).join("late"), "").unwrap();
    let program = format!(
        "import os\nprint(os.path.exists('/piston/{PYTHON}/late'))\n\
         print([l.split(' - ')[1].split()[0] for l in open('/proc/self/mountinfo') if '{PYTHON}' in l.split()[4]])"
    );
    let reply = post(node.address(), &python(&program))
        .expect("the node answers")
        .json();
    let kinds: Vec<_> = ["['erofs']", "['squashfs']"]
        .map(|kind| format!("False\n{kind}\n"))
        .into();
    let stdout = reply["run"]["stdout"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(kinds.contains(&stdout), "{reply}");
}

#[test]
fn a_folder_that_changed_is_sealed_anew() {
    let data = Data::new();
    let options = || options_on(&data);
    drop(Node::start(options()));
    fs::write(data.part(PYTHON).join("new"), "42\n").unwrap();
    data.copy("packages/node");
    fs::write(data.part("images/packages/left.image"), "").unwrap();
    let node = Node::start(options());
    assert_eq!(seal_lines(&node), 2, "{}", node.stderr());
    assert!(!data.images().contains(&"left.image".to_owned()));
    let program = format!("print(open('/piston/{PYTHON}/new').read(), end='')");
    let reply = post(node.address(), &python(&program)).expect("the node answers");
    assert!(crate::job::is_42(&reply), "{}", reply.text());
    drop(node);
    // And what is gone needs no image.
    fs::remove_dir_all(data.part("packages/node")).unwrap();
    drop(Node::start(options()));
    let mut images = data.images();
    images.sort();
    assert_eq!(
        images,
        ["3.11.2.image", "3.11.2.json", "base.image", "base.json"]
    );
}

#[test]
fn a_start_that_is_killed_while_it_seals_is_made_up_for() {
    let data = Data::new();
    for package in ["packages/gcc", "packages/java", "packages/node"] {
        data.copy(package);
    }
    let options = || options_on(&data);
    // Not ready in time, it is killed by SIGKILL a second later.
    let short = options().ready_within(Duration::from_millis(10));
    let error = Node::try_start(short).expect_err("sealing takes longer");
    assert_eq!(error.status, None, "{error:?}");
    let sealed = |name: &&String| name.ends_with(".json");
    let sealed = data.images().iter().filter(sealed).count();
    assert!(sealed < 5, "killed while it sealed: {:?}", data.images());
    let node = Node::start(options());
    assert!(data.images().iter().all(|name| !name.ends_with(".new")));
    assert_serves(&node);
    assert_eq!(node.verify().0, Some(0));
}

/// A node whose data directory is a small tmpfs of its own, with links to the real runtimes.
fn on_small_disk(size: &str, then: &str) -> NodeOptions {
    let data = store();
    let line = format!(
        "set -e; mount -t tmpfs -o size={size} small /mnt; ln -s {0}/base {0}/packages /mnt; {then}; exec \"$@\"",
        data.display()
    );
    let own_mounts = ["unshare", "--mount", "--propagation=private"];
    let [a, b, c] = own_mounts;
    options()
        .set("data_directory", "/mnt")
        .set("runtime_images", "auto")
        .through([a, b, c, "bash", "-c", &line, "bash"])
}

#[test]
fn a_disk_that_is_full_while_sealing_leaves_the_folders() {
    let node = Node::start(on_small_disk("40m", "true"));
    let stderr = node.stderr();
    assert_eq!(seal_lines(&node), 1, "base fits: {stderr}");
    assert!(stderr.contains("mounted from their folders"), "{stderr}");
    assert_serves(&node);
    let (status, list) = node.verify();
    assert_eq!(status, Some(0), "{list}");
    assert!(list.contains("folder") && list.contains("image"), "{list}");
}

#[test]
fn without_images_where_they_are_required_it_does_not_start() {
    let read_only = "mount -o remount,ro /mnt";
    let told = refusal(on_small_disk("1m", read_only).set("runtime_images", "require"));
    assert_eq!(told.len(), 1, "{told:#?}");
    for words in ["base", "require", "Read-only file system"] {
        assert!(told[0].contains(words), "{told:#?}");
    }
    let node = Node::start(on_small_disk("1m", read_only));
    assert!(node.stderr().contains("parts=5"), "{}", node.stderr());
    assert_serves(&node);
}
