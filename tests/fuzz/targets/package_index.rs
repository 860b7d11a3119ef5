//! A package index. Its first line is the URL that it came from.

#![no_main]

use capsule_fuzz::{assert_stays_below, within_memory};
use libfuzzer_sys::fuzz_target;
use packages::index::{Index, Location, Scheme};

fuzz_target!(|input: &[u8]| {
    let (first, text) = match input.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => return,
    };
    let source = std::str::from_utf8(first).ok();
    let Some(source) = source.and_then(|url| Location::parse(url).ok()) else {
        return;
    };
    let Ok((index, errors)) = within_memory(text.len(), 0, || Index::parse(text, &source)) else {
        return;
    };
    let lines = text.split(|&byte| byte == b'\n');
    let filled = lines.filter(|line| !matches!(*line, b"" | b"\r")).count();
    assert_eq!(index.releases().len() + errors.len(), filled);
    let mut written = String::new();
    for release in index.releases() {
        let (folder, url) = (release.id.folder(), release.location.to_string());
        assert_stays_below(&folder);
        assert_eq!(folder.matches('/').count(), 1, "{folder}");
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        assert!(
            !path.split('/').any(|part| matches!(part, "." | "..")),
            "{url}"
        );
        match release.location.scheme() {
            Scheme::Https => assert!(url.starts_with("https://")),
            Scheme::Http => assert!(url.starts_with("http://")),
            Scheme::File => {
                assert!(url.starts_with("file:///"), "{url}");
                assert_eq!(source.scheme(), Scheme::File);
            }
        }
        let (name, version) = (release.id.name(), release.id.version());
        written += &format!("{name},{version},{},{url}\r\n", release.sha256);
    }
    // Read and written once more, it is the same, and beside itself too.
    let again = Index::parse(written.as_bytes(), &source);
    assert_eq!(again, Ok((index.clone(), Vec::new())), "{written}");
    assert_eq!(Index::merge([index.clone(), index.clone()]), index);
});
