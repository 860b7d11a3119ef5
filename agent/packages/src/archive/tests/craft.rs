//! Archives as nobody's tar makes them.

use super::super::*;
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tar::{EntryType, Header};
use tempfile::TempDir;

/// A tar archive in the making.
#[derive(Clone, Default)]
pub(super) struct Tar(pub(super) Vec<u8>);

impl Tar {
    pub(super) fn file(self, path: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, path.as_bytes(), content, |_| {})
    }

    pub(super) fn folder(self, path: &str) -> Self {
        self.entry(EntryType::Directory, path.as_bytes(), b"", |header| {
            header.set_mode(0o755);
        })
    }

    pub(super) fn link(self, path: &str, target: &str) -> Self {
        self.linked(EntryType::Symlink, path, target)
    }

    pub(super) fn hard_link(self, path: &str, target: &str) -> Self {
        self.linked(EntryType::Link, path, target)
    }

    fn linked(self, kind: EntryType, path: &str, target: &str) -> Self {
        if target.len() > 100 {
            return self
                .entry(
                    EntryType::GNULongLink,
                    b"././@LongLink",
                    target.as_bytes(),
                    |_| {},
                )
                .linked(kind, path, "");
        }
        self.entry(kind, path.as_bytes(), b"", |header| {
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        })
    }

    /// A header of pax with these records, for the next entry.
    pub(super) fn pax(self, records: &[(&str, &str)]) -> Self {
        self.extension(EntryType::XHeader, &pax_records(records))
    }

    pub(super) fn extension(self, kind: EntryType, content: &[u8]) -> Self {
        self.entry(kind, b"extension", content, |_| {})
    }

    /// An entry with whatever else is to be set in its header. Paths beyond 100 bytes become long names.
    pub(super) fn entry(
        mut self,
        kind: EntryType,
        path: &[u8],
        content: &[u8],
        set: impl FnOnce(&mut Header),
    ) -> Self {
        if path.len() > 100 {
            self = self.extension(EntryType::GNULongName, path);
        }
        let mut header = Header::new_gnu();
        let shown = &path[..path.len().min(100)];
        header.as_old_mut().name[..shown.len()].copy_from_slice(shown);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_600_000_000);
        set(&mut header);
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// All of it, with its end.
    pub(super) fn bytes(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

pub(super) fn pax_records(records: &[(&str, &str)]) -> Vec<u8> {
    let record = |(key, value): &(&str, &str)| {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while length != length.to_string().len() + rest.len() {
            length += 1;
        }
        format!("{length}{rest}")
    };
    records.iter().map(record).collect::<String>().into_bytes()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What unpacking made: a folder that stands in another one, where nothing else may appear.
pub(super) struct Outcome {
    pub(super) result: Result<Unpacked, ArchiveError>,
    dir: TempDir,
}

impl Outcome {
    pub(super) fn folder(&self) -> std::path::PathBuf {
        self.dir.path().join("staging")
    }

    pub(super) fn fault(self) -> Fault {
        self.result.unwrap_err().fault
    }

    /// Everything there, each as `TYPE MODE PATH CONTENT`.
    pub(super) fn listing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        list(&self.folder(), "", &mut lines);
        lines
    }
}

fn list(folder: &Path, above: &str, lines: &mut Vec<String>) {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        let (path, shown) = (folder.join(&name), format!("{above}{name}"));
        let status = path.symlink_metadata().unwrap();
        let mode = status.mode() & 0o7777;
        if status.is_symlink() {
            lines.push(format!(
                "l {shown} {}",
                fs::read_link(&path).unwrap().display()
            ));
        } else if status.is_dir() {
            lines.push(format!("d {mode:o} {shown}"));
            list(&path, &format!("{shown}/"), lines);
        } else {
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            lines.push(format!("f {mode:o} {shown} {content}"));
        }
    }
}

pub(super) fn unpack_bytes(archive: &[u8], limits: &Limits) -> Outcome {
    unpack_into(limits, |staging, package, limits| {
        unpack(archive, staging, package, limits)
    })
}

/// Unpacks what is as good as unzipped.
pub(super) fn unpack_plain(tar: &[u8], limits: &Limits) -> Outcome {
    unpack_into(limits, |staging, package, limits| {
        unpack_tar(tar, staging, package, limits)
    })
}

fn unpack_into(
    limits: &Limits,
    unpack: impl FnOnce(BorrowedFd<'_>, &PackageId, &Limits) -> Result<Unpacked, ArchiveError>,
) -> Outcome {
    let dir = TempDir::new().unwrap();
    let staging = dir.path().join("staging");
    fs::create_dir(&staging).unwrap();
    let opened = fs::File::open(&staging).unwrap();
    let package = PackageId::parse("java", "17.0.1").unwrap();
    let result = unpack(opened.as_fd(), &package, limits);
    let outside: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(outside, ["staging"]);
    Outcome { result, dir }
}

/// What is wrong with an archive.
pub(super) fn fault(tar: Tar) -> Fault {
    unpack_plain(&tar.bytes(), &Limits::default()).fault()
}

/// What a good archive becomes.
pub(super) fn made(tar: Tar) -> Vec<String> {
    let outcome = unpack_plain(&tar.bytes(), &Limits::default());
    if let Err(error) = &outcome.result {
        panic!("{error}: {:?}", error.fault);
    }
    outcome.listing()
}
