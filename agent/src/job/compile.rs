//! From a job to a jail with its program in it: by its compile stage, or by what that came to for an earlier job.

use super::artefacts::{self, Artefact};
use super::compile_cache::{Compiled, Key, Known};
use super::error::JobError;
use super::phase::{Outcome, Phase};
use super::request::Job;
use super::{Stages, prepare};
use crate::front::Node;
use crate::pool::Jail;
use packages::{Cacheable, Warnings};
use std::sync::Arc;

/// What a job is before its run stage.
#[expect(
    clippy::large_enum_variant,
    reason = "one for each job, taken apart at once"
)]
pub(super) enum Built {
    /// In a jail, with what its compile stage came to if it has one.
    Ready(Jail, Option<Arc<Compiled>>),
    /// What it is said to be by its compiler.
    Failed(Arc<Compiled>),
}

/// By what the result of a job's compile stage is found and kept, where it may be.
pub(super) fn key(node: &Node, job: &Job) -> Option<Key> {
    let compile = job.runtime.stages.compile.as_ref()?;
    let may = node.compile_cache.is_on() && job.compile_cache;
    (may && compile.cacheable != Cacheable::Never)
        .then(|| Key::of(job))
        .flatten()
}

/// Gets a jail and has the job's program in it.
pub(super) async fn build(node: &Node, job: &Job, key: Option<Key>) -> Result<Built, JobError> {
    let Some(key) = key else {
        return plain(node, job).await;
    };
    match node.compile_cache.find(&key) {
        Known::Nothing => first(node, job, key).await,
        Known::EachIsAnother => plain(node, job).await,
        Known::Result(result) if !result.outcome.is_success() => Ok(Built::Failed(result)),
        Known::Result(result) => {
            let jail = prepare(node, job, &result.artefacts, Stages::RunOnly).await?;
            Ok(Built::Ready(jail, Some(result)))
        }
    }
}

/// As if there were no cache.
async fn plain(node: &Node, job: &Job) -> Result<Built, JobError> {
    let mut jail = prepare(node, job, &[], Stages::All).await?;
    let Some(phase) = Phase::compile(job, Warnings::NotAsked, node.cores) else {
        return Ok(Built::Ready(jail, None));
    };
    let outcome = phase.run(&mut jail).await?;
    Ok(built(jail, outcome, Vec::new()))
}

/// Compiles, asking for warnings of what makes each result another. Nobody is to see such a warning: where there is one, all of it
/// was for nothing.
async fn first(node: &Node, job: &Job, key: Key) -> Result<Built, JobError> {
    let mut jail = prepare(node, job, &[], Stages::All).await?;
    let Some(phase) = Phase::compile(job, Warnings::Asked, node.cores) else {
        return Ok(Built::Ready(jail, None));
    };
    let outcome = phase.run(&mut jail).await?;
    let compile = job.runtime.stages.compile.as_ref();
    if compile.is_some_and(|compile| compile.cacheable.is_warned_of(&outcome.output.stderr)) {
        node.compile_cache.never(key);
        drop(jail);
        return plain(node, job).await;
    }
    let artefacts = match outcome.is_success() && outcome.is_its_own() {
        // Before anything of the job's own runs.
        true => artefacts::take(&mut jail, job, node.compile_cache.largest()).await?,
        false => outcome.is_its_own().then(Vec::new),
    };
    let Some(artefacts) = artefacts else {
        node.compile_cache.count_uncacheable();
        return Ok(built(jail, outcome, Vec::new()));
    };
    let built = built(jail, outcome, artefacts);
    if let Built::Ready(_, Some(result)) | Built::Failed(result) = &built {
        node.compile_cache.keep(key, Arc::clone(result));
    }
    Ok(built)
}

fn built(jail: Jail, outcome: Outcome, artefacts: Vec<Artefact>) -> Built {
    let succeeded = outcome.is_success();
    let result = Arc::new(Compiled { outcome, artefacts });
    match succeeded {
        true => Built::Ready(jail, Some(result)),
        false => Built::Failed(result),
    }
}
