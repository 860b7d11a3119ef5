//! A version selector, which clients write, and a version, which packages do.

#![no_main]

use capsule_fuzz::within_memory;
use libfuzzer_sys::fuzz_target;
use packages::{Selector, Version};

/// Releases and pre-releases that ranges tell apart.
const VERSIONS: [&str; 9] = [
    "0.0.0",
    "0.0.1",
    "0.1.2",
    "1.2.3",
    "3.10.0",
    "3.12.0-rc.1",
    "3.12.0",
    "4.0.0-0",
    "900719925474099.0.0",
];

fuzz_target!(|text: &str| {
    let Some(matched) = matches(text) else {
        return;
    };
    // Space around a selector and around each alternative means nothing, and no kind of space means more than another.
    assert_eq!(matches(&format!(" \t{text}\n ")).as_ref(), Some(&matched));
    assert_eq!(
        matches(&text.replace("||", " || ")).as_ref(),
        Some(&matched)
    );
    assert_eq!(
        matches(&text.replace(['\t', '\n'], " ")).as_ref(),
        Some(&matched)
    );
    // What any alternative matches the whole does, and nothing else; but for a pre-release beside `*`.
    let alternatives: Vec<_> = text.split("||").map(matches).collect();
    for (at, version) in VERSIONS.iter().enumerate() {
        let any = alternatives
            .iter()
            .any(|matched| matched.as_ref().is_some_and(|all| all[at]));
        let is_release = !version.contains('-');
        assert!(any == matched[at] || (!is_release && any), "{version}");
    }
    // Only who names a pre-release gets one.
    if !text.contains('-') {
        assert!(!matched[5] && !matched[7]);
    }
});

/// Which of the versions it matches; `None` where it is no selector.
fn matches(text: &str) -> Option<[bool; VERSIONS.len()]> {
    let selector = within_memory(text.len(), 0, || text.parse::<Selector>()).ok()?;
    Some(
        VERSIONS.map(|version| {
            selector.matches(&Version::parse(version).expect("a version of the list"))
        }),
    )
}
