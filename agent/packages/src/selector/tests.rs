//! What each kind of selector matches, as npm's `semver` 7.3.5 (the one in Piston 3.1.1) answers.

use super::*;

const VERSIONS: [&str; 8] = [
    "3.10.0",
    "3.11.0",
    "3.12.0",
    "3.12.0-rc.1",
    "4.0.0-0",
    "4.0.0",
    "1.2.3",
    "0.1.2",
];

#[test]
fn selectors_match_what_nodes_match() {
    #[rustfmt::skip]
    let table = [
        ("*", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("x", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("X", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("||", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        (" ", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("3", "3.10.0 3.11.0 3.12.0"),
        ("3.x", "3.10.0 3.11.0 3.12.0"),
        ("3.*", "3.10.0 3.11.0 3.12.0"),
        ("3.10", "3.10.0"),
        ("3.10.x", "3.10.0"),
        ("^3.11.0", "3.11.0 3.12.0"),
        ("^3.11", "3.11.0 3.12.0"),
        ("~3.10.0", "3.10.0"),
        ("~3.10", "3.10.0"),
        ("~> 3.10", "3.10.0"),
        ("v3.10.0", "3.10.0"),
        ("  3.10.0 ", "3.10.0"),
        ("=3.10.0", "3.10.0"),
        ("= 3.10.0", "3.10.0"),
        ("=v3.10.0", "3.10.0"),
        (">=3 <4", "3.10.0 3.11.0 3.12.0"),
        (">= 3.10", "3.10.0 3.11.0 3.12.0 4.0.0"),
        ("> 3.10", "3.11.0 3.12.0 4.0.0"),
        (">3", "4.0.0"),
        ("<=3", "3.10.0 3.11.0 3.12.0 1.2.3 0.1.2"),
        ("<3.x", "1.2.3 0.1.2"),
        (">x", ""),
        ("<*", ""),
        ("<=*", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        (">=*", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("^*", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("~x", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("1 - 2", "1.2.3"),
        ("1 - 3.11", "3.10.0 3.11.0 1.2.3"),
        ("3.10.0 - 3.11.0", "3.10.0 3.11.0"),
        ("* - 3", "3.10.0 3.11.0 3.12.0 1.2.3 0.1.2"),
        ("3 - x", "3.10.0 3.11.0 3.12.0 4.0.0"),
        ("1.2.3 || 4", "4.0.0 1.2.3"),
        ("|| 3", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("3 ||", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("x || 3.12.0-rc.1", "3.10.0 3.11.0 3.12.0 4.0.0 1.2.3 0.1.2"),
        ("3.12.0-rc.1", "3.12.0-rc.1"),
        ("^3.12.0-rc.0", "3.12.0 3.12.0-rc.1"),
        ("~3.12.0-rc.1", "3.12.0 3.12.0-rc.1"),
        (">=3.12.0-rc.1", "3.12.0 3.12.0-rc.1 4.0.0"),
        (">3.11 <3.12.0", ""),
        ("<4.0.0-0", "3.10.0 3.11.0 3.12.0 1.2.3 0.1.2"),
        ("3.x.1", "3.10.0 3.11.0 3.12.0"),
        ("^0.1.2", "0.1.2"),
        ("^0.1", "0.1.2"),
        ("^0", "0.1.2"),
        ("^0.0", ""),
        ("3.10.0+build", "3.10.0"),
        ("> =3.11.0", "3.11.0 3.12.0 4.0.0"),
        ("> = 3.11.0", ""),
        ("latest", ""),
        ("garbage", ""),
        ("3 garbage", ""),
        ("3 || garbage", ""),
        ("3 4", ""),
        ("3,10", ""),
        ("v 3.10.0", ""),
        ("V3.10.0", ""),
        ("==3.10.0", ""),
        ("==3", "3.10.0 3.11.0 3.12.0"),
        ("03.10.0", ""),
        ("3.10.0.0", ""),
        ("3.", ""),
        ("3.x-rc", ""),
        ("3.12.0rc.1", ""),
        ("1 -2", ""),
        ("1- 2", ""),
        ("1 - 2 - 3", ""),
        ("3|4", ""),
        ("!3", ""),
        (">=3<4", ""),
        ("99999999999999999999", ""),
        (">9007199254740991", ""),
        ("lts/*", ""),
        ("3.10.0\u{a0}||\u{feff}4", "3.10.0 4.0.0"),
        ("\u{85}3", ""),
    ];
    for (selector, expected) in table {
        let parsed = selector.parse::<Selector>();
        let matches = |text: &&str| {
            parsed
                .as_ref()
                .is_ok_and(|s| s.matches(&Version::parse(text).unwrap()))
        };
        let found: Vec<&str> = VERSIONS.into_iter().filter(matches).collect();
        assert_eq!(found.join(" "), expected, "{selector:?}");
    }
}

/// What npm's own semver has answered to some thousand ranges (`answers.js`): every operator with every form of a version,
/// every pair in a range with a hyphen, and combinations by chance.
#[test]
fn selectors_match_what_npms_own_match() {
    let mut lines = include_str!("tests/answers.txt").lines();
    let versions: Vec<String> = serde_json::from_str(lines.next().unwrap()).unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|v| Version::parse(v).unwrap())
        .collect();
    let mut ranges = 0;
    for line in lines {
        let (range, bits) = line.rsplit_once(' ').unwrap();
        let range: String = serde_json::from_str(range).unwrap();
        let bits = u64::from_str_radix(bits, 16).unwrap();
        let selector = range.parse::<Selector>();
        for (n, version) in versions.iter().enumerate() {
            let matches = selector.as_ref().is_ok_and(|s| s.matches(version));
            assert_eq!(matches, bits >> n & 1 == 1, "{range:?} and {version}");
        }
        ranges += 1;
    }
    assert!(ranges > 3000, "{ranges}");
}

/// A selector comes from a client, so length alone must not be a way to keep the node busy.
#[test]
fn long_selectors_are_read_once() {
    let long = "3.10.0 || ".repeat(100_000) + "4";
    assert!(
        long.parse::<Selector>()
            .unwrap()
            .matches(&Version::parse("4.0.0").unwrap())
    );
    assert!("v=".repeat(1_000_000).parse::<Selector>().is_err());
    assert!("9".repeat(1_000_000).parse::<Selector>().is_err());
}
