//! Files as they are written, whole and with slips, and those of our own packages.

use super::*;
use crate::overrides::{Cap, OverrideFault};
use crate::stages::{Inputs, JobFile, Warnings};
use proptest::prelude::*;
use std::time::Duration;

/// Every key there is.
const WHOLE: &str = r#"
schema = 1
environment = { PATH = "/p/bin:/bin", LC_ALL = "C.UTF-8" }

[language.a]
limits = { compile_timeout = 20_000, run_memory_limit = -1 }

[language.a.memory]
heap = { largest_of = [{ share = "3/4", less = 8 }, { share = "1/2" }], least = 4, most = 64 }

[language.a.files]
sources = [".a", ".aa"]
rename = "text"
keep = [".h"]
keep_beside_main = [".txt"]

[language.a.compile]
argv = ["/p/bin/ac", "{flags}", "--heap={heap}m", "{{}}", "{main}", "{stem}.o", "{sources}", "{files}"]
argv_for_several = ["/p/bin/ac", "--many", "{sources}"]
flags = ["-O2", "{main}"]
environment = { LC_ALL = "C" }
cacheable = true

[language.a.run]
argv = ["./a.out", "{memory}", "", "{args}"]

[language."b c".run]
argv = ["/bin/true"]

[language."b c".prestart]
argv = ["/p/bin/ready", "{main}", "{args}"]
main = "m.b"
"#;

fn argv(command: &Command, files: &FileNames, names: &[&str]) -> Vec<String> {
    asked(command, files, names, Warnings::NotAsked)
}

fn asked(command: &Command, files: &FileNames, names: &[&str], warnings: Warnings) -> Vec<String> {
    let sent: Vec<_> = names
        .iter()
        .map(|name| JobFile {
            name,
            is_text: true,
        })
        .collect();
    let args = ["{x}".to_owned(), "y".to_owned()];
    let job = Inputs {
        files: &sent,
        main: 0,
        args: &args,
        memory: 64 << 20,
        warnings,
    };
    command.argv(&job, files)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn every_key_does_what_it_says() {
    let recipes = parse(WHOLE.as_bytes()).unwrap();
    assert_eq!(recipes.keys().collect::<Vec<_>>(), ["a", "b c"]);
    let Recipe { stages, limits } = &recipes["a"];
    assert_eq!(
        (limits.compile_timeout, limits.run_memory_limit),
        (Some(Cap::At(Duration::from_secs(20))), Some(Cap::Unlimited))
    );
    assert_eq!(stages.prestart, None);
    let compile = stages.compile.as_ref().unwrap();
    assert_eq!(compile.flags, ["-O2", "{main}"]);
    assert_eq!(compile.cacheable, Cacheable::Always);
    assert_eq!(
        compile.command.env,
        [pair("PATH", "/p/bin:/bin"), pair("LC_ALL", "C")]
    );
    assert_eq!(
        argv(&compile.command, &stages.files, &["-x.a", "b.h"]),
        [
            "/p/bin/ac",
            "-O2",
            "{main}",
            "--heap=40m",
            "{}",
            "./-x.a",
            "./-x.o",
            "./-x.a",
            "./-x.a",
            "b.h"
        ]
    );
    assert_eq!(
        argv(&compile.command, &stages.files, &["x.aa", "b.a"]),
        ["/p/bin/ac", "--many", "b.a", "x.aa"]
    );
    assert_eq!(
        argv(&stages.run, &stages.files, &["x.a"]),
        ["./a.out", "67108864", "", "{x}", "y"]
    );
    assert_eq!(
        stages.run.env,
        [pair("LC_ALL", "C.UTF-8"), pair("PATH", "/p/bin:/bin")]
    );
    let sent = ["x", "y.txt", "z.h"].map(|name| JobFile {
        name,
        is_text: true,
    });
    assert_eq!(stages.files.given(&sent, 0), ["x.a", "y.txt", "z.h"]);
    let other = &recipes["b c"].stages;
    assert!(other.compile.is_none() && other.prestart.is_some());
}

/// What is put in the place of the first text in [`WHOLE`], and what is said of it.
const SLIPS: &[(&str, &str, &str)] = &[
    ("schema = 1", "schema = ", "line 2 is not TOML: "),
    ("schema = 1", "", "schema is missing"),
    ("schema = 1", "schema = 2", "schema 2 is not known, only 1"),
    (
        "schema = 1",
        "schema = \"1\"",
        "schema must be a whole number",
    ),
    (
        "schema = 1",
        "schema = 1\nlanguages = 1",
        "unknown key languages, did you mean language?",
    ),
    (
        "main = \"m.b\"",
        "main = \"m/b\"",
        "language.\"b c\".prestart.main must be the name of a file such as \"main.py\"",
    ),
    (
        "main = \"m.b\"",
        "mian = \"m.b\"",
        "unknown key language.\"b c\".prestart.mian",
    ),
    (
        "[language.\"b c\".prestart]",
        "[language.a.prestart]",
        "language.a.prestart must be left out where there is compile",
    ),
    (
        "\"/p/bin/ready\", \"{main}\"",
        "\"/p/bin/ready\", \"{sources}\"",
        "language.\"b c\".prestart.argv",
    ),
    (
        "least = 4",
        "lest = 4",
        "unknown key language.a.memory.heap.lest, did you mean least?",
    ),
    (
        "less = 8",
        "fewer = 8",
        "unknown key language.a.memory.heap.largest_of[0].fewer",
    ),
    (
        "cacheable",
        "cachable",
        "unknown key language.a.compile.cachable, did you mean cacheable?",
    ),
    (
        "keep =",
        "keeps =",
        "unknown key language.a.files.keeps, did you mean keep?",
    ),
    (
        "compile_timeout",
        "compile_time_out",
        "unknown key language.a.limits.compile_time_out, did you mean compile_timeout?",
    ),
    (
        "20_000",
        "0",
        "language.a.limits.compile_timeout can't be applied",
    ),
    (
        "20_000",
        "\"20 s\"",
        "language.a.limits.compile_timeout must be a whole number",
    ),
    (
        "\"b c\".run",
        "\"b\\nc\".ran",
        "language.\"b\\nc\".run is missing",
    ),
    (
        "PATH = ",
        "\"P=TH\" = ",
        "environment.\"P=TH\" must be a text without NUL, under a name without =",
    ),
    (
        "PATH = \"",
        "PATH = \"\\u0000",
        "environment.PATH must be a text without NUL, under a name without =",
    ),
    (
        "PATH =",
        "HOME =",
        "environment.HOME must be left out, the node sets it",
    ),
    (
        "\"3/4\"",
        "\"4/3\"",
        "language.a.memory.heap.largest_of[0].share must be a part of the limit such as \"7/8\"",
    ),
    (
        "\"1/2\"",
        "\"1/0\"",
        "language.a.memory.heap.largest_of[1].share must be a part of the limit such as \"7/8\"",
    ),
    (
        "share = \"1/2\"",
        "",
        "language.a.memory.heap.largest_of[1].share is missing",
    ),
    (
        "less = 8",
        "less = -8",
        "language.a.memory.heap.largest_of[0].less must be MiB from 0 to 1048576",
    ),
    (
        "most = 64",
        "most = 3",
        "language.a.memory.heap.most must be least or more",
    ),
    (
        "heap = { ",
        "main = { ",
        "language.a.memory.main must be named by small letters, digits and _, and not as a place",
    ),
    (
        "heap = { ",
        "Heap = { ",
        "language.a.memory.Heap must be named by small letters, digits and _, and not as a place",
    ),
    (
        "[{ share = \"3/4\", less = 8 }, { share = \"1/2\" }]",
        "[]",
        "language.a.memory.heap.largest_of is missing",
    ),
    (
        "[{ share = \"3/4\", less = 8 }, { share = \"1/2\" }]",
        "[5]",
        "language.a.memory.heap.largest_of[0] must be a table",
    ),
    (
        "[\".a\", \".aa\"]",
        "[\"a\"]",
        "language.a.files.sources must be a list of endings of file names such as \".c\", of at most 10 bytes",
    ),
    (
        "[\".a\", \".aa\"]",
        "[\".a/b\"]",
        "language.a.files.sources must be a list of endings of file names such as \".c\", of at most 10 bytes",
    ),
    (
        "[\".a\", \".aa\"]",
        "[\".aaaaaaaaaa\"]",
        "language.a.files.sources must be a list of endings of file names such as \".c\", of at most 10 bytes",
    ),
    (
        "sources = [\".a\", \".aa\"]",
        "",
        "language.a.files.sources is missing",
    ),
    (
        "\"text\"",
        "\"all\"",
        "language.a.files.rename must be none, main or text",
    ),
    (
        "\"text\"",
        "\"main\"",
        "language.a.files.rename must be text where there is keep or keep_beside_main",
    ),
    (
        "argv = [\"./a.out\"",
        "arg = [\"./a.out\"",
        "language.a.run.argv is missing",
    ),
    (
        "\"./a.out\"",
        "\"a.out\"",
        "language.a.run.argv must be a list of 1 to 256 texts, of which the first is the path of a program",
    ),
    (
        "\"./a.out\"",
        "\"/{main}\"",
        "language.a.run.argv must be a list of 1 to 256 texts, of which the first is the path of a program",
    ),
    (
        "[\"/bin/true\"]",
        "[]",
        "language.\"b c\".run.argv must be a list of 1 to 256 texts",
    ),
    (
        "[\"/bin/true\"]",
        "\"/bin/true\"",
        "language.\"b c\".run.argv must be a list of texts without NUL",
    ),
    (
        "[\"/bin/true\"]",
        "[\"/bin/true\", \"\\u0000\"]",
        "language.\"b c\".run.argv must be a list of texts without NUL",
    ),
    (
        "[\"/bin/true\"]",
        "[\"/bin/true\", \"{flags}\"]",
        "language.\"b c\".run.argv holds {flags}, which is an argument by itself: {args} of run",
    ),
    (
        "[\"/bin/true\"]",
        "[\"/bin/true\", \"-x{args}\"]",
        "language.\"b c\".run.argv holds {args}, which is an argument by itself",
    ),
    (
        "[\"/bin/true\"]",
        "[\"/bin/true\", \"{heap}\"]",
        "language.\"b c\".run.argv holds {heap}, which is no place: there are {main}",
    ),
    (
        "[\"/bin/true\"]",
        "[\"/bin/true\", \"{stem}.o\"]",
        "language.\"b c\".run.argv holds {stem}, and files.sources does not say which endings it is without",
    ),
    (
        "heap = {",
        "stem = {",
        "language.a.memory.stem must be named by small letters, digits and _, and not as a place",
    ),
    (
        "[\"/bin/true\"]",
        "[\"/bin/true\", \"{args}\", \"{args}\"]",
        "language.\"b c\".run.argv holds {args}, which can be there once",
    ),
    (
        "\"{files}\"]",
        "\"{args}\"]",
        "language.a.compile.argv holds {args}, which is an argument by itself",
    ),
    (
        "\"{{}}\"",
        "\"{\"",
        "language.a.compile.argv holds {, a brace alone: write {{ or }} for one",
    ),
    (
        "\"{{}}\"",
        "\"a}b\"",
        "language.a.compile.argv holds a}b, a brace alone: write {{ or }} for one",
    ),
    (
        "[\"-O2\", \"{main}\"]",
        "\"-O2\"",
        "language.a.compile.flags must be a list of texts",
    ),
    (
        "= true",
        "= \"yes\"",
        "language.a.compile.cacheable must be true, false or a table with unless_warned",
    ),
    (
        "= true",
        "= {}",
        "language.a.compile.cacheable.unless_warned is missing",
    ),
    (
        "= true",
        "= { unless_warned = \"-O2\" }",
        "language.a.compile.cacheable.unless_warned must be a flag for a warning such as \"-Wdate-time\"",
    ),
    (
        "= true",
        "= { unless_warned = \"-Wx\", unless_warn = \"-Wy\" }",
        "unknown key language.a.compile.cacheable.unless_warn, did you mean unless_warned?",
    ),
    (
        "= true",
        "= { unless_warned = \"-Wx\" }",
        "language.a.compile.cacheable.unless_warned must be beside {flags} in every argv, where it goes",
    ),
    (
        "[language.a.files]\nsources = [\".a\", \".aa\"]\nrename = \"text\"\nkeep = [\".h\"]\nkeep_beside_main = [\".txt\"]",
        "",
        "language.a.compile.argv_for_several holds {sources}, and files.sources does not say which",
    ),
    (
        "argv = [\"/bin/true\"]",
        "argv = [\"/bin/true\"]\nargv_for_several = [\"/bin/false\"]",
        "language.\"b c\".run.argv_for_several must be beside files.sources, which says what to count",
    ),
    (
        "[language.a.run]",
        "[language.a.ran]",
        "language.a.run is missing",
    ),
];

#[test]
fn every_slip_is_named() {
    for (from, to, said) in SLIPS {
        assert!(WHOLE.contains(from), "{from}");
        let text = WHOLE.replacen(from, to, 1);
        let fault = parse(text.as_bytes()).expect_err(to).to_string();
        assert!(fault.starts_with(said), "{to}: {fault}");
        assert!(!fault.contains(char::is_control), "{to}: {fault:?}");
    }
    let bound = format!(
        "schema = 1\n[language.a.run]\nargv = [{}]",
        "\"/x{memory}\",".repeat(34)
    );
    let fault = parse(bound.replacen("/x{memory}", "/x", 1).as_bytes()).unwrap_err();
    assert!(
        fault.to_string().contains("of which 32 can be there"),
        "{fault}"
    );
    let fault = parse(b"schema = 1\n\xff").unwrap_err();
    assert_eq!(fault.to_string(), "line 2 is not TOML: invalid UTF-8");
    let text = WHOLE.replace("20_000", "0");
    assert!(matches!(
        parse(text.as_bytes()),
        Err(RuntimeFault::Limit {
            source: OverrideFault::NoCap { .. },
            ..
        })
    ));
}

/// What the recipes of this project put into packages, with what the builder fills in.
#[test]
fn those_of_our_own_packages_are_good() {
    let filled = |text: &str| {
        let text = text.replace("@here@", "/p").replace("@jdk@", "/p/jdk");
        let text = text.replace("@root@", "/p/go");
        parse(text.replace("@minor@", "3.11").as_bytes()).unwrap()
    };
    let run = |recipes: &BTreeMap<String, Recipe>, language: &str, files: &[&str]| {
        let stages = &recipes[language].stages;
        argv(&stages.run, &stages.files, files).join(" ")
    };
    let python = filled(include_str!("../../../../runtimes/python/runtime.toml"));
    assert_eq!(
        run(&python, "python", &["-c.py"]),
        "/p/usr/bin/python3.11 ./-c.py {x} y"
    );
    let node = filled(include_str!("../../../../runtimes/node/runtime.toml"));
    assert_eq!(
        run(&node, "javascript", &["inspect"]),
        "/p/bin/node --max-semi-space-size=4 --max-old-space-size=28 ./inspect {x} y"
    );
    let typescript = filled(include_str!("../../../../runtimes/typescript/runtime.toml"));
    assert_eq!(
        run(&typescript, "typescript", &["file0.code.ts", "b.ts"]),
        "/p/bin/node --max-semi-space-size=4 --max-old-space-size=28 ./file0.code.js {x} y"
    );
    let go = filled(include_str!("../../../../runtimes/go/runtime.toml"));
    let compile = &go["go"].stages.compile.as_ref().unwrap().command;
    let build = argv(compile, &go["go"].stages.files, &["-x", "b.go"]);
    assert_eq!(build, ["/p/build", "./-x"]);
    let sqlite3 = filled(include_str!("../../../../runtimes/sqlite3/runtime.toml"));
    assert_eq!(
        run(&sqlite3, "sqlite3", &["a.sql"]),
        "/bin/sh /p/run a.sql {x} y"
    );
    let java = filled(include_str!("../../../../runtimes/java/runtime.toml"));
    assert_eq!(
        run(&java, "java", &["Main.java", "data.txt"]),
        "/p/jdk/bin/java -Xmx32m -XX:MaxRAM=67108864 @/p/options Main.java {x} y"
    );
    let several = run(&java, "java", &["Main.java", "a/B.java"]);
    assert!(
        several.ends_with("-cp /p/launcher:. codecapsule.Launcher Main.java {x} y"),
        "{several}"
    );
    let gcc = filled(include_str!("../../../../runtimes/gcc/runtime.toml"));
    assert_eq!(run(&gcc, "c", &["x.c"]), "./a.out {x} y");
    for (language, ending, command) in [
        ("c", ".c", "/p/usr/bin/gcc -std=c11 b.c file0.code.c -lm"),
        (
            "c++",
            ".cpp",
            "/p/usr/bin/g++ -std=c++17 b.c file0.code.cpp",
        ),
    ] {
        let stages = &gcc[language].stages;
        let sent = ["file0.code", "b.c", "x.h", "in.txt"].map(|name| JobFile {
            name,
            is_text: true,
        });
        let given = stages.files.given(&sent, 0);
        assert_eq!(given[0], format!("file0.code{ending}"));
        let names: Vec<_> = given.iter().map(String::as_str).collect();
        let compile = &stages.compile.as_ref().unwrap().command;
        assert_eq!(argv(compile, &stages.files, &names).join(" "), command);
        let cacheable = &stages.compile.as_ref().unwrap().cacheable;
        assert!(cacheable.is_warned_of("x.c:1: warning: ... [-Wdate-time]\n"));
        assert!(!cacheable.is_warned_of("x.c:1: warning: ... [-Wtime]\n"));
        let asked = asked(compile, &stages.files, &names, Warnings::Asked).join(" ");
        assert_eq!(asked, command.replacen(" b.c", " -Wdate-time b.c", 1));
    }
}

proptest! {
    /// Whatever is written: no panic, and a fault is one line.
    #[test]
    fn any_value_in_any_place_is_taken_or_named(
        at in 0..SLIPS.len(),
        value in r#"(\{?[a-z{}]{0,6}\}?|[0-9-]{1,4}|"[a-z{}./]{0,8}"|\[("[{}a-z/.]{0,8}",?){0,3}\])"#,
    ) {
        let text = WHOLE.replacen(SLIPS[at].0, &value, 1);
        if let Err(fault) = parse(text.as_bytes()) {
            prop_assert!(!fault.to_string().contains('\n'), "{fault}");
        }
    }
}
