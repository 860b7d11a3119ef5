//! Ways to the parsers of foreign bytes, for the fuzz targets (`tests/fuzz`): built by cargo-fuzz only. What comes out
//! is plain data, so that the targets can check it by rules of their own.

use crate::catalog::Catalog;
use crate::config::{Config, Flags, HostFacts};
use crate::job::artefacts::taken;
use crate::job::output::{Output, Stream};
use crate::job::request::{Job, check, parse};
use crate::limits::{Ceilings, ConfiguredStage, RuntimeLimits, StageLimits};
use crate::supply::{Request, Wish};
use crate::warden::protocol::{FromWarden, ToWarden};
use jail::Bytes;
use jail::proto::FromInit;
use packages::{Cap, LimitOverrides, Package, Provided, Stages};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::time::Duration;

pub use crate::http::fuzzing::{Seen, frames, normalise, takes_body};

/// A job that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// Names and contents of its files.
    pub files: Vec<(String, Vec<u8>)>,
    /// Where among the files the program starts.
    pub main: usize,
    /// What the program reads.
    pub stdin: Vec<u8>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The limits of compile and of run.
    pub limits: [Limits; 2],
}

/// The limits of one stage.
#[derive(Debug)]
pub struct Limits {
    /// Wall-clock time.
    pub wall: Duration,
    /// Processor time.
    pub cpu: Duration,
    /// Memory in bytes.
    pub memory: u64,
}

/// What no job exceeds.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Time of a stage, wall-clock and processor.
    pub time: Duration,
    /// Memory of a stage in bytes.
    pub memory: u64,
}

/// A configuration that was accepted.
#[derive(Debug)]
pub struct Configured {
    /// What no job exceeds.
    pub most: Most,
    /// Memory of all jobs in bytes.
    pub jobs_memory: u64,
    /// First and last host id of jails.
    pub ids: (u32, u32),
    /// Jobs at once and blank jails.
    pub jails: usize,
    /// Cores of one job.
    pub cores: Option<f64>,
    /// Processes, open files, file size and output of each runtime that it speaks of.
    pub sizes: Vec<[u64; 4]>,
    /// A request that asks for nothing, for each runtime that it speaks of.
    pub jobs: Vec<Accepted>,
}

/// One source of each kind, and the host.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Text of the file.
    pub file: &'a str,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Values of `--set`.
    pub set: Vec<String>,
    /// Cores of the host.
    pub cores: usize,
    /// Memory of the host in bytes.
    pub memory: u64,
}

/// The ceilings of [`request`].
pub const MOST: Most = Most {
    time: Duration::from_secs(60),
    memory: 1 << 30,
};

/// The runtimes of [`request`]: Piston's limits, none, and all of them.
pub const LANGUAGES: [&str; 3] = ["python", "unlimited", "bounded"];

/// A request's body, read as by a node with [`LANGUAGES`] below [`MOST`].
///
/// # Errors
/// The text of the refusal.
pub fn request(body: &[u8]) -> Result<Accepted, String> {
    let none = LimitOverrides {
        run_timeout: Some(Cap::Unlimited),
        run_cpu_time: Some(Cap::Unlimited),
        compile_timeout: Some(Cap::Unlimited),
        compile_cpu_time: Some(Cap::Unlimited),
        ..LimitOverrides::default()
    };
    let all = LimitOverrides {
        run_memory_limit: Some(Cap::At(256_000_000)),
        compile_memory_limit: Some(Cap::At(256_000_000)),
        ..LimitOverrides::default()
    };
    let overrides = [LimitOverrides::default(), none, all];
    let packages = LANGUAGES.into_iter().zip(overrides);
    let packages = packages.map(|(language, limits)| package(language, limits));
    let stage = ConfiguredStage {
        wall: Some(Duration::from_secs(3)),
        cpu: Some(Duration::from_secs(3)),
        memory: None,
    };
    let general = RuntimeLimits {
        compile: stage,
        run: stage,
        processes: 64,
        open_files: 2048,
        file_size: Bytes(10_000_000),
        output: 65_536,
    };
    let ceilings = Ceilings {
        wall: MOST.time,
        cpu: MOST.time,
        memory: Bytes(MOST.memory),
        memory_floor: Bytes::mib(8),
    };
    let catalog = Catalog::new(packages.collect(), &general, &BTreeMap::new());
    job(body, &catalog, &ceilings)
}

/// A configuration of these sources.
///
/// # Errors
/// The key and the whole line of every fault.
pub fn config(sources: &Sources<'_>) -> Result<Configured, Vec<(String, String)>> {
    let flags = Flags {
        set: sources.set.clone(),
        ..Flags::default()
    };
    let host = HostFacts {
        cores: sources.cores,
        memory: Bytes(sources.memory),
    };
    let read = |_: &std::path::Path| Ok(sources.file.to_owned());
    let config = Config::load(&flags, sources.env.clone().into_iter(), read, host);
    let config = config.map_err(|faults| {
        let lines = faults.to_string();
        let keys = faults.0.iter().map(|fault| fault.key.clone());
        keys.zip(lines.lines().map(str::to_owned))
            .collect::<Vec<_>>()
    })?;
    Ok(configured(&config))
}

fn configured(config: &Config) -> Configured {
    let languages = config.limit_overrides.keys().map(String::as_str);
    let languages: Vec<&str> = languages.chain(["general"]).collect();
    let packages = languages.iter();
    let packages = packages.map(|language| package(language, LimitOverrides::default()));
    let catalog = Catalog::new(packages.collect(), &config.limits, &config.limit_overrides);
    let bare = |language: &&str| {
        let file = serde_json::json!({"content": ""});
        let body = serde_json::json!({"language": language, "version": "*", "files": [file]});
        job(body.to_string().as_bytes(), &catalog, &config.ceilings()).ok()
    };
    let sizes = languages.iter().filter_map(|language| {
        let limits = &catalog.resolve(language, "*")?.limits;
        let (processes, files) = (limits.processes.into(), limits.open_files.into());
        Some([
            processes,
            files,
            limits.file_size.get(),
            limits.output as u64,
        ])
    });
    Configured {
        most: Most {
            time: config.node.job_time_ceiling,
            memory: config.node.job_memory_ceiling.get(),
        },
        jobs_memory: config.node.jobs_memory.get(),
        ids: (*config.jails.ids.start(), *config.jails.ids.end()),
        jails: config.admission.max_concurrent_jobs + config.jails.pool_size,
        cores: config.jails.job_cpus,
        sizes: sizes.collect(),
        jobs: languages.iter().filter_map(bare).collect(),
    }
}

fn package(language: &str, limit_overrides: LimitOverrides) -> Package {
    let provided = Provided {
        language: language.to_owned(),
        aliases: Vec::new(),
        limit_overrides,
        stages: Stages::of_scripts(None, vec!["run".to_owned()], Vec::new()),
    };
    Package {
        name: language.to_owned(),
        version: (1_u8, 0_u8, 0_u8).into(),
        platform: String::new(),
        dir: "/store".into(),
        provides: vec![provided],
        ignored_keys: Vec::new(),
    }
}

fn job(body: &[u8], catalog: &Catalog, ceilings: &Ceilings) -> Result<Accepted, String> {
    let job = parse(body).and_then(|wire| check(wire, catalog, ceilings));
    job.map(Accepted::from)
        .map_err(|refusal| refusal.to_string())
}

impl From<Job> for Accepted {
    fn from(job: Job) -> Self {
        let files = job.files.into_iter();
        Self {
            files: files
                .map(|file| (file.name.as_str().to_owned(), file.content))
                .collect(),
            main: job.main,
            stdin: job.stdin,
            args: job.args,
            limits: [job.compile.into(), job.run.into()],
        }
    }
}

impl From<StageLimits> for Limits {
    fn from(limits: StageLimits) -> Self {
        Self {
            wall: limits.wall,
            cpu: limits.cpu,
            memory: limits.memory.get(),
        }
    }
}

/// A program's output, piece by piece, cut at `limit` UTF-16 units of each stream: stdout, stderr, and both merged.
pub fn output<'a>(
    limit: usize,
    pieces: impl Iterator<Item = (bool, &'a [u8])>,
) -> (String, String, String) {
    let mut output = Output::new(limit);
    for (is_error, piece) in pieces {
        let stream = if is_error {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        output.push(stream, piece);
    }
    let finished = output.finish();
    (finished.stdout, finished.stderr, finished.merged)
}

/// What the warden hears from the front: decoded and written down again.
pub fn to_warden(packet: &[u8]) -> Option<Vec<u8>> {
    again::<ToWarden>(packet)
}

/// What the front hears from the warden: decoded and written down again.
pub fn from_warden(packet: &[u8]) -> Option<Vec<u8>> {
    again::<FromWarden>(packet)
}

/// What the front takes of what an init says that it has asked for so many files and bytes: name, permissions and length of each.
pub fn made(
    messages: impl IntoIterator<Item = FromInit>,
    files: usize,
    bytes: u64,
) -> Option<Vec<(String, u32, usize)>> {
    taken(messages, files, bytes)
}

/// What the office, which is root, goes on with of what it hears: the name and the selector of a package.
pub fn office_hears(request: &[u8]) -> Option<(String, String)> {
    let Request::Change(_, package) = serde_json::from_slice(request).ok()? else {
        return None;
    };
    Wish::new(&package.language, &package.version).ok()?;
    Some((package.language, package.version))
}

fn again<M: Serialize + DeserializeOwned>(packet: &[u8]) -> Option<Vec<u8>> {
    let message: M = postcard::from_bytes(packet).ok()?;
    postcard::to_allocvec(&message).ok()
}
