//! Indexes, good and bad.

use super::*;
use minisign::KeyPair;
use proptest::prelude::*;

const SHA: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn source() -> Location {
    Location::parse("https://packages.example/v1/index").unwrap()
}

fn parse(text: &[u8]) -> (Index, Vec<LineError>) {
    Index::parse(text, &source()).unwrap()
}

#[test]
fn a_line_is_a_package() {
    let text = format!(
        "python,3.11.2,{SHA},python.tar.gz\r\n\n\r\njava,17.0.1,{SHA},http://Other:81/j?v=1\n"
    );
    let (index, errors) = parse(text.as_bytes());
    assert_eq!(errors, []);
    let [python, java] = index.releases() else {
        panic!("{index:?}")
    };
    assert_eq!(python.id.to_string(), "python-3.11.2");
    assert_eq!(python.sha256.to_string(), SHA);
    assert_eq!(
        python.location.to_string(),
        "https://packages.example/v1/python.tar.gz"
    );
    assert_eq!(java.location.to_string(), "http://other:81/j?v=1");
}

/// Each wrong line is named with its number, and the good one between them stays.
#[test]
fn a_bad_line_is_left_out_alone() {
    let good = format!("a,1.0.0,{SHA},x");
    let long = format!("a,1.0.0,{SHA},{}", "x".repeat(5000));
    type Expected = fn(&LineFault) -> bool;
    let lines: [(&[u8], Expected); 9] = [
        (b"# a comment", |f| matches!(f, LineFault::Fields(1))),
        (b"a,1.0.0,x", |f| matches!(f, LineFault::Fields(3))),
        (b"a,1.0.0,x,y,z", |f| matches!(f, LineFault::Fields(5))),
        (b"a/b,1.0.0,x,y", |f| {
            matches!(f, LineFault::Id(IdFault::Name(_)))
        }),
        (b"b,1.0,x,y", |f| {
            matches!(f, LineFault::Id(IdFault::Version(_)))
        }),
        (b"b,1.0.0,abc,y", |f| matches!(f, LineFault::Checksum(_))),
        (b"\xff,1.0.0,x,y", |f| matches!(f, LineFault::NotText)),
        (long.as_bytes(), |f| matches!(f, LineFault::TooLong)),
        (
            good.as_bytes(),
            |f| matches!(f, LineFault::Duplicate(id) if id.to_string() == "a-1.0.0"),
        ),
    ];
    for (line, expected) in lines {
        let (index, errors) = parse(&[good.as_bytes(), line].join(&b'\n'));
        assert_eq!(index.releases().len(), 1);
        assert!(
            matches!(&errors[..], [LineError { line: 2, fault }] if expected(fault)),
            "{errors:?}"
        );
    }
    let (_, errors) = parse(format!("a,1.0.0,{SHA},ftp://x/y").as_bytes());
    assert_eq!(errors[0].fault, LineFault::Location(LocationFault::Scheme));
}

#[test]
fn what_is_no_index_is_not_read() {
    let lines = vec![b'\n'; LINES_MAX];
    assert_eq!(
        Index::parse(&lines, &source()),
        Err(IndexError::TooManyLines)
    );
    assert!(Index::parse(&lines[1..], &source()).is_ok());
    let bytes = vec![b'x'; INDEX_MAX + 1];
    assert_eq!(Index::parse(&bytes, &source()), Err(IndexError::TooLong));
}

#[test]
fn the_first_index_counts() {
    let (first, _) = parse(format!("a,1.0.0,{SHA},first\n").as_bytes());
    let (second, _) = parse(format!("a,1.0.0,{SHA},second\na,1.2.0,{SHA},second\n").as_bytes());
    let both = Index::merge([first, second]);
    let paths: Vec<_> = both
        .releases()
        .iter()
        .map(|r| r.location.to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "https://packages.example/v1/first",
            "https://packages.example/v1/second"
        ]
    );
}

#[test]
fn the_highest_version_is_found() {
    let versions = ["1.2.0", "1.10.0", "2.0.0-rc.1", "1.9.0", "1.10.0+b"];
    let lines = versions.map(|v| format!("a,{v},{SHA},{v}\nb,9.0.0,{SHA},b{v}"));
    let (index, _) = parse(lines.join("\n").as_bytes());
    let find = |selector: &str| {
        let found = index.find("a", &selector.parse().unwrap());
        found.map(|release| release.id.version().to_string())
    };
    assert_eq!(find("*").as_deref(), Some("1.10.0"));
    assert_eq!(find("1.9.x").as_deref(), Some("1.9.0"));
    assert_eq!(find(">=2.0.0-0").as_deref(), Some("2.0.0-rc.1"));
    assert_eq!(find("3"), None);
    assert!(index.find("c", &"*".parse().unwrap()).is_none());
}

#[test]
fn references_are_resolved() {
    let join = |reference| source().join(reference).map(|url| url.to_string());
    for (reference, url) in [
        ("a.tar.gz", "https://packages.example/v1/a.tar.gz"),
        ("./a", "https://packages.example/v1/a"),
        ("b/../a", "https://packages.example/v1/a"),
        ("../a%20b?c=../d", "https://packages.example/a%20b?c=../d"),
        ("/a", "https://packages.example/a"),
        ("HTTP://[::1]:8080/a", "http://[::1]:8080/a"),
        ("http://h", "http://h/"),
    ] {
        assert_eq!(join(reference).as_deref(), Ok(url), "{reference}");
    }
    for (reference, fault) in [
        ("", LocationFault::Length),
        ("a b", LocationFault::Character),
        ("a#b", LocationFault::Character),
        ("a\\b", LocationFault::Character),
        ("ä", LocationFault::Character),
        ("a[b]", LocationFault::Character),
        ("../../a", LocationFault::AboveRoot),
        ("//host/a", LocationFault::Scheme),
        ("data:x", LocationFault::Scheme),
        ("ftp://h/a", LocationFault::Scheme),
        ("http:///a", LocationFault::Host),
        ("http://user:secret@h/a", LocationFault::Host),
        ("http://h:99999/a", LocationFault::Host),
        ("http://h:/a", LocationFault::Host),
        ("http://[::1/a", LocationFault::Host),
        ("file:///etc/shadow", LocationFault::Local),
        ("file://host/a", LocationFault::File),
        ("file:///a%2fb", LocationFault::File),
    ] {
        assert_eq!(join(reference), Err(fault), "{reference}");
    }
}

#[test]
fn a_local_index_names_local_files() {
    let here = Location::parse("file:///srv/repo/index").unwrap();
    let file = |reference| here.join(reference).unwrap().file();
    assert_eq!(file("a.tar.gz"), Some("/srv/repo/a.tar.gz".into()));
    assert_eq!(file("file:///srv/b"), Some("/srv/b".into()));
    assert_eq!(file("https://h/b"), None);
}

fn keys() -> (KeyPair, String) {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let public = pair.pk.to_base64();
    (pair, public)
}

fn sign(pair: &KeyPair, bytes: &[u8]) -> String {
    let signed = minisign::sign(Some(&pair.pk), &pair.sk, bytes, None, None);
    signed.unwrap().into_string()
}

#[test]
fn without_keys_every_index_counts() {
    let trust = Trust::default();
    assert!(!trust.wants_signatures());
    trust.verify(b"a", None).unwrap();
    trust.verify(b"a", Some("nonsense")).unwrap();
}

#[test]
fn with_keys_only_signed_ones_count() {
    let ((first, first_key), (second, second_key), (other, _)) = (keys(), keys(), keys());
    let trust = Trust::new([first_key.as_str(), &second_key]).unwrap();
    assert!(trust.wants_signatures());
    for pair in [&first, &second] {
        trust.verify(b"index", Some(&sign(pair, b"index"))).unwrap();
    }
    let verify = |signature: Option<&str>| trust.verify(b"index", signature).unwrap_err();
    assert!(matches!(verify(None), TrustError::Unsigned));
    assert!(matches!(verify(Some("")), TrustError::Form(_)));
    assert!(matches!(
        verify(Some(&"x".repeat(5000))),
        TrustError::Form(None)
    ));
    assert!(matches!(
        verify(Some(&sign(&other, b"index"))),
        TrustError::Foreign
    ));
    assert!(matches!(
        verify(Some(&sign(&first, b"another"))),
        TrustError::Foreign
    ));
    // The trusted comment is signed too.
    let changed = sign(&first, b"index").replace("trusted comment: ", "trusted comment: x");
    assert!(matches!(verify(Some(&changed)), TrustError::Foreign));
}

#[test]
fn what_is_no_key_is_named() {
    let (_, key) = keys();
    let fault = Trust::new([key.as_str(), "RWQ"]).unwrap_err();
    assert_eq!(fault.number, 2);
}

proptest! {
    /// What is read and written down again is the same.
    #[test]
    fn an_index_is_read_back(entries in prop::collection::vec(("[a-z][a-z0-9+.-]{0,20}", 0u8..20, "[a-z0-9/]{0,9}[a-z]"), 0..20)) {
        let lines: Vec<_> = entries.iter().map(|(name, major, path)| format!("{name},{major}.0.0,{SHA},{path}")).collect();
        let (index, errors) = parse(lines.join("\n").as_bytes());
        prop_assert!(errors.iter().all(|e| matches!(e.fault, LineFault::Duplicate(_) | LineFault::Location(LocationFault::Scheme))), "{:?}", errors);
        let again: Vec<_> = index.releases().iter().map(|r| format!("{},{},{},{}\r\n", r.id.name(), r.id.version(), r.sha256, r.location)).collect();
        prop_assert_eq!(parse(again.concat().as_bytes()), (index, Vec::new()));
    }
}
