//! `runtime.toml` of a package, then the names of a job's files, those of data with a `!` in front, after a line of `---`.

#![no_main]

use capsule_fuzz::{assert_stays_below, parts, within_memory};
use libfuzzer_sys::fuzz_target;
use packages::fuzzing::runtime;
use packages::{Command, Inputs, JobFile, Stages, Warnings};
use std::collections::BTreeSet;

/// Bytes: a limit whose shares are not whole.
const MEMORY: u64 = 100_000_000;

fuzz_target!(|input: &str| {
    let mut parts = parts(input);
    let text = parts.next().unwrap_or_default();
    let languages = match within_memory(4 * text.len(), 0, || runtime(text.as_bytes())) {
        Ok(languages) => languages,
        Err(fault) => {
            let line = fault.to_string();
            assert!(
                !line.is_empty() && !line.contains(char::is_control),
                "{line:?}"
            );
            return;
        }
    };
    let files = files(parts.next().unwrap_or("file0.code"));
    for (_, stages) in &languages {
        let given = stages.files.given(&files, 0);
        assert_names(&files, &given);
        let renamed = files.iter().zip(&given);
        let renamed = renamed.map(|(file, name)| JobFile { name, ..*file });
        let renamed: Vec<_> = renamed.collect();
        // Who has a name that tells keeps it.
        assert_eq!(stages.files.given(&renamed, 0), given);
        let compile = stages.compile.as_ref().map(|compile| &compile.command);
        let ahead = stages.prestart.as_ref().map(|prestart| &prestart.command);
        for command in compile.into_iter().chain([&stages.run]).chain(ahead) {
            assert_command(command, stages, &renamed);
        }
    }
});

/// Names as requests have them: none twice, none that is a folder of another.
fn files(text: &str) -> Vec<JobFile<'_>> {
    let mut files: Vec<JobFile<'_>> = Vec::new();
    let fits = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 245;
    for line in text.lines().take(50) {
        let name = line.trim_start_matches('!');
        let is_in_way = |other: &JobFile<'_>| {
            let below =
                |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
            other.name == name || below(other.name, name) || below(name, other.name)
        };
        if name.len() <= 1000
            && name.split('/').all(fits)
            && name.split('/').count() <= 32
            && !name.contains('\0')
            && !files.iter().any(is_in_way)
        {
            files.push(JobFile {
                name,
                is_text: files.is_empty() || !line.starts_with('!'),
            });
        }
    }
    if files.is_empty() {
        files.push(JobFile {
            name: "main",
            is_text: true,
        });
    }
    files
}

/// Each file has its own name, or that with something behind it, and none is in another's way.
fn assert_names(files: &[JobFile<'_>], given: &[String]) {
    assert_eq!(files.len(), given.len());
    for (file, name) in files.iter().zip(given) {
        assert_stays_below(name);
        let ending = name
            .strip_prefix(file.name)
            .expect("it begins like the file's");
        assert!(!ending.contains('/'), "{name:?}");
    }
    let names: BTreeSet<&String> = given.iter().collect();
    assert_eq!(names.len(), given.len(), "{given:?}");
    for name in given {
        let mut folders = name.match_indices('/').map(|(at, _)| name[..at].to_owned());
        assert!(!folders.any(|folder| names.contains(&folder)), "{given:?}");
    }
}

/// What the kernel takes: a path that is no option, words without NUL, and not too much of them.
fn assert_command(command: &Command, stages: &Stages, files: &[JobFile<'_>]) {
    let args = ["-x".to_owned(), "{main}".to_owned()];
    let job = Inputs {
        files,
        main: 0,
        args: &args,
        memory: MEMORY,
        warnings: Warnings::Asked,
    };
    let argv = command.argv(&job, &stages.files);
    let warnings = Warnings::NotAsked;
    let unasked = command.argv(&Inputs { warnings, ..job }, &stages.files);
    let added = argv.iter().filter(|word| !unasked.contains(word));
    assert!(added.count() <= 1, "{argv:?} {unasked:?}");
    assert!(
        argv[0].starts_with('/') || argv[0].starts_with("./"),
        "{argv:?}"
    );
    assert!(argv.iter().all(|word| !word.contains('\0')), "{argv:?}");
    assert!(argv.iter().map(String::len).sum::<usize>() < 1 << 20);
    let mut set = BTreeSet::new();
    for (name, value) in &command.env {
        assert!(!name.is_empty() && !name.contains(['=', '\0']), "{name:?}");
        assert!(
            !value.contains('\0') && set.insert(name),
            "{name:?} {value:?}"
        );
        let nodes = ["HOME", "PWD", "PISTON_LANGUAGE", "CAPSULE_MEMORY_LIMIT"];
        assert!(!nodes.contains(&name.as_str()), "{name:?}");
    }
}
