//! Stops at every step, what they leave, and disks without room.

use super::*;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use std::process::Command;

/// Stopped after any step, the package is there as a whole or not at all, and recovery leaves nothing else.
#[test]
fn a_crash_while_publishing_leaves_all_or_nothing() {
    for steps in 0..=Publishing::STEPS.len() {
        let data = Data::new();
        let staging = data.staged();
        let publishing = Publishing {
            installer: &data.installer,
            staging: &staging,
            id: &id(),
            now: now(),
        };
        for step in &Publishing::STEPS[..steps] {
            step(&publishing).unwrap();
        }
        staging.crash();
        let there = exists(&data.installer.package(&id())).unwrap();
        assert_eq!(there, steps == Publishing::STEPS.len(), "after {steps}");
        data.installer.recover().unwrap();
        data.assert_clean(there);
    }
}

#[test]
fn a_crash_while_removing_leaves_all_or_nothing() {
    for steps in 0..=3 {
        let data = Data::new();
        data.publish(data.staged()).unwrap();
        let removing = Removing {
            installer: &data.installer,
            staging: data.installer.stage().unwrap(),
            id: &id(),
        };
        let (hide, [forget, tidy]) = Removing::STEPS;
        for step in &[hide, forget, tidy][..steps] {
            step(&removing).unwrap();
        }
        removing.staging.crash();
        data.installer.recover().unwrap();
        data.assert_clean(steps == 0);
    }
}

/// Another node may be unpacking while this one starts.
#[test]
fn what_is_in_use_is_not_recovered() {
    let data = Data::new();
    let staging = data.staged();
    Installer::open(data.dir.path()).unwrap().recover().unwrap();
    data.publish(staging).unwrap();
    data.assert_clean(true);
}

/// As deep as only a process makes them that goes down step by step.
fn make_deep(folder: &Path, levels: usize) {
    let mut at = File::open(folder).unwrap();
    for _ in 0..levels {
        mkdirat(&at, "d", Mode::S_IRWXU).unwrap();
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        at = File::from(openat(&at, "d", flags, Mode::empty()).unwrap());
    }
}

#[test]
fn what_is_too_deep_is_refused_and_deleted() {
    let data = Data::new();
    let staging = data.staged();
    make_deep(staging.path(), 3000);
    let error = data.publish(staging).unwrap_err();
    let InstallError::Files(SealError::TooDeep { depth }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(depth, Limits::default().depth);
    data.assert_clean(false);
    // Where descriptors do not go so deep.
    let (folder, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let at = |name: &str| folder.path().join(name);
    make_deep(folder.path(), 3000);
    fs::create_dir_all(at("moved-0/moved-1/moved-0")).unwrap();
    fs::write(at("moved-2"), "").unwrap();
    fs::write(at("moved-0/moved-1/file"), "").unwrap();
    symlink(outside.path(), at("d/link")).unwrap();
    staging::delete_flat(folder.path()).unwrap();
    assert!(!folder.path().exists() && outside.path().exists());
}

#[test]
fn links_are_deleted_and_not_followed() {
    let (data, outside) = (Data::new(), TempDir::new().unwrap());
    let kept = outside.path().join("kept");
    fs::write(&kept, "x").unwrap();
    data.publish(data.staged()).unwrap();
    let package = data.dir.path().join("packages/python/3.11.2");
    symlink(outside.path(), package.join("folder")).unwrap();
    symlink(&kept, package.join("file")).unwrap();
    data.installer.remove(&id()).unwrap();
    let staging = data.installer.stage().unwrap();
    symlink(outside.path(), staging.path().join("folder")).unwrap();
    staging.crash();
    symlink(outside.path(), data.dir.path().join(".staging/link")).unwrap();
    data.installer.recover().unwrap();
    fs::remove_file(data.dir.path().join(".staging/link")).unwrap();
    data.assert_clean(false);
    assert_eq!(fs::read(kept).unwrap(), b"x");
}

#[test]
fn a_staging_folder_elsewhere_is_refused() {
    let (dir, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    symlink(outside.path(), dir.path().join(".staging")).unwrap();
    let error = Installer::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, InstallError::Files(SealError::NotOwn(_))),
        "{error:?}"
    );
}

/// No file may be longer than 512 bytes there, which ends the manifest as a full disk does.
#[test]
fn a_full_disk_leaves_the_store_as_it_was() {
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    let output = Command::new("/bin/sh")
        .args(["-c", limited, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "install::tests::crashes::on_a_full_disk",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("the disk was full"),
        "{output:?}"
    );
}

#[test]
#[ignore = "needs the limit that a_full_disk_leaves_the_store_as_it_was sets"]
fn on_a_full_disk() {
    let data = Data::new();
    let staging = data.installer.stage().unwrap();
    let archive = packed(&[("big", &[7; 3000])]);
    let error = unpack(archive, staging.as_fd(), &id(), &Limits::default());
    let error = error.unwrap_err();
    assert!(
        matches!(
            error.fault,
            Fault::Write {
                what: "write the file",
                ..
            }
        ),
        "{error:?}"
    );
    drop(staging);
    let error = data.publish(data.staged()).unwrap_err();
    assert!(
        matches!(&error, InstallError::Files(SealError::File { what: "write", path, .. }) if path.ends_with("3.11.2.json.new")),
        "{error:?}"
    );
    data.installer.recover().unwrap();
    data.assert_clean(false);
    println!("the disk was full");
}
