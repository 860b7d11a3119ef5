//! An installed package, as the node uses it.

use crate::overrides::LimitOverrides;
use crate::stages::Stages;
use nodejs_semver::Version;
use std::path::PathBuf;

/// An installed package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name, which is also that of its folder in the store.
    pub name: String,
    /// Its version, which is also that of its folder.
    pub version: Version,
    /// The platform it was built for, such as `debian-x86_64`; empty where it does not say.
    pub platform: String,
    /// Where it lies on this machine.
    pub dir: PathBuf,
    /// The languages it provides, at least one.
    pub provides: Vec<Provided>,
    /// Keys of its description that mean nothing here (such as `author`), sorted.
    pub ignored_keys: Vec<String>,
}

/// A language that a package provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provided {
    /// Name of the language.
    pub language: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// Limits that this language needs.
    pub limit_overrides: LimitOverrides,
    /// How it is compiled and run.
    pub stages: Stages,
}
