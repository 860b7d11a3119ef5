//! Which program could have been started before its job came.

use super::phase::{inputs, program};
use super::request::{Job, SourceFile};
use crate::catalog::Runtime;
use crate::limits::Ceilings;
use crate::pool::{Ahead, Wish};
use crate::warden::protocol::StageLimits;
use jail::Bytes;
use jail::proto::Stage;
use packages::{Inputs, JobFile, Prestart, Warnings};
use std::sync::Arc;

/// What a job wants of the pool.
pub(super) fn wish(job: &Job) -> Wish {
    let memory = job.limits(Stage::Run).memory;
    let files: Vec<_> = job.files.iter().map(SourceFile::in_folder).collect();
    // With arguments in its command it would wait for this very job, and show them for as long.
    let is_common = |prestart: &&Prestart| job.args.is_empty() || !prestart.command.has_args();
    let prestart = job.runtime.stages.prestart.as_ref().filter(is_common);
    Wish {
        runtime: name(&job.runtime),
        ahead: prestart.map(|prestart| ahead(&job.runtime, prestart, &inputs(job, &files, memory))),
    }
}

/// What jobs will most likely want of a runtime: with the limits of who asks for none, and the main file's name that
/// the package expects.
pub(crate) fn expected(runtime: &Runtime, ceilings: &Ceilings) -> Option<Ahead> {
    let prestart = runtime.stages.prestart.as_ref()?;
    let memory = runtime.limits.run.memory.unwrap_or(ceilings.memory);
    let main = JobFile {
        name: prestart.main.as_deref()?,
        is_text: true,
    };
    let inputs = Inputs {
        files: &[main],
        main: 0,
        args: &[],
        memory: memory.get(),
        warnings: Warnings::NotAsked,
    };
    Some(ahead(runtime, prestart, &inputs))
}

fn ahead(runtime: &Runtime, prestart: &Prestart, inputs: &Inputs<'_>) -> Ahead {
    let argv = prestart.command.argv(inputs, &runtime.stages.files);
    let memory = Bytes(inputs.memory);
    Ahead {
        runtime: name(runtime),
        program: program(runtime, argv, &prestart.command.env, memory),
        limits: StageLimits {
            memory,
            processes: runtime.limits.processes,
        },
    }
}

fn name(runtime: &Runtime) -> Arc<str> {
    format!("{}-{}", runtime.language, runtime.version).into()
}
