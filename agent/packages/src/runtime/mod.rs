//! `runtime.toml`: how the languages of a package are compiled and run without a shell. `docs/packages.md` is its manual.
//!
//! The file is read whole and strictly: a key that nobody knows, or a value that can't be, is a fault that names its key,
//! so that a package with a slip is refused when it is installed and not when the first job comes.

mod fault;
mod keys;
mod words;

pub use fault::RuntimeFault;

use crate::overrides::LimitOverrides;
use crate::stages::{
    Cacheable, Command, Compile, FileNames, MemoryNumber, Prestart, Renamed, Share, Stages,
};
use keys::{Keys, Switch, wrong};
use std::collections::BTreeMap;
use toml::{Table, Value};
use words::{Places, RESERVED, Stage};

/// The version of the format that is read here.
const SCHEMA: i64 = 1;

/// The longest ending of a file's name in bytes: what a submitted name leaves of Linux's bound.
const ENDING_MAX: usize = 10;

/// Variables that the node sets for every stage, whatever a package says.
pub(crate) const NODES_OWN: [&str; 4] = ["HOME", "PWD", "PISTON_LANGUAGE", "CAPSULE_MEMORY_LIMIT"];

/// What a `runtime.toml` says of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// How it is compiled and run.
    pub(crate) stages: Stages,
    /// Limits, over those of `pkg-info.json`.
    pub(crate) limits: LimitOverrides,
}

type Variables = Vec<(String, String)>;

/// Reads the file: its languages by their names.
pub(crate) fn parse(text: &[u8]) -> Result<BTreeMap<String, Recipe>, RuntimeFault> {
    let mut top = Keys::top(table(text)?);
    let schema = top.integer("schema", "a whole number", i64::MIN..=i64::MAX)?;
    match schema.ok_or_else(|| top.missing("schema"))? {
        SCHEMA => {}
        other => return Err(RuntimeFault::Schema(other)),
    }
    let shared = variables(&mut top, Vec::new())?;
    let languages = top.named("language")?;
    top.finish()?;
    let languages = languages
        .into_iter()
        .map(|(key, name, value)| Ok((name, language(Keys::of(key, value)?, &shared)?)));
    languages.collect()
}

fn table(text: &[u8]) -> Result<Table, RuntimeFault> {
    let line = |at: usize| text.iter().take(at).filter(|&&byte| byte == b'\n').count() + 1;
    let text = std::str::from_utf8(text).map_err(|error| RuntimeFault::Syntax {
        line: line(error.valid_up_to()),
        details: "invalid UTF-8".to_owned(),
    })?;
    text.parse()
        .map_err(|error: toml::de::Error| RuntimeFault::Syntax {
            line: line(error.span().map_or(0, |span| span.start)),
            details: error.message().replace(char::is_control, " "),
        })
}

fn language(mut keys: Keys, shared: &Variables) -> Result<Recipe, RuntimeFault> {
    let limits = limits(&mut keys)?;
    let numbers = numbers(&mut keys)?;
    let files = files(&mut keys)?;
    let places = |stage| Places {
        stage,
        numbers: &numbers,
        has_sources: !files.sources.is_empty(),
        flags: &[],
        warning: None,
    };
    let compile = keys.table("compile")?;
    let compile = compile.map(|keys| compile_stage(keys, places(Stage::Compile), shared));
    let run = keys.table("run")?.ok_or_else(|| keys.missing("run"))?;
    let run = run_stage(run, &places(Stage::Run), shared)?;
    let ahead = keys.table("prestart")?;
    let ahead = ahead.map(|keys| prestart(keys, &places(Stage::Prestart), shared));
    if ahead.is_some() && compile.is_some() {
        // What compile leaves behind is killed, and a program that waits would be with it.
        return Err(wrong(
            keys.key("prestart"),
            "left out where there is compile",
        ));
    }
    keys.finish()?;
    let stages = Stages {
        compile: compile.transpose()?,
        run,
        prestart: ahead.transpose()?,
        files,
    };
    Ok(Recipe { stages, limits })
}

fn prestart(
    mut keys: Keys,
    places: &Places<'_>,
    shared: &Variables,
) -> Result<Prestart, RuntimeFault> {
    let wanted = "the name of a file such as \"main.py\"";
    let main = keys.text("main", wanted, |name| {
        is_name(name).then(|| name.to_owned())
    })?;
    let command = command(&mut keys, places, shared)?;
    keys.finish()?;
    Ok(Prestart { command, main })
}

fn compile_stage(
    mut keys: Keys,
    places: Places<'_>,
    shared: &Variables,
) -> Result<Compile, RuntimeFault> {
    let wanted = "a list of texts";
    let flags = keys.texts("flags", wanted, is_plain)?.unwrap_or_default();
    let cacheable = cacheable(&mut keys)?;
    let warning = match &cacheable {
        Cacheable::UnlessWarned(flag) => Some(flag.as_str()),
        Cacheable::Never | Cacheable::Always => None,
    };
    let places = Places {
        flags: &flags,
        warning,
        ..places
    };
    let command = command(&mut keys, &places, shared)?;
    if warning.is_some() && !command.can_warn() {
        let wanted = "beside {flags} in every argv, where it goes";
        return Err(wrong(keys.key("cacheable") + ".unless_warned", wanted));
    }
    keys.finish()?;
    Ok(Compile {
        command,
        flags,
        cacheable,
    })
}

fn cacheable(keys: &mut Keys) -> Result<Cacheable, RuntimeFault> {
    let wanted = "true, false or a table with unless_warned";
    let mut keys = match keys.switch("cacheable", wanted)? {
        Switch::Off => return Ok(Cacheable::Never),
        Switch::On => return Ok(Cacheable::Always),
        Switch::With(keys) => keys,
    };
    let wanted = "a flag for a warning such as \"-Wdate-time\"";
    let flag = keys.text("unless_warned", wanted, |text| {
        is_warning(text).then(|| text.to_owned())
    })?;
    let flag = flag.ok_or_else(|| keys.missing("unless_warned"))?;
    keys.finish()?;
    Ok(Cacheable::UnlessWarned(flag))
}

/// As compilers name it, also in brackets behind the warning.
fn is_warning(flag: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '_');
    flag.strip_prefix("-W")
        .is_some_and(|name| !name.is_empty() && name.chars().all(is_letter))
}

fn run_stage(
    mut keys: Keys,
    places: &Places<'_>,
    shared: &Variables,
) -> Result<Command, RuntimeFault> {
    let command = command(&mut keys, places, shared)?;
    keys.finish()?;
    Ok(command)
}

fn command(
    keys: &mut Keys,
    places: &Places<'_>,
    shared: &Variables,
) -> Result<Command, RuntimeFault> {
    let mut words = |name| {
        let argv = keys.texts(name, "a list of texts without NUL", is_plain)?;
        argv.map(|argv| places.words(&keys.key(name), &argv))
            .transpose()
    };
    let several = words("argv_for_several")?;
    let argv = words("argv")?.ok_or_else(|| keys.missing("argv"))?;
    if several.is_some() && !places.has_sources {
        let key = keys.key("argv_for_several");
        return Err(wrong(key, "beside files.sources, which says what to count"));
    }
    let env = variables(keys, shared.clone())?;
    Ok(Command::new(argv, env).or_for_several(several))
}

/// The table `environment`, over what was there.
fn variables(keys: &mut Keys, mut variables: Variables) -> Result<Variables, RuntimeFault> {
    for (key, name, value) in keys.named("environment")? {
        if NODES_OWN.contains(&name.as_str()) {
            return Err(wrong(key, "left out, the node sets it"));
        }
        let is_name = !name.is_empty() && !name.contains(['=', '\0', '\n']);
        let value = value.as_str().filter(|value| is_name && is_plain(value));
        let value =
            value.ok_or_else(|| wrong(key, "a text without NUL, under a name without ="))?;
        variables.retain(|(set, _)| *set != name);
        variables.push((name, value.to_owned()));
    }
    Ok(variables)
}

fn limits(keys: &mut Keys) -> Result<LimitOverrides, RuntimeFault> {
    let mut limits = LimitOverrides::default();
    for (key, name, value) in keys.named("limits")? {
        let Value::Integer(value) = value else {
            return Err(wrong(key, "a whole number"));
        };
        let Some(known) = LimitOverrides::KEYS
            .into_iter()
            .find(|known| *known == name)
        else {
            let nearest = crate::nearest(&name, LimitOverrides::KEYS.into_iter());
            return Err(RuntimeFault::UnknownKey { key, nearest });
        };
        let set = limits.set(known, value);
        set.map_err(|source| RuntimeFault::Limit { key, source })?;
    }
    Ok(limits)
}

fn numbers(keys: &mut Keys) -> Result<BTreeMap<String, MemoryNumber>, RuntimeFault> {
    let numbers = keys.named("memory")?.into_iter().map(|(key, name, value)| {
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(is_letter) || RESERVED.contains(&name.as_str()) {
            return Err(wrong(
                key,
                "named by small letters, digits and _, and not as a place",
            ));
        }
        Ok((name, number(Keys::of(key, value)?)?))
    });
    numbers.collect()
}

fn number(mut keys: Keys) -> Result<MemoryNumber, RuntimeFault> {
    let mebibytes = "MiB from 0 to 1048576";
    let range = 0..=1_048_576;
    let shares = keys.tables("largest_of")?.unwrap_or_default();
    let shares = shares.into_iter().map(|mut keys| {
        let share = keys.text("share", "a part of the limit such as \"7/8\"", fraction)?;
        let (parts, of) = share.ok_or_else(|| keys.missing("share"))?;
        let less = keys.integer("less", mebibytes, range.clone())?.unwrap_or(0);
        keys.finish()?;
        Ok(Share { parts, of, less })
    });
    let largest_of: Vec<Share> = shares.collect::<Result<_, _>>()?;
    if largest_of.is_empty() {
        return Err(keys.missing("largest_of"));
    }
    let least = keys
        .integer("least", mebibytes, range.clone())?
        .unwrap_or(0);
    let most = keys.integer("most", mebibytes, range)?.unwrap_or(u32::MAX);
    if most < least {
        return Err(wrong(keys.key("most"), "least or more"));
    }
    keys.finish()?;
    Ok(MemoryNumber {
        largest_of,
        least,
        most,
    })
}

/// `7/8`: parts, and how many there are.
fn fraction(text: &str) -> Option<(u32, u32)> {
    let (parts, of) = text.split_once('/')?;
    let (parts, of) = (parts.parse().ok()?, of.parse().ok()?);
    ((1..=1024).contains(&of) && parts <= of).then_some((parts, of))
}

fn files(keys: &mut Keys) -> Result<FileNames, RuntimeFault> {
    let Some(mut keys) = keys.table("files")? else {
        return Ok(FileNames::default());
    };
    let mut endings = |name| {
        let wanted = "a list of endings of file names such as \".c\", of at most 10 bytes";
        keys.texts(name, wanted, is_ending)
    };
    let sources = endings("sources")?.unwrap_or_default();
    let kept = endings("keep")?;
    let kept_beside_main = endings("keep_beside_main")?;
    let says_what_to_keep = kept.is_some() || kept_beside_main.is_some();
    let text = Renamed::Text {
        kept: kept.unwrap_or_default(),
        kept_beside_main: kept_beside_main.unwrap_or_default(),
    };
    let choices = [
        ("none", None),
        ("main", Some(Renamed::Main)),
        ("text", Some(text)),
    ];
    let renamed = keys.choice("rename", "none, main or text", &choices)?;
    let renamed = renamed.flatten();
    if says_what_to_keep && !matches!(renamed, Some(Renamed::Text { .. })) {
        let wanted = "text where there is keep or keep_beside_main";
        return Err(wrong(keys.key("rename"), wanted));
    }
    if sources.is_empty() {
        return Err(keys.missing("sources"));
    }
    keys.finish()?;
    Ok(FileNames { sources, renamed })
}

fn is_ending(text: &str) -> bool {
    let odd = |c: char| c == '/' || c.is_control();
    text.len() >= 2 && text.len() <= ENDING_MAX && text.starts_with('.') && !text.contains(odd)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && !text.contains(['/', '\0'])
        && text != "."
        && text != ".."
}

fn is_plain(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests;
