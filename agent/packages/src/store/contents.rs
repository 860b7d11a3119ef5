//! The files of one package.

use super::{INSIDE, exists, read_all, read_head};
use crate::error::PackageError;
use crate::info::{Described, Info, parse_env};
use crate::package::{Package, Provided};
use crate::runtime::{self, Recipe, RuntimeFault};
use crate::script::{self, HEAD};
use crate::stages::Stages;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The package in `dir`, whether it is marked as installed or not.
pub(crate) fn read_contents(
    name: &str,
    version: &str,
    dir: PathBuf,
) -> Result<Package, PackageError> {
    let path = dir.join("pkg-info.json");
    let info = Info::parse(&read_all(&path)?, name, version)
        .map_err(|source| PackageError::Info { path, source })?;
    let inside = format!("{INSIDE}/{name}/{version}");
    let recipes = read_recipes(&dir, &inside, &info.provides)?;
    let has_recipe = |language: &Described| recipes.contains_key(&language.language);
    let scripts = match info.provides.iter().all(has_recipe) {
        true => None,
        false => Some(read_scripts(&dir, &inside)?),
    };
    let provides = info.provides.into_iter();
    let provides = provides.filter_map(|language| {
        let recipe = recipes.get(&language.language);
        provided(language, recipe, scripts.as_ref())
    });
    Ok(Package {
        provides: provides.collect(),
        name: info.name,
        version: info.version,
        platform: info.platform,
        ignored_keys: info.ignored_keys,
        dir,
    })
}

/// A language by its recipe, else by the package's scripts.
fn provided(
    language: Described,
    recipe: Option<&Recipe>,
    scripts: Option<&Stages>,
) -> Option<Provided> {
    let limits = recipe.map(|recipe| recipe.limits.clone());
    Some(Provided {
        stages: recipe.map(|recipe| &recipe.stages).or(scripts)?.clone(),
        limit_overrides: limits.unwrap_or_default().over(&language.limit_overrides),
        language: language.language,
        aliases: language.aliases,
    })
}

/// What `runtime.toml` says, where there is one.
fn read_recipes(
    dir: &Path,
    inside: &str,
    languages: &[Described],
) -> Result<BTreeMap<String, Recipe>, PackageError> {
    let path = dir.join("runtime.toml");
    if !exists(&path)? {
        return Ok(BTreeMap::new());
    }
    let text = read_all(&path)?;
    let read = runtime::parse(&text).and_then(|recipes| {
        check_recipes(&recipes, dir, inside, languages)?;
        Ok(recipes)
    });
    read.map_err(|source| PackageError::Runtime { path, source })
}

/// Whether the languages are the package's, and the programs in it are there.
fn check_recipes(
    recipes: &BTreeMap<String, Recipe>,
    dir: &Path,
    inside: &str,
    languages: &[Described],
) -> Result<(), RuntimeFault> {
    for (name, recipe) in recipes {
        if !languages.iter().any(|language| language.language == *name) {
            return Err(RuntimeFault::Language(name.clone()));
        }
        for program in recipe.stages.programs() {
            // A link counts: what it leads to may be another part of a jail's files.
            let is_absent = |below: &Path| dir.join(below).symlink_metadata().is_err();
            if Path::new(program).strip_prefix(inside).is_ok_and(is_absent) {
                return Err(RuntimeFault::Program(program.to_owned()));
            }
        }
    }
    Ok(())
}

/// The stage scripts, in the environment that `.env` holds, else `environment` makes.
fn read_scripts(dir: &Path, inside: &str) -> Result<Stages, PackageError> {
    let mut compile = match exists(&dir.join("compile"))? {
        true => Some(read_script(dir, inside, "compile")?),
        false => None,
    };
    let mut run = read_script(dir, inside, "run")?;
    let mut env = Vec::new();
    let path = dir.join(".env");
    if exists(&path)? {
        let text = String::from_utf8_lossy(&read_all(&path)?).into_owned();
        env = parse_env(&text).map_err(|line| PackageError::Environment { path, line })?;
    } else if exists(&dir.join("environment"))? {
        compile = compile.map(|stage| script::in_environment(inside, stage));
        run = script::in_environment(inside, run);
    }
    Ok(Stages::of_scripts(compile, run, env))
}

fn read_script(dir: &Path, inside: &str, stage: &str) -> Result<Vec<String>, PackageError> {
    let path = dir.join(stage);
    let head = read_head(&path, HEAD)?;
    script::command(format!("{inside}/{stage}"), &head)
        .map_err(|source| PackageError::Script { path, source })
}
