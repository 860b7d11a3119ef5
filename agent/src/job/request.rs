//! A request's body becomes a checked [`Job`], in two steps and without any I/O: [`parse`] reads bytes into the
//! wire form, [`check`] holds that against the catalogue and the limits. Order and texts of the checks are
//! Piston's; where Piston answers 500 or lifts a limit, the answer is a [`Refusal`] of our own.

mod args;
mod body;
mod encoding;
mod files;
mod limits;
mod name;
mod number;
mod refusal;
#[cfg(test)]
mod tests;

pub(crate) use body::{Wire, parse};
pub(crate) use files::SourceFile;
pub(crate) use name::{FileName, NameFault};
pub(crate) use refusal::Refusal;

use crate::catalog::{Catalog, Runtime};
use crate::limits::{Ceilings, StageLimits};
use agent_api::PackageName;
use jail::proto::Stage;
use serde_json::Value;
use std::sync::Arc;

/// A language selector longer than this names no runtime, and is not worth the time of the selector grammar.
const MAX_SELECTOR: usize = 256;

/// A job that may run: everything in it was checked.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What runs it.
    pub(crate) runtime: Arc<Runtime>,
    /// The files in the order of the request, each name once, no name also a folder of another.
    pub(crate) files: Vec<SourceFile>,
    /// Where in `files` the program starts.
    pub(crate) main: usize,
    /// What the program reads on its standard input: it always ends with a newline.
    pub(crate) stdin: Vec<u8>,
    /// The program's arguments, without NUL bytes.
    pub(crate) args: Vec<String>,
    /// Limits of the compile stage.
    pub(crate) compile: StageLimits,
    /// Limits of the run stage.
    pub(crate) run: StageLimits,
    /// Whether what it compiles to may be kept, and taken from what is.
    pub(crate) compile_cache: bool,
    /// Which reading of the store its runtime is of.
    pub(crate) reading: u64,
}

impl Job {
    /// The limits of a stage.
    pub(crate) const fn limits(&self, stage: Stage) -> &StageLimits {
        match stage {
            Stage::Compile => &self.compile,
            Stage::Run => &self.run,
        }
    }
}

/// Holds a request against what this node has and allows.
pub(crate) fn check(
    mut wire: Wire,
    catalog: &Catalog,
    ceilings: &Ceilings,
) -> Result<Job, Refusal> {
    let language = required_text(&mut wire, "language").ok_or(Refusal::Language)?;
    let version = required_text(&mut wire, "version").ok_or(Refusal::Version)?;
    let entries = files::entries(wire.take("files"))?;
    let runtime = resolve(catalog, &language, &version)
        .ok_or(Refusal::UnknownRuntime { language, version })?;
    files::require_source(&entries, &runtime.language)?;
    let (compile, run) = limits::check(&mut wire, &runtime.limits, ceilings)?;
    let stdin = stdin(wire.take("stdin"))?;
    let (mut files, main) = files::check(entries, &runtime.language)?;
    files::rename(&mut files, main, &runtime.stages.files);
    let args = args::check(wire.take("args"))?;
    let compile_cache = compile_cache(wire.take("compile_cache"))?;
    Ok(Job {
        runtime,
        files,
        main,
        stdin,
        args,
        compile,
        run,
        compile_cache,
        reading: catalog.reading(),
    })
}

/// The package that a request to install or remove one names.
pub(crate) fn package(body: &[u8]) -> Result<PackageName, Refusal> {
    let mut wire = parse(body)?;
    Ok(PackageName {
        language: required_text(&mut wire, "language").ok_or(Refusal::Language)?,
        version: required_text(&mut wire, "version").ok_or(Refusal::Version)?,
    })
}

/// On unless somebody turns it off.
fn compile_cache(value: Value) -> Result<bool, Refusal> {
    match value {
        Value::Null => Ok(true),
        Value::Bool(wanted) => Ok(wanted),
        _ => Err(Refusal::CompileCache),
    }
}

fn required_text(wire: &mut Wire, field: &str) -> Option<String> {
    match wire.take(field) {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn resolve(catalog: &Catalog, language: &str, version: &str) -> Option<Arc<Runtime>> {
    if language.len() > MAX_SELECTOR || version.len() > MAX_SELECTOR {
        return None;
    }
    catalog.resolve(language, version)
}

/// Programs that read lines rely on the last one's newline.
fn stdin(value: Value) -> Result<Vec<u8>, Refusal> {
    let mut stdin = match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.into_bytes(),
        _ => return Err(Refusal::Stdin),
    };
    if stdin.last() != Some(&b'\n') {
        stdin.push(b'\n');
    }
    Ok(stdin)
}
