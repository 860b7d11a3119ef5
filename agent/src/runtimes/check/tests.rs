//! What a check says of folders that were changed or made unreadable.

use super::part::fault_of;
use super::*;
use packages::sealed::{Manifest, SealError, Tree, fingerprint};
use tempfile::{TempDir, tempdir};

/// A view with these parts, each a folder with one file.
fn view(parts: &[&str]) -> (TempDir, View) {
    let root = tempdir().unwrap();
    let view = View {
        root: root.path().to_owned(),
    };
    fs::create_dir(view.sealed()).unwrap();
    for part in parts {
        let folder = view.part(part);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("file"), "as it was").unwrap();
        let tree = Tree::read(&folder).unwrap();
        let manifest = Manifest::of_folder(fingerprint(&folder).unwrap(), tree);
        fs::write(view.manifest(part), manifest.to_bytes()).unwrap();
    }
    (root, view)
}

#[test]
fn a_part_that_is_taken_out_meanwhile_is_not_judged() {
    let (_root, view) = view(&["base", "other"]);
    let names = names(&view).unwrap();
    assert_eq!(names.len(), 2);
    // As it is taken out: the manifest first.
    fs::remove_file(view.manifest("other")).unwrap();
    fs::remove_dir_all(view.part("other")).unwrap();
    let settled: Vec<_> = names.iter().map(|name| settled(&view, name)).collect();
    assert!(
        settled[0]
            .as_ref()
            .is_some_and(|part| part.outcome() == Outcome::Sound)
    );
    assert!(settled[1].is_none());
    // One that is damaged is.
    fs::write(view.part("base").join("file"), "another").unwrap();
    let damaged = super::settled(&view, "base").unwrap();
    assert_eq!(damaged.outcome(), Outcome::Changed);
    fs::write(view.manifest("base"), "no manifest").unwrap();
    assert_eq!(
        super::settled(&view, "base").unwrap().outcome(),
        Outcome::Changed
    );
}

fn outcomes(view: &View) -> (Outcome, Vec<Outcome>) {
    let mut parts = Vec::new();
    let worst = check(view, |part| parts.push(part.outcome())).unwrap();
    (worst, parts)
}

#[test]
fn a_part_that_cant_be_read_hides_no_other() {
    use Outcome::{Changed, Sound};
    let (_root, view) = view(&["a", "b", "c"]);
    assert_eq!(outcomes(&view), (Sound, vec![Sound; 3]));
    fs::write(view.manifest("a"), "no manifest").unwrap();
    assert_eq!(outcomes(&view), (Changed, vec![Changed, Sound, Sound]));
    fs::write(view.part("b").join("file"), "as it is").unwrap();
    assert_eq!(outcomes(&view), (Changed, vec![Changed, Changed, Sound]));
    fs::remove_dir_all(view.part("c")).unwrap();
    assert_eq!(outcomes(&view), (Changed, vec![Changed; 3]));
}

#[test]
fn only_a_want_that_passes_is_no_damage() {
    use nix::errno::Errno;
    let outcome = |errno: Errno| {
        fault_of(&SealError::File {
            what: "read",
            path: "file".into(),
            source: errno.into(),
        })
        .0
    };
    for errno in [Errno::ENOMEM, Errno::EMFILE, Errno::ENFILE, Errno::EAGAIN] {
        assert_eq!(outcome(errno), Outcome::Unchecked, "{errno}");
    }
    for errno in [Errno::EIO, Errno::EACCES, Errno::ENOTDIR, Errno::EOVERFLOW] {
        assert_eq!(outcome(errno), Outcome::Changed, "{errno}");
    }
    assert_eq!(Outcome::Unchecked.max(Outcome::Changed), Outcome::Changed);
}
