//! `install`: a package as the node installs it, beside `tar xzf` and `sync` of the same archive.
//!
//! Both end with everything on the disk. The node does more: it copies the archive, compares it with the index twice,
//! checks all that comes out of it, and reads it once more for its manifest.

use crate::bare::failed;
use crate::cli::InstallArgs;
use crate::error::{BenchError, RunError};
use crate::shuffle::{First, Random};
use crate::stats::{PairSummary, Pairs};
use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// An install is at least so many times as fast as unpacking.
const GOAL_SPEED: f64 = 0.8;
/// No process that takes part needs more than so many millions of bytes.
const GOAL_MEMORY_MB: f64 = 32.0;

/// What `install` found.
#[derive(Debug, Serialize)]
pub(crate) struct InstallReport {
    /// The package.
    pub(crate) package: String,
    /// Length of its archive in millions of bytes.
    pub(crate) archive_mb: f64,
    /// A: tar and sync; B: the node.
    #[serde(flatten)]
    pub(crate) summary: PairSummary,
    /// Speed of the node over that of tar, by the median of the ratios.
    pub(crate) speed: f64,
    /// Least that it may be.
    pub(crate) goal_speed: f64,
    /// Most that one process had resident, of tar's and the node's, in millions of bytes.
    pub(crate) peak_mb: f64,
    /// Most that it may be.
    pub(crate) goal_mb: f64,
}

impl InstallReport {
    /// Whether both goals are reached.
    pub(crate) fn is_ok(&self) -> bool {
        self.speed >= self.goal_speed && self.peak_mb <= self.goal_mb
    }
}

/// Measures.
pub(crate) fn run(args: &InstallArgs) -> Result<InstallReport, BenchError> {
    let place = Place::new(args)?;
    let mut coin = Random::new(args.pairs.seed);
    let mut pairs = Pairs::default();
    for number in 1..=args.pairs.warmup + args.pairs.count {
        let (tar, node) = match coin.toss() {
            First::A => {
                let tar = place.unpack(number)?;
                (tar, place.install(number)?)
            }
            First::B => {
                let node = place.install(number)?;
                (place.unpack(number)?, node)
            }
        };
        if number > args.pairs.warmup {
            pairs.record(tar, node);
        }
    }
    let summary = pairs.summary();
    Ok(InstallReport {
        package: place.package.join(" "),
        archive_mb: place.length as f64 / 1e6,
        speed: 1.0 / summary.ratio.median,
        goal_speed: GOAL_SPEED,
        peak_mb: peak()?,
        goal_mb: GOAL_MEMORY_MB,
        summary,
    })
}

/// Of all processes that were started and have ended: getrusage(2) counts in KiB.
fn peak() -> Result<f64, BenchError> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| BenchError::Memory {
        pid: std::process::id(),
        source: error.into(),
    })?;
    Ok(usage.max_rss() as f64 * 1024.0 / 1e6)
}

/// A folder with an index and room for what is installed.
struct Place {
    agent: PathBuf,
    archive: PathBuf,
    length: u64,
    /// Name and version.
    package: [String; 2],
    folder: TempDir,
}

impl Place {
    fn new(args: &InstallArgs) -> Result<Self, BenchError> {
        let file = |source| BenchError::ReadFile {
            path: args.archive.display().to_string(),
            source,
        };
        let archive = args.archive.canonicalize().map_err(file)?;
        let length = archive.metadata().map_err(file)?.len();
        let place = Self {
            agent: args.agent.clone(),
            archive,
            length,
            package: [args.name.clone(), args.version.clone()],
            folder: tempfile::tempdir_in(&args.folder).map_err(in_folder)?,
        };
        // The process that fetches has another account.
        fs::set_permissions(place.folder.path(), Permissions::from_mode(0o755))
            .and_then(|()| fs::copy(&place.archive, place.at("archive")))
            .and_then(|_| fs::set_permissions(place.at("archive"), Permissions::from_mode(0o644)))
            .map_err(in_folder)?;
        place.write_index()?;
        Ok(place)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_index(&self) -> Result<(), BenchError> {
        let sum = Command::new("sha256sum")
            .arg(&self.archive)
            .output()
            .map_err(in_folder)?;
        let sum = String::from_utf8_lossy(&sum.stdout);
        let digest = sum.split_whitespace().next().unwrap_or_default();
        let [name, version] = &self.package;
        let index = format!("{name},{version},{digest},archive\n");
        fs::write(self.at("index"), index).map_err(in_folder)
    }

    fn unpack(&self, number: u64) -> Result<Duration, BenchError> {
        let folder = self.at("unpacked");
        fs::create_dir(&folder).map_err(in_folder)?;
        let took = timed(number, || {
            run_one(
                Command::new("tar")
                    .arg("xzf")
                    .arg(&self.archive)
                    .arg("-C")
                    .arg(&folder),
            )?;
            run_one(Command::new("sync").arg("-f").arg(&folder))
        })?;
        fs::remove_dir_all(&folder).map_err(in_folder)?;
        Ok(took)
    }

    fn install(&self, number: u64) -> Result<Duration, BenchError> {
        let [name, version] = &self.package;
        let (data, state) = (self.at("data"), self.at("state"));
        let set = |key: &str, value: &Path| format!("{key}={}", value.display());
        let index = format!("package_indexes=file://{}", self.at("index").display());
        let mut command = Command::new(&self.agent);
        command
            .args(["packages", "install"])
            .arg(format!("{name}@{version}"))
            .args(["--set", &set("data_directory", &data)])
            .args(["--set", &set("state_directory", &state)])
            .args(["--set", &index]);
        let took = timed(number, || run_one(&mut command))?;
        fs::remove_dir_all(&data).map_err(in_folder)?;
        Ok(took)
    }
}

fn in_folder(source: std::io::Error) -> BenchError {
    BenchError::ReadFile {
        path: "the folder for temporary files".to_owned(),
        source,
    }
}

fn timed(
    number: u64,
    run: impl FnOnce() -> Result<(), (String, RunError)>,
) -> Result<Duration, BenchError> {
    let start = Instant::now();
    run().map_err(|(target, source)| BenchError::Run {
        number,
        target,
        source,
    })?;
    Ok(start.elapsed())
}

fn run_one(command: &mut Command) -> Result<(), (String, RunError)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = command.stdin(Stdio::null()).output();
    let output = ended.map_err(|source| {
        let command = name.clone();
        (name.clone(), RunError::Spawn { command, source })
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err((name, failed("command", &output))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::PairArgs;

    /// With a program in the node's place.
    fn measure(script: &str) -> Result<InstallReport, BenchError> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "content").unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(folder.path()).arg("-czf");
        assert!(
            tar.arg(at("archive"))
                .arg("file")
                .status()
                .unwrap()
                .success()
        );
        fs::write(at("agent"), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(at("agent"), Permissions::from_mode(0o755)).unwrap();
        run(&InstallArgs {
            agent: at("agent"),
            archive: at("archive"),
            name: "java".to_owned(),
            version: "17.0.21".to_owned(),
            folder: folder.path().to_owned(),
            pairs: PairArgs {
                count: 2,
                warmup: 1,
                seed: 1,
            },
        })
    }

    #[test]
    fn what_is_installed_is_measured_and_removed() {
        let script = r#"[ "$1 $2 $3" = "packages install java@17.0.21" ] || exit 1
            for word; do case $word in data_directory=*) mkdir "${word#*=}" || exit 1 ;; esac; done"#;
        let report = measure(script).unwrap();
        assert_eq!(report.summary.pairs, 2);
        assert!(report.speed > 0.0 && report.peak_mb > 0.0);
    }

    #[test]
    fn an_install_that_fails_is_no_figure() {
        let error = measure("echo no >&2; exit 1").unwrap_err();
        assert!(crate::error::chain(&error).contains("code 1: no"));
    }
}
