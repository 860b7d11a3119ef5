//! `figures`: the numbers that the project promises, each beside its goal.

use crate::bare::Bare;
use crate::cli::{FiguresArgs, ProgramArgs};
use crate::client::{Client, Target};
use crate::compare::{self, Side};
use crate::error::BenchError;
use crate::memory;
use crate::stats::PairSummary;
use crate::workload::Workload;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// A full request over HTTP is at most so much slower than the bare command.
const GOAL_ABOVE_BARE_MS: f64 = 6.0;
/// All processes of an idle node together need at most so much.
const GOAL_MEMORY_MB: f64 = 20.0;
/// After the load, before the memory is read: warm jails are made again by then.
const UNTIL_IDLE: Duration = Duration::from_secs(2);

/// What `figures` found.
#[derive(Debug, Serialize)]
pub(crate) struct FiguresReport {
    /// The node.
    pub(crate) url: String,
    /// Time above the bare command.
    pub(crate) above_bare: Vec<AboveBare>,
    /// Memory when idle, where a process was named.
    pub(crate) memory: Option<Memory>,
}

/// One program against its bare command.
#[derive(Debug, Serialize)]
pub(crate) struct AboveBare {
    /// What ran.
    pub(crate) name: &'static str,
    /// The bare command.
    pub(crate) bare: String,
    /// The measurements.
    #[serde(flatten)]
    pub(crate) summary: PairSummary,
    /// Most that the median difference may be.
    pub(crate) goal_ms: f64,
    /// Whether it is.
    pub(crate) ok: bool,
}

/// Proportional set size of the node's processes.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// In millions of bytes.
    pub(crate) megabytes: f64,
    /// Most that it may be.
    pub(crate) goal_megabytes: f64,
    /// Whether it is.
    pub(crate) ok: bool,
}

/// Measures all of them in one go.
pub(crate) async fn run(args: &FiguresArgs) -> Result<FiguresReport, BenchError> {
    let target = Target::parse(&args.url)?;
    let above_bare = vec![
        above_bare(
            "python print(42)",
            "python",
            &args.bare_python,
            &target,
            args,
        )
        .await?,
        above_bare("c hello, compiled", "c", &args.bare_c, &target, args).await?,
    ];
    let memory = match args.pid {
        Some(pid) => Some(idle_memory(pid).await?),
        None => None,
    };
    Ok(FiguresReport {
        url: target.to_string(),
        above_bare,
        memory,
    })
}

async fn above_bare(
    name: &'static str,
    language: &str,
    bare: &str,
    target: &Target,
    args: &FiguresArgs,
) -> Result<AboveBare, BenchError> {
    let program = ProgramArgs {
        language: language.to_owned(),
        version_selector: "*".to_owned(),
        file: None,
        expect: None,
        // No run may profit from the outcome of an earlier one.
        unique: true,
        timeout: Duration::from_secs(60),
    };
    let workload = Workload::from_args(&program)?;
    let a = Side::Bare(Bare::new(bare)?);
    let b = Side::Node(Client::new(target.clone(), program.timeout));
    let summary = compare::pairs(workload, a, b, args.pairs).await?.summary;
    let ok = summary.difference_ms.median <= GOAL_ABOVE_BARE_MS;
    Ok(AboveBare {
        name,
        bare: bare.to_owned(),
        summary,
        goal_ms: GOAL_ABOVE_BARE_MS,
        ok,
    })
}

async fn idle_memory(pid: u32) -> Result<Memory, BenchError> {
    tokio::time::sleep(UNTIL_IDLE).await;
    let megabytes = memory::proportional_set_size(Path::new("/proc"), pid)? as f64 / 1e6;
    Ok(Memory {
        megabytes,
        goal_megabytes: GOAL_MEMORY_MB,
        ok: megabytes <= GOAL_MEMORY_MB,
    })
}
