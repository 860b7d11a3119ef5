//! The package store: runtime packages in Piston's format, as they lie in folders on this machine.
//!
//! A package is the folder `<store>/<name>/<version>/` with Piston's files: `pkg-info.json` says which languages it
//! provides, `run` and `compile` are the stage scripts, `.env` is the environment of every stage, and
//! `.ppman-installed` marks that all of it is there. A `runtime.toml`, which is ours, takes the place of scripts and `.env`. Reading is synchronous and touches nothing but that folder;
//! what a package says is checked here, so that a broken one is an error with its path and never stops the others.

pub mod archive;
pub mod bundle;
pub mod checksum;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod id;
pub mod index;
mod info;
pub mod install;
mod nearest;
mod overrides;
mod package;
mod part;
mod runtime;
mod script;
pub mod sealed;
mod selector;
mod stages;
mod store;

pub use error::{FaultySelector, InfoFault, PackageError, ScriptFault};
pub use id::{IdFault, PackageId};
pub use info::Described;
pub use nearest::nearest;
pub use overrides::{Cap, LimitOverrides, OverrideFault};
pub use package::{Package, Provided};
pub use part::Part;
pub use runtime::RuntimeFault;
pub use selector::Selector;
pub use stages::{
    Cacheable, Command, Compile, FileNames, Inputs, JobFile, Prestart, Stages, Warnings,
};
pub use store::{Store, check_package};

pub use nodejs_semver::Version;
