//! Trees, digests, and images as the tools make them.

use super::*;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// A data directory with one package.
fn data() -> TempDir {
    let data = tempdir().unwrap();
    let package = data.path().join("packages/a/1.0.0");
    fs::create_dir_all(package.join("bin")).unwrap();
    fs::write(package.join("bin/run"), "#!/bin/sh\n").unwrap();
    fs::write(package.join("library"), vec![7u8; 300_000]).unwrap();
    symlink("../library", package.join("bin/link")).unwrap();
    data
}

const PART: &str = "packages/a/1.0.0";

#[test]
fn digests_are_those_of_the_standard() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Digest::of(b"abc").to_string(), abc);
    assert_eq!(abc.parse(), Ok(Digest::of(b"abc")));
    assert!(abc[1..].parse::<Digest>().is_err());
    assert!(format!("+{}", &abc[1..]).parse::<Digest>().is_err());
    assert_eq!(Digest::of(b"abc").short(), "ba7816bf8f01");
}

#[test]
fn a_stored_file_has_the_digest_of_its_bytes_whatever_its_length() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    for length in [
        0,
        1,
        4095,
        4096,
        4097,
        (1 << 20) - 1,
        1 << 20,
        (3 << 20) + 5,
    ] {
        let bytes: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[1]).collect();
        fs::write(&path, &bytes).unwrap();
        assert_eq!(
            digest_of_stored(&path).unwrap().0,
            Digest::of(&bytes),
            "{length}"
        );
    }
}

#[test]
fn a_file_system_without_direct_reads_is_read_all_the_same() {
    let path = Path::new("/dev/shm").join(format!("packages-test-{}", std::process::id()));
    fs::write(&path, "abc").unwrap();
    let (digest, _) = digest_of_stored(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(digest, Digest::of(b"abc"));
}

#[test]
fn every_change_of_a_tree_is_found_and_named() {
    type Edit = fn(&Path);
    let edits: [(Edit, &str, Change); 7] = [
        (
            |p| fs::write(p.join("bin/run"), "#!/bin/no\n").unwrap(),
            "bin/run",
            Change::Content,
        ),
        (
            |p| fs::write(p.join("new"), "").unwrap(),
            "new",
            Change::Added,
        ),
        (
            |p| fs::remove_file(p.join("library")).unwrap(),
            "library",
            Change::Missing,
        ),
        (
            |p| fs::set_permissions(p.join("library"), fs::Permissions::from_mode(0o4755)).unwrap(),
            "library",
            Change::Mode,
        ),
        (
            |p| {
                fs::remove_file(p.join("bin/link")).unwrap();
                symlink("../other", p.join("bin/link")).unwrap();
            },
            "bin/link",
            Change::Content,
        ),
        (
            |p| {
                fs::remove_file(p.join("bin/run")).unwrap();
                symlink("x", p.join("bin/run")).unwrap();
            },
            "bin/run",
            Change::Mode,
        ),
        (
            |p| fs::create_dir(p.join("bin/folder")).unwrap(),
            "bin/folder",
            Change::Added,
        ),
    ];
    for (edit, name, change) in edits {
        let data = data();
        let package = data.path().join(PART);
        let (before, print) = (
            Tree::read(&package).unwrap(),
            fingerprint(&package).unwrap(),
        );
        assert_eq!(
            before.first_difference(&Tree::read(&package).unwrap()),
            None
        );
        edit(&package);
        let after = Tree::read(&package).unwrap();
        let difference = before.first_difference(&after).unwrap();
        assert_eq!(
            (difference.name.as_str(), difference.change),
            (name, change)
        );
        assert_ne!(before.digest(), after.digest());
        assert_ne!(fingerprint(&package).unwrap(), print, "{name}");
    }
}

/// As `cp -a` and rsync leave it.
#[test]
fn a_file_with_the_size_and_time_of_the_old_one_is_another() {
    let data = data();
    let library = data.path().join(PART).join("library");
    let written = || fs::metadata(&library).unwrap().modified().unwrap();
    let (time, print) = (written(), fingerprint(data.path()).unwrap());
    fs::write(&library, vec![8u8; 300_000]).unwrap();
    let file = fs::File::options().write(true).open(&library).unwrap();
    file.set_modified(time).unwrap();
    assert_eq!(written(), time);
    assert_ne!(fingerprint(data.path()).unwrap(), print);
}

#[test]
fn names_that_are_no_text_are_told_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempdir().unwrap();
    for name in [&b"a\xff"[..], b"a\\xff", b"a\xfe", b"a\n", b"a\\n"] {
        fs::write(folder.path().join(OsStr::from_bytes(name)), "").unwrap();
    }
    assert_eq!(Tree::read(folder.path()).unwrap().count(), 5);
}

/// With each tool that this machine has; `make test` installs the first.
#[test]
fn a_sealed_folder_is_fresh_until_it_changes() {
    let tools: Vec<_> = Format::ALL.into_iter().filter_map(Format::tool).collect();
    assert!(!tools.is_empty(), "erofs-utils is missing: install it");
    for tool in tools {
        let data = data();
        let images = Images::open(data.path()).unwrap();
        let fresh = |formats: &[Format]| images.fresh(PART, formats).unwrap();
        assert_eq!(fresh(&Format::ALL), None);
        let manifest = images.seal(PART, &tool).unwrap();
        // Not before it has been compared.
        assert_eq!(fresh(&Format::ALL), None);
        images.confirm(PART, &manifest).unwrap();
        assert_eq!(fresh(&Format::ALL), Some(manifest.clone()));
        assert_eq!(fresh(&[]), None);
        let image = manifest.image.unwrap();
        let path = images.image(PART);
        assert_eq!(digest_of_stored(&path).unwrap().0, image.sha256);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::metadata(&path).unwrap().len(), image.size);
        // The same folder, the same image.
        let again = images.seal(PART, &tool).unwrap();
        assert_eq!(fresh(&Format::ALL), None);
        images.confirm(PART, &again).unwrap();
        assert_eq!(again.image.unwrap().sha256, image.sha256);
        fs::write(data.path().join(PART).join("new"), "").unwrap();
        assert_eq!(fresh(&Format::ALL), None);
    }
}

#[test]
fn what_belongs_to_nothing_is_removed() {
    let data = data();
    let images = Images::open(data.path()).unwrap();
    let tool = Format::ALL.into_iter().find_map(Format::tool).unwrap();
    images.seal(PART, &tool).unwrap();
    let kept = images.image(PART);
    let folder = data.path().join("images");
    let strangers = [
        "packages/a/1.0.0.image.new",
        "packages/a/2.0.0.json",
        "packages/b/1.0.0.image",
    ];
    fs::create_dir(folder.join("packages/b")).unwrap();
    for name in strangers {
        fs::write(folder.join(name), "").unwrap();
    }
    fs::write(folder.join("packages/notes.txt"), "").unwrap();
    images.keep_only(&[PART.to_owned()]).unwrap();
    assert!(kept.is_file());
    for name in strangers {
        assert!(!folder.join(name).exists(), "{name}");
    }
    assert!(!folder.join("packages/b").exists());
    images.keep_only(&[]).unwrap();
    assert!(!folder.join("packages/a").exists());
    // Not called as anything of ours.
    assert!(folder.join("packages/notes.txt").is_file());
}

#[test]
fn images_are_kept_in_a_folder_of_ones_own() {
    let data = data();
    let folder = data.path().join("images");
    fs::create_dir(data.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &folder).unwrap();
    let error = Images::open(data.path()).unwrap_err();
    assert!(matches!(error, SealError::NotOwn(_)), "{error}");
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    drop(Images::open(data.path()).unwrap());
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_tool_that_fails_leaves_nothing() {
    let data = data();
    let images = Images::open(data.path()).unwrap();
    let tool = Format::ALL.into_iter().find_map(Format::tool).unwrap();
    assert!(images.seal("packages/none/1.0.0", &tool).is_err());
    let file = data.path().join("packages/file");
    fs::write(file, "").unwrap();
    let error = images.seal("packages/file", &tool).unwrap_err();
    assert!(matches!(error, SealError::Tool { .. }), "{error}");
    let left = fs::read_dir(data.path().join("images/packages")).unwrap();
    assert_eq!(left.count(), 0);
}

proptest! {
    /// A manifest is read as it was written, and only by a program that writes the same form.
    #[test]
    fn manifests_keep_what_they_say(names in proptest::collection::btree_map("[ -~]{1,20}", any::<Vec<u8>>(), 0..8)) {
        let folder = tempdir().unwrap();
        for (name, content) in &names {
            let name = name.replace(['/', '.'], "_");
            fs::write(folder.path().join(name), content).unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        let manifest = Manifest::of_folder(fingerprint(folder.path()).unwrap(), tree);
        let bytes = manifest.to_bytes();
        prop_assert_eq!(Manifest::parse(&bytes).unwrap(), manifest);
        let other = String::from_utf8(bytes).unwrap().replacen("\"version\":1", "\"version\":2", 1);
        prop_assert!(Manifest::parse(other.as_bytes()).is_err());
    }

    /// Whatever is flipped in whatever file, the tree is another one.
    #[test]
    fn a_flipped_bit_is_found(content in proptest::collection::vec(any::<u8>(), 1..5000), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, &content).unwrap();
        let before = Tree::read(folder.path()).unwrap();
        let mut content = content;
        let at = at.index(content.len());
        content[at] ^= 1 << bit;
        fs::write(&path, &content).unwrap();
        let difference = before.first_difference(&Tree::read(folder.path()).unwrap());
        prop_assert_eq!(difference.map(|d| d.name), Some("file".to_owned()));
    }

    /// Nothing that is no manifest is taken for one.
    #[test]
    fn bytes_are_refused(bytes in any::<Vec<u8>>()) {
        prop_assert!(Manifest::parse(&bytes).is_err());
    }
}
