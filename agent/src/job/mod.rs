//! One job: from a request's bytes to the answer.

pub(crate) mod admission;
pub(crate) mod ahead;
pub(crate) mod artefacts;
mod compile;
pub(crate) mod compile_cache;
pub(crate) mod error;
mod files;
pub(crate) mod output;
mod phase;
mod report;
pub(crate) mod request;
mod supervise;
mod thrashing;

use crate::front::Node;
use crate::pool::Jail;
use crate::warden::protocol::StageLimits;
use agent_api::ExecuteResponse;
use artefacts::Artefact;
use compile::{Built, build};
use compile_cache::Key;
use error::JobError;
use jail::proto::Stage;
use phase::{Ending, Phase};
use request::Job;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Bytes from which a body is worth a thread: smaller ones are checked within a millisecond.
const LARGE_BODY: usize = 64 * 1024;

/// A jail that dies or stands still before its job has begun is replaced this often.
const ATTEMPTS: usize = 3;

/// How long a jail may take for its limits and files, which are milliseconds: one whose init stands still never ends.
const SET_UP: Duration = Duration::from_secs(5);

/// Runs the job that a request's body describes. Dropping the future ends the job, whatever it is doing: the place
/// and the jail go with it.
pub(crate) async fn run(node: &Arc<Node>, body: Vec<u8>) -> Result<ExecuteResponse, JobError> {
    let (job, key) = read(node, body).await?;
    let _place = node.admission.enter().await?;
    let (mut jail, compiled) = match build(node, &job, key).await? {
        Built::Ready(jail, compiled) => (jail, compiled),
        Built::Failed(compiled) => return Ok(report::not_compiled(&job, &compiled.outcome)),
    };
    let ran = Phase::run_stage(&job, node.cores).run(&mut jail).await?;
    if ran.ending != Ending::Lost {
        node.health.program_ended();
    }
    let compiled = compiled.as_ref().map(|compiled| &compiled.outcome);
    Ok(report::ran(&job, compiled, &ran))
}

/// Checks what a body asks for, and takes its digest. A large one takes its time in a thread of its own: the limits of other jobs
/// are kept by this one.
async fn read(node: &Arc<Node>, body: Vec<u8>) -> Result<(Job, Option<Key>), JobError> {
    let check = |node: &Node, body: &[u8]| {
        let wire = request::parse(body)?;
        let job = request::check(wire, &node.shelf.catalog(), &node.ceilings)?;
        let key = compile::key(node, &job);
        Ok::<_, request::Refusal>((job, key))
    };
    if body.len() <= LARGE_BODY {
        return Ok(check(node, &body)?);
    }
    let node = Arc::clone(node);
    let checked = spawn_blocking(move || check(&node, &body)).await;
    Ok(checked.map_err(|error| JobError::Internal(Box::new(error)))??)
}

/// Which stages of a job run in its jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stages {
    /// All that its runtime has.
    All,
    /// It comes with what it was compiled to.
    RunOnly,
}

/// A jail with the job's limits and files in it, and what it was compiled to.
async fn prepare(
    node: &Node,
    job: &Job,
    artefacts: &[Artefact],
    stages: Stages,
) -> Result<Jail, JobError> {
    let wish = ahead::wish(job);
    let mut attempt = 1;
    loop {
        let mut jail = node.pool.lease(&wish).await?;
        let done = timeout(SET_UP, set_up(&mut jail, job, artefacts, stages)).await;
        match done.unwrap_or_else(|_| Err(JobError::jail_stands_still())) {
            Ok(()) => return Ok(jail),
            Err(error) if attempt < ATTEMPTS => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a jail was of no use before its job began"
                );
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The warden sets the limits while init writes the files.
async fn set_up(
    jail: &mut Jail,
    job: &Job,
    artefacts: &[Artefact],
    stages: Stages,
) -> Result<(), JobError> {
    let processes = job.runtime.limits.processes;
    let limits = |stage: Stage| StageLimits {
        memory: job.limits(stage).memory,
        processes,
    };
    let compiles = stages == Stages::All && job.runtime.stages.compile.is_some();
    let compile = compiles.then(|| limits(Stage::Compile));
    let limiter = jail.limiter();
    if jail.is_prepared() {
        let begun = async { limiter.begin().await.map_err(JobError::from) };
        let (before, ()) = tokio::try_join!(begun, files::place(jail, &job.files, artefacts))?;
        jail.begun(before);
        return Ok(());
    }
    let armed = async {
        limiter
            .set([compile, Some(limits(Stage::Run))])
            .await
            .map_err(JobError::from)
    };
    tokio::try_join!(armed, files::place(jail, &job.files, artefacts))?;
    Ok(())
}

/// Runs a program of our own, past the queue: whether the node can run programs at all.
pub(crate) async fn probe(node: &Node) -> Result<(), JobError> {
    let mut jail = node.pool.lease_any().await?;
    let memory = node.ceilings.memory;
    let limits = StageLimits {
        memory,
        processes: 8,
    };
    jail.limiter().set([None, Some(limits)]).await?;
    let outcome = Phase::probe(&node.ceilings).run(&mut jail).await?;
    if outcome.is_success() {
        Ok(())
    } else {
        Err(JobError::probe_failed())
    }
}
