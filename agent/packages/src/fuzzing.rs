//! Ways to the readers of a package's files and archive, for the fuzz targets (`tests/fuzz`): built by cargo-fuzz only.

use crate::archive::{ArchiveError, Limits, Unpacked, unpack_tar};
use crate::error::{InfoFault, ScriptFault};
use crate::id::PackageId;
use crate::info::{Described, Info, parse_env};
use crate::runtime::{self, RuntimeFault};
use crate::script::{self, HEAD};
use crate::stages::Stages;
use std::os::fd::BorrowedFd;

/// `pkg-info.json` of the package in the folder `name`/`version`: the languages it provides.
///
/// # Errors
/// What is wrong with it.
pub fn info(text: &[u8], name: &str, version: &str) -> Result<Vec<Described>, InfoFault> {
    Info::parse(text, name, version).map(|info| info.provides)
}

/// `.env`: its variables, or the number of the line that is none.
///
/// # Errors
/// The number of a line, from 1.
pub fn environment(text: &str) -> Result<Vec<(String, String)>, usize> {
    parse_env(text)
}

/// A stage script that lies at `path`, as far as it is read: its command.
///
/// # Errors
/// What is wrong with its first line.
pub fn script(path: &str, text: &[u8]) -> Result<Vec<String>, ScriptFault> {
    let head = text.get(..HEAD).unwrap_or(text);
    script::command(path.to_owned(), head)
}

/// `runtime.toml`: its languages with their stages.
///
/// # Errors
/// What is wrong with it.
pub fn runtime(text: &[u8]) -> Result<Vec<(String, Stages)>, RuntimeFault> {
    let recipes = runtime::parse(text)?.into_iter();
    Ok(recipes
        .map(|(name, recipe)| (name, recipe.stages))
        .collect())
}

/// An archive without its compression, which no fuzzer gets through.
///
/// # Errors
/// The first thing in it that can't be.
pub fn archive(
    tar: &[u8],
    staging: BorrowedFd<'_>,
    package: &PackageId,
    limits: &Limits,
) -> Result<Unpacked, ArchiveError> {
    unpack_tar(tar, staging, package, limits)
}
