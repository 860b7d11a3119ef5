//! What the machine does to a node: its disk is full for a while, memory is taken by others.

use crate::load::Load;
use crate::pests::{Counts, count};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread::Scope;
use std::time::Duration;

/// The disk of the node: its state directory, and its log.
const DISK: &str = "16m";

/// What is taken of the host's memory, and what must be available for that: others use the machine.
const EATEN: usize = 512 << 20;
const AVAILABLE_KIB: u64 = 4 << 20;

/// Between two disturbances, and how long one lasts.
const PAUSE_MS: std::ops::Range<u64> = 4000..12_000;
const LASTS_MS: std::ops::Range<u64> = 500..4000;

/// A small disk in a mount namespace of this program's own; goes away with it.
#[derive(Debug)]
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Must come before any other thread: they all have to see it.
    pub(crate) fn make() -> Self {
        unshare(CloneFlags::CLONE_NEWNS).expect("root may make a mount namespace");
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&Path>, "/", None::<&Path>, private, None::<&Path>)
            .expect("mounts can be made private");
        let name = format!("codecapsule-soak-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder can be made");
        let options = format!("size={DISK},mode=755");
        mount(
            Some("soak"),
            &folder,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(options.as_str()),
        )
        .expect("a small disk can be mounted");
        Self(folder)
    }

    /// A path on it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Copies the node's log to where it stays.
    pub(crate) fn keep_log(&self) -> PathBuf {
        let kept = self.0.with_extension("log");
        fs::copy(self.path("node.log"), &kept).expect("the log can be copied");
        kept
    }

    /// Writes until nothing more fits.
    fn fill(&self) -> PathBuf {
        let path = self.path("fill");
        let mut file = File::create(&path).expect("an empty file fits");
        while file.write_all(&[1; 4096]).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Left to the end of the mount namespace where something still uses it.
        if umount2(&self.0, MntFlags::empty()).is_ok() {
            fs::remove_dir(&self.0).ok();
        }
    }
}

/// Disturbs as long as the load goes on.
pub(crate) fn disturb<'scope>(
    load: &'scope Load,
    scope: &'scope Scope<'scope, '_>,
    seed: u64,
    disk: &'scope Disk,
    counts: &'scope Counts,
) {
    scope.spawn(move || {
        let mut random = fastrand::Rng::with_seed(seed);
        while load.goes_on() {
            std::thread::sleep(Duration::from_millis(random.u64(PAUSE_MS)));
            let lasts = Duration::from_millis(random.u64(LASTS_MS));
            if random.bool() {
                let fill = disk.fill();
                std::thread::sleep(lasts);
                fs::remove_file(fill).expect("a file of ours can be removed");
                count(counts, "disk full");
            } else if available_kib() > AVAILABLE_KIB {
                let eaten = vec![1u8; EATEN];
                std::thread::sleep(lasts);
                drop(std::hint::black_box(eaten));
                count(counts, "memory eaten");
            }
        }
    });
}

fn available_kib() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").expect("/proc is mounted");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("the kernel tells what is available")
}
