//! A folder with an index and archives, made for a test.

use minisign::KeyPair;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// An index and what it names.
pub(crate) struct Repository(TempDir);

/// Runs a command that has to work: what it prints.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().expect("the command can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The name of an archive as Piston calls it.
pub(crate) fn archive_name(name: &str, version: &str) -> String {
    format!("{name}-{version}.pkg.tar.gz")
}

impl Repository {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        // As a web server's folder: read by all.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::write(folder.path().join("index"), "").expect("a file can be written");
        Self(folder)
    }

    /// With these packages.
    pub(crate) fn with(packages: &[(&str, &str)]) -> Self {
        let repository = Self::new();
        for (name, version) in packages {
            repository.add(name, version, |_| {});
        }
        repository
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Adds a package that runs scripts of bash, with what `more` puts into its folder.
    pub(crate) fn add(&self, name: &str, version: &str, more: impl FnOnce(&Path)) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let write = |file: &str, text: &str| {
            fs::write(folder.path().join(file), text).expect("a file can be written");
        };
        write(
            "pkg-info.json",
            &format!(r#"{{"language": "{name}", "version": "{version}", "aliases": []}}"#),
        );
        write(".env", &format!("VERSION={version}\n"));
        write("run", "#!/bin/bash\nexec bash \"$@\"\n");
        let run = folder.path().join("run");
        fs::set_permissions(run, fs::Permissions::from_mode(0o755)).expect("it is ours");
        more(folder.path());
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(folder.path()).args(["-cf", "-", "."]);
        self.pack(name, version, &mut tar);
    }

    /// Adds as a package what a command packs to its stdout.
    pub(crate) fn pack(&self, name: &str, version: &str, tar: &mut Command) -> PathBuf {
        let archive = self.path().join(archive_name(name, version));
        let packed = tar.output().expect("tar can be started");
        let said = String::from_utf8_lossy(&packed.stderr);
        assert!(packed.status.success(), "{tar:?}: {said}");
        let plain = archive.with_extension("");
        fs::write(&plain, packed.stdout).expect("a file can be written");
        run(Command::new("gzip").args(["-1", "-f"]).arg(&plain));
        self.announce(name, version, &digest(&archive));
        archive
    }

    /// Adds a line to the index.
    pub(crate) fn announce(&self, name: &str, version: &str, digest: &str) {
        let index = self.path().join("index");
        let mut text = fs::read_to_string(&index).expect("it is there");
        text += &format!(
            "{name},{version},{digest},{}\n",
            archive_name(name, version)
        );
        fs::write(index, text).expect("a file can be written");
    }

    /// Signs the index with a new key: the public one as a configuration has it.
    pub(crate) fn sign(&self) -> String {
        let pair = KeyPair::generate_unencrypted_keypair().expect("there is randomness");
        let index = fs::read(self.path().join("index")).expect("it is there");
        let signed = minisign::sign(Some(&pair.pk), &pair.sk, index.as_slice(), None, None)
            .expect("it can be signed");
        fs::write(self.path().join("index.minisig"), signed.into_string())
            .expect("a file can be written");
        pair.pk.to_base64()
    }
}

/// The SHA-256 of a file.
pub(crate) fn digest(file: &Path) -> String {
    let line = run(Command::new("sha256sum").arg(file));
    line.split_whitespace()
        .next()
        .expect("it prints a digest")
        .to_owned()
}
