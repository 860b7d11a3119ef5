//! What a jail says that was taken over, and which files count as made.

use super::*;

const MOST: Most = Most {
    files: 2,
    bytes: 10,
};

fn made(name: &str, mode: u32) -> FromInit {
    let name = name.to_owned();
    FromInit::Made { name, mode }
}

fn piece(length: usize) -> FromInit {
    FromInit::Piece(vec![7; length])
}

/// What is made of these messages; `Err` where the jail is of no use any more.
fn heard(messages: impl IntoIterator<Item = FromInit>) -> Result<Option<Vec<Artefact>>, JobError> {
    let mut made = Made::new(&MOST);
    for message in messages {
        made.hear(message)?;
    }
    Ok(made.files)
}

fn artefact(name: &str, mode: u32, content: &[u8]) -> Artefact {
    Artefact {
        name: FileName::new(name.to_owned()).unwrap(),
        mode,
        content: content.to_vec(),
    }
}

fn source(name: &str, content: &[u8]) -> SourceFile {
    SourceFile {
        name: FileName::new(name.to_owned()).unwrap(),
        content: content.to_vec(),
        is_source: true,
    }
}

#[test]
fn files_are_put_together() {
    let messages = [made("a.out", 0o755), piece(4), piece(4), made("d/x", 0o600)];
    let files = heard(messages).unwrap().unwrap();
    assert_eq!(
        files,
        [
            artefact("a.out", 0o755, &[7; 8]),
            artefact("d/x", 0o600, b"")
        ]
    );
}

#[test]
fn no_more_is_taken_than_was_asked_for() {
    assert!(heard([made("a", 0), piece(6), piece(5)]).is_err());
    assert!(heard([piece(11)]).is_err(), "of no file at all");
    assert!(heard([made("a", 0), made("b", 0), made("c", 0)]).is_err());
    assert!(heard([FromInit::Collected(Collected::All)]).is_err());
}

#[test]
fn names_and_permissions_that_no_file_has_keep_nothing() {
    for name in [
        "", "/a", "../a", "a/../b", "a//b", "./a", "a/", "a\0", ".", "d/.",
    ] {
        assert_eq!(heard([made(name, 0o644)]).unwrap(), None, "{name:?}");
    }
    for mode in [0o4755, 0o2755, 0o1644, 0o666, 0o777, u32::MAX] {
        let messages = [made("a", 0o644), made("b", mode), piece(1)];
        assert_eq!(heard(messages).unwrap(), None, "{mode:o}");
    }
}

#[test]
fn what_was_sent_is_not_made_and_has_to_be_there_unchanged() {
    let sent = [source("a.c", b"x"), source("b.h", b"y")];
    let (a, b) = (
        artefact("a.c", SUBMITTED, b"x"),
        artefact("b.h", SUBMITTED, b"y"),
    );
    let out = artefact("a.out", 0o755, b"z");
    let made = |files: &[&Artefact]| {
        let files = files.iter().copied().cloned().collect();
        without_sent(files, &sent)
    };
    assert_eq!(made(&[&b, &out, &a]), Some(vec![out.clone()]));
    assert_eq!(made(&[&a, &b]), Some(Vec::new()));
    assert_eq!(made(&[&a, &out]), None, "one is gone");
    for changed in [
        artefact("b.h", SUBMITTED, b"Y"),
        artefact("b.h", 0o755, b"y"),
    ] {
        assert_eq!(made(&[&a, &changed, &out]), None);
    }
}
