//! What a limit ended, or kept from going on, is no result to keep; and the cache has limits of its own.

use crate::counted::{Counted, job, options, with};
use serde_json::json;

/// Takes the compiler seconds, or as much memory as there is.
const LONG: &str = "#define A(x) x x x x x x x x x x\n#define B(x) A(A(A(A(A(x)))))\nint main(void) { B(B(0;)) }\n";

#[test]
fn what_a_limit_ended_is_not_kept() {
    let node = Counted::start(options());
    let long = job("c", &[("main.c", LONG)]);
    let hello = job("c", &[("main.c", "int main(void) {}")]);
    for (request, limit) in [
        (with(&hello, &json!({"compile_timeout": 1})), "wall"),
        (with(&long, &json!({"compile_cpu_time": 200})), "cpu"),
        (
            with(&long, &json!({"compile_memory_limit": 60 << 20})),
            "memory",
        ),
    ] {
        for _ in 0..2 {
            let answer = node.run(&request);
            assert_eq!(answer["compile"]["limit"], limit, "{answer}");
        }
    }
    let counts = node.counts();
    assert_eq!((counts.hits, counts.stores), (0, 0), "{counts:?}");
    assert_eq!(counts.uncacheable, 6);
}

#[test]
fn what_says_too_much_is_not_kept() {
    let node = Counted::start(options().set("output_max_size", 300));
    let loud = "#error 1\n".repeat(50);
    let answer = node.run(&job("c", &[("main.c", &loud)]));
    assert_eq!(answer["compile"]["limit"], "output", "{answer}");
    let counts = node.counts();
    assert_eq!((counts.stores, counts.uncacheable), (0, 1), "{counts:?}");
}

#[test]
fn the_least_recently_used_makes_way() {
    // Some ten programs.
    let node = Counted::start(options().set("compile_cache_size", 160 << 10));
    let program = |number: u32| {
        let source = format!("#include <stdio.h>\nint main(void) {{ puts(\"{number}\"); }}");
        job("c", &[("main.c", &source)])
    };
    for number in 0..20 {
        assert_eq!(node.stdout(&program(number)), format!("{number}\n"));
        assert_eq!(node.stdout(&program(0)), "0\n");
    }
    let counts = node.counts();
    assert_eq!((counts.misses, counts.hits), (20, 20), "{counts:?}");
    assert!(counts.evictions > 0, "{counts:?}");
    assert_eq!(node.stdout(&program(1)), "1\n");
    assert_eq!(node.counts().misses, 21, "it made way");
    // A program of which one takes more than its share.
    let large = "int x[10000] = {1};\nint main(void) {}";
    for _ in 0..2 {
        node.stdout(&job("c", &[("main.c", large)]));
    }
    assert_eq!(node.counts().hits, 20);
}
