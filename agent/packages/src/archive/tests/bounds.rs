//! How much there may be, and where it ends.

use super::super::*;
use super::craft::{Tar, fault, gzip, unpack_bytes, unpack_plain};
use std::io;
use tar::EntryType;

fn limits() -> Limits {
    Limits::default()
}

fn gzip_fault(bytes: &[u8], limits: &Limits) -> Fault {
    unpack_bytes(bytes, limits).fault()
}

#[test]
fn the_archive_has_a_length() {
    // What can't be compressed.
    let noise: Vec<u8> = (0..300_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).rotate_left(n).to_le_bytes())
        .collect();
    let bytes = gzip(&Tar::default().file("a", &noise).bytes());
    let most = |compressed| Limits {
        compressed,
        ..limits()
    };
    let length = bytes.len() as u64;
    assert!(unpack_bytes(&bytes, &most(length)).result.is_ok());
    for short in [length - 1, length / 2, 5, 0] {
        let fault = gzip_fault(&bytes, &most(short));
        assert!(
            matches!(fault, Fault::CompressedTooLong(limit) if limit == short),
            "{fault:?}"
        );
    }
}

#[test]
fn what_is_in_it_has_a_length() {
    let tar = Tar::default().file("a", &[1; 3000]).bytes();
    let most = |unpacked| Limits {
        unpacked,
        ..limits()
    };
    assert!(unpack_plain(&tar, &most(tar.len() as u64)).result.is_ok());
    assert!(matches!(
        unpack_plain(&tar, &most(tar.len() as u64 - 1)).fault(),
        Fault::UnpackedTooLong(_)
    ));
    // Said at the header: nothing of it is there.
    let announced = Tar::default().entry(EntryType::Regular, b"a", b"", |h| h.set_size(5 << 30));
    let outcome = unpack_plain(&announced.bytes(), &limits());
    assert!(matches!(
        outcome.result.as_ref().unwrap_err().fault,
        Fault::UnpackedTooLong(_)
    ));
    assert!(std::fs::metadata(outcome.folder().join("a")).unwrap().len() == 0);
    let most = Tar::default()
        .pax(&[("size", "18446744073709551615")])
        .file("a", b"");
    assert!(matches!(fault(most), Fault::UnpackedTooLong(_)));
}

#[test]
fn a_bomb_is_noticed() {
    let zeros = |mib: usize| gzip(&Tar::default().file("a", &vec![0; mib << 20]).bytes());
    // As much as 16 MiB may be of anything.
    assert!(unpack_bytes(&zeros(15), &limits()).result.is_ok());
    assert!(matches!(
        gzip_fault(&zeros(40), &limits()),
        Fault::Ratio(200)
    ));
    let ratio = Limits {
        ratio: 2000,
        ..limits()
    };
    assert!(unpack_bytes(&zeros(40), &ratio).result.is_ok());
    // Behind the end as well.
    let mut tail = Tar::default().file("a", b"").bytes();
    tail.resize(40 << 20, 0);
    assert!(matches!(
        gzip_fault(&gzip(&tail), &limits()),
        Fault::Ratio(200)
    ));
}

/// Implied folders count too: a path of 32 names is 32 things.
#[test]
fn things_are_counted() {
    let most = Limits {
        entries: 10,
        ..limits()
    };
    let files = |count: usize| {
        (0..count)
            .fold(Tar::default(), |tar, n| tar.file(&format!("f{n}"), b""))
            .bytes()
    };
    assert_eq!(unpack_plain(&files(10), &most).result.unwrap().entries, 10);
    assert!(matches!(
        unpack_plain(&files(11), &most).fault(),
        Fault::TooMany(10)
    ));
    let deep = Tar::default().file(&["d"; 11].join("/"), b"").bytes();
    assert!(matches!(
        unpack_plain(&deep, &most).fault(),
        Fault::TooMany(10)
    ));
}

/// A length of 1 GB in an extension costs nothing.
#[test]
fn an_extension_has_a_length() {
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let announced = Tar::default().entry(kind, b"x", b"", |h| h.set_size(1 << 30));
        assert!(matches!(fault(announced), Fault::ExtensionTooLong(length) if length == 1 << 30));
    }
    let comment = "c".repeat(65_000);
    let tar = Tar::default().pax(&[("comment", &comment)]).file("a", b"");
    assert!(unpack_plain(&tar.bytes(), &limits()).result.is_ok());
}

/// Cut anywhere, it is an error, whether within a block, between blocks, or in the compression.
#[test]
fn a_cut_archive_is_noticed() {
    let tar = Tar::default().file("a", &[7; 700]).link("b", "a").bytes();
    for length in (0..tar.len()).filter(|length| length % 512 < 2 || length % 97 == 0) {
        let fault = unpack_plain(&tar[..length], &limits()).fault();
        assert!(matches!(fault, Fault::Truncated), "{length} {fault:?}");
    }
    let bytes = gzip(&tar);
    for length in 0..bytes.len() {
        let fault = gzip_fault(&bytes[..length], &limits());
        assert!(matches!(fault, Fault::Truncated), "{length} {fault:?}");
    }
}

#[test]
fn nothing_follows_the_end() {
    let tar = Tar::default().file("a", b"");
    let with = |tail: &[u8]| unpack_plain(&[&tar.clone().bytes(), tail].concat(), &limits());
    assert!(with(&[0; 10_000]).result.is_ok());
    assert!(matches!(with(b"x").fault(), Fault::AfterEnd));
    assert!(matches!(
        with(&Tar::default().file("b", b"").0).fault(),
        Fault::AfterEnd
    ));
    // One empty block is no end, and no gap.
    let mut gap = tar.clone();
    gap.0.extend([0; 512]);
    assert!(matches!(fault(gap.file("b", b"")), Fault::AfterEnd));
    let one = [&tar.0[..], &[0; 512]].concat();
    assert!(matches!(
        unpack_plain(&one, &limits()).fault(),
        Fault::Truncated
    ));
}

#[test]
fn a_single_gzip_stream_is_read() {
    let bytes = gzip(&Tar::default().file("a", b"x").bytes());
    for tail in [&bytes[..], &gzip(b""), b"x", &[0; 512]] {
        let fault = gzip_fault(&[&bytes[..], tail].concat(), &limits());
        assert!(matches!(fault, Fault::AfterStream), "{fault:?}");
    }
}

#[test]
fn damage_is_noticed() {
    assert!(matches!(
        gzip_fault(b"not gzip at all", &limits()),
        Fault::Gzip(_)
    ));
    let bytes = gzip(&Tar::default().file("a", &[7; 3000]).bytes());
    // The checksum, and the length after it.
    for from_end in [8, 1] {
        let mut bytes = bytes.clone();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        assert!(matches!(gzip_fault(&bytes, &limits()), Fault::Gzip(_)));
    }
    for at in 10..bytes.len() - 8 {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        let outcome = unpack_bytes(&bytes, &limits());
        // Some bits have no meaning.
        if outcome.result.is_ok() {
            assert_eq!(
                outcome.listing(),
                [format!("f 644 a {}", "\u{7}".repeat(3000))]
            );
        }
    }
}

/// A disk that fails is no damaged archive.
#[test]
fn an_archive_that_cannot_be_read() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let staging = std::fs::File::open(dir.path()).unwrap();
    let package = PackageId::parse("a", "1.0.0").unwrap();
    let error = unpack(
        Broken,
        std::os::fd::AsFd::as_fd(&staging),
        &package,
        &limits(),
    )
    .unwrap_err();
    assert!(matches!(error.fault, Fault::Read(_)), "{error:?}");
    assert_eq!(error.entry, "its beginning");
}
