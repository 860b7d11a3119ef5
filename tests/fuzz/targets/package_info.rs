//! `pkg-info.json` of a package.

#![no_main]

use capsule_fuzz::within_memory;
use libfuzzer_sys::fuzz_target;
use packages::Cap;
use packages::fuzzing::info;
use std::time::Duration;

fuzz_target!(|text: &[u8]| {
    let Ok(provides) = within_memory(4 * text.len(), 0, || info(text, "python", "3.12.0")) else {
        return;
    };
    assert!(!provides.is_empty());
    for provided in provides {
        for name in provided.aliases.iter().chain([&provided.language]) {
            assert!(
                (1..=64).contains(&name.len()) && !name.contains(char::is_control),
                "{name:?}"
            );
        }
        let by = provided.limit_overrides;
        for time in [
            by.compile_timeout,
            by.run_timeout,
            by.compile_cpu_time,
            by.run_cpu_time,
        ] {
            assert_ne!(time, Some(Cap::At(Duration::ZERO)));
        }
        assert_ne!(by.run_memory_limit, Some(Cap::At(0)));
        assert_ne!(by.compile_memory_limit, Some(Cap::At(0)));
        assert!(by.max_process_count != Some(0) && by.max_open_files != Some(0));
        assert!(by.max_file_size != Some(0) && by.output_max_size != Some(0));
    }
});
