//! A bundle of packages, which comes from wherever an operator has it from. The first byte of an input says whether the
//! checksums in it are set right first (odd) or stay as they are.

#![no_main]

use capsule_fuzz::{tar_of, within_memory};
use libfuzzer_sys::fuzz_target;
use packages::bundle::{Bundle, archive_name};
use packages::index::INDEX_MAX;
use packages::{PackageId, Part};
use std::io::{Read, Write};

fuzz_target!(|input: &[u8]| {
    let Some(tar) = tar_of(input) else { return };
    let mut file = tempfile::tempfile_in("/dev/shm")
        .or_else(|_| tempfile::tempfile())
        .expect("room");
    file.write_all(&tar).expect("room");
    let whole = Part::whole(&file).expect("a file");
    let Ok(bundle) = within_memory(tar.len(), 0, || Bundle::read(whole)) else {
        return;
    };
    assert!(bundle.index.bytes.len() <= INDEX_MAX);
    assert!(tar.starts_with(b"index\0"));
    assert!(tar[512..].starts_with(&bundle.index.bytes));
    for (name, version) in [("java", "17.0.1"), ("bash", "5.2.15")] {
        let id = PackageId::parse(name, version).expect("a package");
        let Some(mut part) = bundle.archive(&id) else {
            continue;
        };
        let mut archive = Vec::new();
        part.read_to_end(&mut archive).expect("it is there");
        // All that its header announces, and right behind it.
        let name = archive_name(&id);
        let behind_a_header = tar.chunks(512).enumerate().any(|(number, header)| {
            let content = tar.get(512 * (number + 1)..).unwrap_or_default();
            header.starts_with(name.as_bytes())
                && announces(header, archive.len())
                && content.starts_with(&archive)
        });
        assert!(behind_a_header, "{name}");
    }
});

/// Whether a header says that so many bytes follow: an octal number, perhaps within spaces, up to a NUL.
fn announces(header: &[u8], length: usize) -> bool {
    let field = header.get(124..136).unwrap_or_default();
    let text = field.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    usize::from_str_radix(text.trim(), 8).is_ok_and(|announced| announced == length)
}
