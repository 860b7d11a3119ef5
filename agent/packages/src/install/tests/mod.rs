//! Packages that come and go, and what is refused.

mod crashes;

use super::*;
use crate::archive::{Fault, Limits, Unpacked, unpack};
use crate::checksum;
use crate::sealed::{Change, Digest};
use crate::store::{INSTALLED, Store};
use flate2::{Compression, write::GzEncoder};
use std::fs::Permissions;
use std::io::Seek;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// A data directory with nothing in it.
struct Data {
    dir: TempDir,
    installer: Installer,
}

impl Data {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let installer = Installer::open(dir.path()).unwrap();
        Self { dir, installer }
    }

    /// A staging folder with python 3.11.2 in it, as it was unpacked.
    fn staged(&self) -> Staging {
        let staging = self.installer.stage().unwrap();
        let write = |name: &str, content: &str| {
            fs::write(staging.path().join(name), content).unwrap();
        };
        write(
            "pkg-info.json",
            r#"{"language":"python","version":"3.11.2"}"#,
        );
        write(".env", "PATH=/piston/bin\n");
        write("run", "#!/bin/sh\n");
        fs::create_dir(staging.path().join("lib")).unwrap();
        write("lib/a", "a");
        symlink("../run", staging.path().join("lib/link")).unwrap();
        fs::hard_link(staging.path().join("lib/a"), staging.path().join("b")).unwrap();
        staging
    }

    fn publish(&self, staging: Staging) -> Result<(), InstallError> {
        self.installer.publish(staging, &id(), now())
    }

    /// Nothing but the package, if there is one.
    fn assert_clean(&self, installed: bool) {
        let packages = Store::open(self.dir.path().join("packages")).unwrap();
        let (found, errors) = packages.packages();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(found.len(), usize::from(installed));
        let all: &[&str] = match installed {
            true => &[
                ".staging/lock",
                "manifests/python/3.11.2.json",
                "packages/python/3.11.2",
            ],
            false => &[".staging/lock", "manifests", "packages"],
        };
        let here = |path: &Path| {
            path.strip_prefix(self.dir.path())
                .unwrap()
                .display()
                .to_string()
        };
        let mut leaves = Vec::new();
        let mut waiting = entries(self.dir.path()).unwrap();
        while let Some(path) = waiting.pop() {
            let inside = entries(&path).unwrap_or_default();
            match here(&path).matches('/').count() < 2 && !inside.is_empty() {
                true => waiting.extend(inside),
                false => leaves.push(here(&path)),
            }
        }
        leaves.sort();
        assert_eq!(leaves, all);
        if installed {
            assert_eq!(self.installer.verify(&id()).unwrap(), None);
        }
    }
}

/// An archive of these files.
fn packed(files: &[(&str, &[u8])]) -> File {
    let gzip = GzEncoder::new(tempfile::tempfile().unwrap(), Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for &(name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content).unwrap();
    }
    let mut file = tar.into_inner().unwrap().finish().unwrap();
    file.rewind().unwrap();
    file
}

fn id() -> PackageId {
    PackageId::parse("python", "3.11.2").unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_795_248_716_865)
}

/// The way of a package from its archive into the store.
#[test]
fn an_archive_becomes_a_package() {
    let data = Data::new();
    let mut archive = packed(&[
        (
            "pkg-info.json",
            br#"{"language":"python","version":"3.11.2"}"#,
        ),
        (".env", b""),
        ("run", b"#!/bin/sh\n"),
    ]);
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut archive, &mut bytes).unwrap();
    archive.rewind().unwrap();
    checksum::check(&archive, Digest::of(&bytes)).unwrap();
    let staging = data.installer.stage().unwrap();
    let unpacked = unpack(archive, staging.as_fd(), &id(), &Limits::default()).unwrap();
    assert_eq!(
        unpacked,
        Unpacked {
            entries: 3,
            bytes: 50
        }
    );
    data.publish(staging).unwrap();
    data.assert_clean(true);
}

#[test]
fn a_package_comes_and_goes() {
    let data = Data::new();
    data.publish(data.staged()).unwrap();
    data.assert_clean(true);
    let package = data.dir.path().join("packages/python/3.11.2");
    assert_eq!(fs::read(package.join(INSTALLED)).unwrap(), b"1795248716865");
    assert_eq!(fs::metadata(&package).unwrap().mode() & 0o7777, 0o755);
    let private = data.dir.path().join("manifests");
    assert_eq!(fs::metadata(private).unwrap().mode() & 0o7777, 0o700);
    data.installer.remove(&id()).unwrap();
    data.assert_clean(false);
    assert!(matches!(
        data.installer.remove(&id()),
        Err(InstallError::NotInstalled(_))
    ));
    data.publish(data.staged()).unwrap();
    data.assert_clean(true);
}

#[test]
fn a_second_version_stays_when_the_first_goes() {
    let data = Data::new();
    data.publish(data.staged()).unwrap();
    let (other, staging) = (PackageId::parse("python", "3.12.0").unwrap(), data.staged());
    fs::write(
        staging.path().join("pkg-info.json"),
        r#"{"language":"python","version":"3.12.0"}"#,
    )
    .unwrap();
    data.installer.publish(staging, &other, now()).unwrap();
    data.installer.remove(&other).unwrap();
    data.assert_clean(true);
}

#[test]
fn what_is_there_is_not_replaced() {
    let data = Data::new();
    data.publish(data.staged()).unwrap();
    let staging = data.staged();
    fs::write(staging.path().join("run"), "#!/bin/evil\n").unwrap();
    assert!(matches!(
        data.publish(staging),
        Err(InstallError::AlreadyInstalled(_))
    ));
    data.assert_clean(true);
    // Also where it is a link, whatever that leads to.
    let data = Data::new();
    fs::create_dir(data.dir.path().join("packages/python")).unwrap();
    symlink("/nowhere", data.dir.path().join("packages/python/3.11.2")).unwrap();
    assert!(matches!(
        data.publish(data.staged()),
        Err(InstallError::AlreadyInstalled(_))
    ));
    data.installer.remove(&id()).unwrap();
    data.assert_clean(false);
}

/// Somebody has begun to copy it there, or Piston to install it.
#[test]
fn what_was_never_finished_is_replaced() {
    let data = Data::new();
    let folder = data.dir.path().join("packages/python/3.11.2");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("half"), "").unwrap();
    data.publish(data.staged()).unwrap();
    data.assert_clean(true);
}

#[test]
fn of_two_at_once_one_wins() {
    let data = Data::new();
    let publish = || {
        let installer = Installer::open(data.dir.path()).unwrap();
        installer.publish(data.staged(), &id(), now())
    };
    let results = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(publish)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results {
        assert!(
            matches!(result, Ok(()) | Err(InstallError::AlreadyInstalled(_))),
            "{result:?}"
        );
    }
    data.assert_clean(true);
}

/// Staging folders have numbers, and one that is free is taken again at once.
#[test]
fn packages_that_come_at_once_leave_each_other_alone() {
    let data = Data::new();
    let come = |major: u32| {
        for minor in 0..25 {
            let version = format!("{major}.{minor}.0");
            let staging = data.staged();
            let info = format!(r#"{{"language":"python","version":"{version}"}}"#);
            fs::write(staging.path().join("pkg-info.json"), info).unwrap();
            let id = PackageId::parse("python", &version).unwrap();
            data.installer.publish(staging, &id, now()).unwrap();
            data.installer.remove(&id).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for major in 0..4 {
            scope.spawn(move || come(major));
        }
    });
    data.assert_clean(false);
}

/// Everything that is not the package it should be, and what only a process that was taken over would leave.
#[test]
fn what_is_no_package_is_not_published() {
    type Break = fn(&Path, &Path);
    type Expected = fn(&InstallError) -> bool;
    let cases: [(Break, Expected); 8] = [
        (
            |d, _| {
                let large = File::create(d.join("large")).unwrap();
                large.set_len(Limits::default().unpacked + 1).unwrap();
            },
            |e| matches!(e, InstallError::Unfit { name, source: Unfit::Much(_) } if name == "large"),
        ),
        (
            |d, _| symlink("/etc/passwd", d.join("l")).unwrap(),
            |e| is_unfit(e, "l", Unfit::Link),
        ),
        (
            |d, _| symlink("../..", d.join("lib/up2")).unwrap(),
            |e| is_unfit(e, "lib/up2", Unfit::Link),
        ),
        (
            |d, _| drop(std::os::unix::net::UnixListener::bind(d.join("s")).unwrap()),
            |e| is_unfit(e, "s", Unfit::Kind),
        ),
        (
            |d, _| fs::set_permissions(d.join("run"), Permissions::from_mode(0o4755)).unwrap(),
            |e| is_unfit(e, "run", Unfit::Mode(0o4755)),
        ),
        (
            |d, _| fs::set_permissions(d.join("lib"), Permissions::from_mode(0o777)).unwrap(),
            |e| is_unfit(e, "lib", Unfit::Mode(0o777)),
        ),
        (
            |d, _| fs::set_permissions(d.join("run"), Permissions::from_mode(0o600)).unwrap(),
            |e| is_unfit(e, "run", Unfit::Mode(0o600)),
        ),
        (
            |d, outside| fs::hard_link(d.join("lib/a"), outside.join("c")).unwrap(),
            |e| is_unfit(e, "b", Unfit::Name),
        ),
    ];
    for (number, (break_it, expected)) in cases.into_iter().enumerate() {
        let (data, outside) = (Data::new(), TempDir::new().unwrap());
        let staging = data.staged();
        break_it(staging.path(), outside.path());
        let error = data.publish(staging).unwrap_err();
        assert!(expected(&error), "{number}: {error:?}");
        data.assert_clean(false);
    }
}

fn is_unfit(error: &InstallError, at: &str, fault: Unfit) -> bool {
    matches!(error, InstallError::Unfit { name, source } if name == at && *source == fault)
}

#[test]
fn files_of_others_are_not_published() {
    let data = Data::new();
    let staging = data.staged();
    let owner = nix::unistd::geteuid().as_raw();
    let limits = Limits::default();
    check::tree(staging.path(), owner, &limits).unwrap();
    let error = check::tree(staging.path(), owner + 1, &limits).unwrap_err();
    assert!(is_unfit(&error, ".", Unfit::Owner), "{error:?}");
}

/// However much a process that was taken over makes, root looks at no more than an archive may hold.
#[test]
fn more_than_an_archive_holds_is_not_looked_at() {
    let data = Data::new();
    let staging = data.staged();
    let owner = nix::unistd::geteuid().as_raw();
    let all = Tree::read(staging.path()).unwrap().count();
    let check = |entries| {
        let limits = Limits {
            entries,
            ..Limits::default()
        };
        check::tree(staging.path(), owner, &limits)
    };
    check(all).unwrap();
    // However many names a file has, it is as long as it is.
    let limits = Limits {
        unpacked: 1000,
        ..Limits::default()
    };
    fs::write(staging.path().join("long"), [7; 600]).unwrap();
    for name in ["long2", "long3"] {
        fs::hard_link(staging.path().join("long"), staging.path().join(name)).unwrap();
    }
    check::tree(staging.path(), owner, &limits).unwrap();
    fs::write(staging.path().join("more"), [7; 600]).unwrap();
    let error = check::tree(staging.path(), owner, &limits).unwrap_err();
    assert!(matches!(
        error,
        InstallError::Unfit {
            source: Unfit::Much(1000),
            ..
        }
    ));
    for entries in 0..all {
        let error = check(entries).unwrap_err();
        let InstallError::Files(SealError::TooMany { most }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(most, entries);
    }
}

#[test]
fn a_changed_file_is_found() {
    let data = Data::new();
    assert!(matches!(
        data.installer.verify(&id()),
        Err(InstallError::NotInstalled(_))
    ));
    data.publish(data.staged()).unwrap();
    let package = data.dir.path().join("packages/python/3.11.2");
    fs::write(package.join("lib/a"), "A").unwrap();
    let difference = data.installer.verify(&id()).unwrap().unwrap();
    // Both names of it; the first is told.
    assert_eq!(
        (difference.name.as_str(), difference.change),
        ("b", Change::Content)
    );
    let manifest = data.dir.path().join("manifests/python/3.11.2.json");
    fs::write(&manifest, "{").unwrap();
    assert!(matches!(
        data.installer.verify(&id()),
        Err(InstallError::Manifest { .. })
    ));
    fs::remove_file(&manifest).unwrap();
    assert!(matches!(
        data.installer.verify(&id()),
        Err(InstallError::NoManifest(_))
    ));
}
