//! C and C++, with the compiler that people use.

use crate::counted::{Counted, Counts, job, options, with};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

/// More than what `__TIME__` tells apart.
const TICK: Duration = Duration::from_millis(1100);

/// Turns off the warning by which the node sees that a time goes into the program, so that the program shows when it was compiled.
const HUSH: &str = "#pragma GCC diagnostic ignored \"-Wdate-time\"\n";

/// Prints when it was compiled, and one argument, and how many lines it is given.
fn clock() -> String {
    format!(
        "{HUSH}#include <stdio.h>\nint main(int argc, char **argv) {{ char line[9]; int n = 0; while (fgets(line, 9, stdin)) n++; \
         printf(\"%s %s %d\\n\", __TIME__, argc > 1 ? argv[1] : \"\", n); }}"
    )
}

fn stages(answer: &Value) -> (Value, Value) {
    (answer["compile"].clone(), answer["run"]["stdout"].clone())
}

#[test]
fn an_equal_job_gets_what_was_compiled_and_any_other_does_not() {
    let node = Counted::start(options());
    let files = [("main.c", clock()), ("other.c", "int other;".to_owned())];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let request = job("c", &files);
    let first = node.run(&request);
    assert_eq!(first["run"]["code"], 0, "{first}");
    sleep(TICK);
    for _ in 0..3 {
        let again = node.run(&request);
        assert_eq!(stages(&again), stages(&first));
    }
    // The program is the same, what it is given is not.
    let input = json!({"args": ["x"], "stdin": "1\n2\n", "run_memory_limit": 100 << 20, "run_timeout": 5000});
    let compiled = first["run"]["stdout"]
        .as_str()
        .and_then(|text| text.get(..8));
    let compiled = compiled.expect("a time has eight characters").to_owned();
    assert_eq!(
        node.stdout(&with(&request, &input)),
        format!("{compiled} x 2\n")
    );

    let others = [
        job("c", &[files[0], ("another.c", files[1].1)]),
        job("c", &[files[0], ("other.c", "int other = 1;")]),
        job("c", &[files[0]]),
        job("c", &[files[0], files[1], ("x.h", "")]),
        job("c++", &files),
        with(&request, &json!({"compile_memory_limit": 500 << 20})),
        with(&request, &json!({"compile_timeout": 9000})),
        with(&request, &json!({"compile_cpu_time": 9000})),
    ];
    for other in &others {
        let fresh = node.stdout(other);
        assert!(!fresh.starts_with(&compiled), "{other}: {fresh}");
    }
    let count = others.len() as u64;
    // All but that in C++, where GCC 12 warns whatever the pragma says.
    let expected = Counts {
        hits: 4,
        misses: 1 + count,
        stores: count,
        uncacheable: 1,
        evictions: 0,
    };
    assert_eq!(node.counts(), expected);
}

#[test]
fn a_failure_is_kept_and_told_in_the_same_words() {
    let node = Counted::start(options());
    let request = job("c", &[("main.c", "int main(void) { return x; }")]);
    let first = node.run(&request);
    let said = first["compile"]["stderr"].as_str().expect("stderr is text");
    assert!(said.contains("'x' undeclared"), "{first}");
    assert_eq!(node.run(&request), first);
    assert_eq!(node.run(&request), first);
    let past = node.run(&with(&request, &json!({"compile_cache": false})));
    for key in ["stdout", "stderr", "output", "code", "message", "status"] {
        assert_eq!(past["compile"][key], first["compile"][key], "{key}");
    }
    let counts = node.counts();
    assert_eq!((counts.hits, counts.stores), (2, 1), "{counts:?}");
}

/// As without a cache, to the letter, and compiled anew each time. Only what the preprocessor really puts in counts.
#[test]
fn what_carries_a_time_is_never_kept() {
    let node = Counted::start(options());
    let print = |value: &str| format!("#include <stdio.h>\nint main() {{ puts({value}); }}\n");
    let through_macro = format!("#define WHEN __TIME__\n{}", print("WHEN"));
    let through_header = format!("#include \"when.h\"\n{}", print("when"));
    let header = ("when.h", "static const char when[] = \"\" __TIMESTAMP__;\n");
    for language in ["c", "c++"] {
        let with_time = [
            job(language, &[("main.c", &print("__TIME__"))]),
            job(language, &[("main.c", &print("__DATE__ __TIME__"))]),
            job(language, &[("main.c", &print("__TIMESTAMP__"))]),
            job(language, &[("main.c", &through_macro)]),
            job(language, &[("main.c", &through_header), header]),
        ];
        let first: Vec<String> = with_time.iter().map(|job| node.stdout(job)).collect();
        sleep(TICK);
        for (request, first) in with_time.iter().zip(first) {
            assert_ne!(node.stdout(request), first, "{request}");
            let answer = node.run(request);
            let past = node.run(&with(request, &json!({"compile_cache": false})));
            for key in ["stdout", "stderr", "output", "code", "message", "status"] {
                assert_eq!(
                    answer["compile"][key], past["compile"][key],
                    "{request}: {key}"
                );
            }
            assert_eq!(answer["compile"]["stderr"], "", "{answer}");
        }
    }
    assert_eq!(node.counts().stores, 0);

    let failed = job(
        "c",
        &[(
            "main.c",
            "const char *now = __TIME__;\nint main(void) { return x; }",
        )],
    );
    let said = node.run(&failed)["compile"]["stderr"].clone();
    assert!(!said.to_string().contains("date-time"), "{said}");
    assert_eq!(node.counts().stores, 0);

    let without = [
        format!(
            "#if 0\nconst char *now = __TIME__;\n#endif\n{}",
            print("\"__DATE__\"")
        ),
        format!(
            "/* __TIME__ */\n#define UNUSED __TIMESTAMP__\n{}",
            print("\"x\"")
        ),
    ];
    for source in without {
        let request = job("c", &[("main.c", &source)]);
        let first = node.run(&request);
        assert_eq!(stages(&node.run(&request)), stages(&first));
    }
    let counts = node.counts();
    assert_eq!((counts.stores, counts.hits), (2, 2), "{counts:?}");
}

/// The program of a job may do with its files what it likes: the next one gets what the compiler made.
#[test]
fn a_program_changes_nothing_for_the_next() {
    let node = Counted::start(options());
    let source = "#include <stdio.h>\n#include <unistd.h>\n#include <sys/stat.h>\n\
        static void spoil(const char *path) {\n\
            unlink(path);\n\
            FILE *file = fopen(path, \"w\");\n\
            fputs(\"#!/bin/sh\\necho spoilt\\n\", file);\n\
            fclose(file);\n\
            chmod(path, 0755);\n\
        }\n\
        int main(void) {\n\
            struct stat left;\n\
            int clean = stat(\"left\", &left) && stat(\"/tmp/left\", &left) && stat(\"/box/left\", &left);\n\
            puts(clean ? \"clean\" : \"something is left\");\n\
            const char *all[] = {\"a.out\", \"main.c\", \"left\", \"/tmp/left\", \"/box/left\"};\n\
            for (int i = 0; i < 5; i++) spoil(all[i]);\n\
        }\n";
    let request = job("c", &[("main.c", source)]);
    for _ in 0..4 {
        assert_eq!(node.stdout(&request), "clean\n");
    }
    assert_eq!(node.counts().hits, 3);

    // What one job compiled to is in its own jail and in no other.
    let list = "#include <stdlib.h>\nint main(void) { return system(\"find /box /tmp /dev/shm ! -type d; sleep 0.5\"); }";
    let other = job("c", &[("main.c", list)]);
    std::thread::scope(|scope| {
        let address = node.node.address();
        let beside = scope.spawn(move || {
            let post = capsule_tests::http::Request::post_json("/api/v2/execute", &request);
            capsule_tests::http::send(address, &post).expect("the job is answered")
        });
        for _ in 0..2 {
            let found = node.run(&other)["run"]["stdout"].clone();
            let found = found.as_str().expect("stdout is text").to_owned();
            let mut found: Vec<_> = found.lines().collect();
            found.sort_unstable();
            assert_eq!(found, ["/box/submission/a.out", "/box/submission/main.c"]);
        }
        assert_eq!(beside.join().expect("the client ends").status, 200);
    });
}

#[test]
fn a_request_or_the_configuration_turns_it_off() {
    let node = Counted::start(options());
    let request = job("c", &[("main.c", &clock())]);
    let kept = node.stdout(&request);
    sleep(TICK);
    let off = with(&request, &json!({"compile_cache": false}));
    assert_ne!(node.run(&off)["run"]["stdout"], json!(kept));
    let on = with(&request, &json!({"compile_cache": true}));
    assert_eq!(node.stdout(&on), kept);
    assert_eq!(
        node.stdout(&with(&request, &json!({"compile_cache": null}))),
        kept
    );
    for wrong in [json!("false"), json!(0), json!([])] {
        let (status, answer) = node
            .node
            .execute(&with(&request, &json!({"compile_cache": wrong})));
        let message = "compile_cache must be a boolean if provided";
        assert_eq!((status, answer), (400, json!({"message": message})));
    }
    drop(node);

    let node = Counted::start(options().set("compile_cache_size", 0));
    let first = node.run(&request)["run"]["stdout"].clone();
    sleep(TICK);
    assert_ne!(node.run(&request)["run"]["stdout"], first);
    let counts = node.counts();
    assert_eq!((counts.hits, counts.misses), (0, 0), "{counts:?}");
}

/// A front that is killed takes along all that was kept, and nothing else is the matter.
#[test]
fn a_killed_front_has_the_next_job_compile() {
    let node = Counted::start(options());
    let request = job("c", &[("main.c", &clock())]);
    let first = node.stdout(&request);
    sleep(TICK);
    assert_eq!(node.stdout(&request), first);
    let front = node.node.front().expect("a node has a front");
    kill(Pid::from_raw(front.pid), Signal::SIGKILL).expect("root may kill");
    let other = || node.node.front().filter(|next| next.pid != front.pid);
    let next = capsule_tests::wait::until(Duration::from_secs(5), other);
    next.expect("a new front is started");
    let second = node.stdout(&request);
    assert_ne!(second, first);
    sleep(TICK);
    assert_eq!(node.stdout(&request), second);
}
