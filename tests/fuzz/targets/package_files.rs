//! The other files of a package that are read: `.env`, and the first line of a stage script.

#![no_main]

use libfuzzer_sys::fuzz_target;
use packages::fuzzing::{environment, script};

const PATH: &str = "/piston/packages/a/1.0.0/run";

fuzz_target!(|text: &[u8]| {
    if let Ok(text) = std::str::from_utf8(text) {
        let lines = text.lines().count();
        match environment(text) {
            Ok(variables) => {
                assert!(variables.len() <= lines);
                for (name, value) in variables {
                    assert!(
                        !name.is_empty() && !name.contains(['=', '\0', '\n']),
                        "{name:?}"
                    );
                    assert!(!value.contains(['\0', '\n']), "{value:?}");
                    assert!(text.contains(&format!("{name}={value}")));
                }
            }
            Err(line) => assert!((1..=lines).contains(&line)),
        }
    }
    if let Ok(argv) = script(PATH, text) {
        assert!((2..=3).contains(&argv.len()) && argv.last().is_some_and(|last| last == PATH));
        assert!(argv[0].starts_with('/'), "{argv:?}");
        // The kernel reads no more of a script than this.
        assert!(argv[0].len() <= 256, "{argv:?}");
        let odd = |c: char| c.is_control() && c != '\t';
        assert!(argv.iter().all(|arg| !arg.contains(odd)), "{argv:?}");
    }
});
