//! Downloading an archive from servers that cut, lie, change their mind, or take their time.

use super::*;
use jail::Bytes;

fn downloaded(node: &Node) -> bool {
    matches!(
        node.download("a", "1.x").unwrap(),
        FetchAnswer::Downloaded { sha256, .. } if sha256 == Digest::of(&node.archive()).to_string()
    )
}

/// The requests for the archive, by their range.
fn ranges(server: &Server) -> Vec<Option<String>> {
    let asked = server.asked().into_iter();
    asked
        .filter(|asked| asked.what == "GET /a.tar.gz")
        .map(|asked| asked.header("range").map(str::to_owned))
        .collect()
}

/// Serves it as a server should: whole, or the rest of what `If-Range` says.
fn well(asked: &Asked, to: &mut TcpStream, content: &[u8], tag: &str) {
    let headers = format!("ETag: {tag}\r\n");
    let same = asked.header("if-range").is_none_or(|known| known == tag);
    match begin_of(asked).filter(|_| same) {
        Some(begin) if begin < content.len() => {
            let end = content.len() - 1;
            let range = format!("Content-Range: bytes {begin}-{end}/{}\r\n", end + 1);
            let rest = &content[begin..];
            answer(to, "206 Partial Content", &(headers + &range), rest);
        }
        Some(_) => answer(to, "416 Range Not Satisfiable", &headers, b""),
        None => answer(to, "200 OK", &headers, content),
    }
}

fn begin_of(asked: &Asked) -> Option<usize> {
    let range = asked.header("range")?.strip_prefix("bytes=")?;
    range.strip_suffix('-')?.parse().ok()
}

/// Announces all of it and closes after a part.
fn cut(to: &mut TcpStream, content: &[u8], tag: &str, after: usize) {
    let length = content.len();
    let head = format!("HTTP/1.1 200 OK\r\nETag: {tag}\r\nContent-Length: {length}\r\n\r\n");
    to.write_all(head.as_bytes()).ok();
    to.write_all(&content[..after]).ok();
}

#[test]
fn an_archive_comes_whole() {
    let content = an_archive();
    let (_server, node) = with_archive(&content.clone(), move |asked, to| {
        well(asked, to, &content, "\"1\"");
    });
    assert!(downloaded(&node));
    let progress = node.progress.borrow();
    assert!(progress.len() > 1 && progress.is_sorted_by_key(|progress| progress.done));
    let whole = Progress {
        done: 640_000,
        of: Some(640_000),
    };
    assert_eq!(progress.last(), Some(&whole));
}

#[test]
fn a_cut_connection_is_continued() {
    let content = an_archive();
    let mut first = true;
    let (server, node) = with_archive(&content.clone(), move |asked, to| {
        match std::mem::take(&mut first) {
            true => cut(to, &content, "\"1\"", 300_001),
            false => well(asked, to, &content, "\"1\""),
        }
    });
    assert!(downloaded(&node));
    assert_eq!(ranges(&server), [None, Some("bytes=300001-".to_owned())]);
    assert_eq!(server.asked()[2].header("if-range"), Some("\"1\""));
    assert!(node.progress.borrow().is_sorted_by_key(|p| p.done));
}

#[test]
fn a_part_that_is_there_is_continued() {
    let content = an_archive();
    let serve = content.clone();
    let (server, node) = with_archive(&content, move |asked, to| {
        well(asked, to, &serve, "\"1\"");
    });
    node.leave_part(&content[..400_000]);
    assert!(downloaded(&node));
    assert_eq!(ranges(&server), [Some("bytes=400000-".to_owned())]);
    // All of it is there already.
    assert!(downloaded(&node));
    assert_eq!(server.count("a.tar.gz"), 1);
}

#[test]
fn a_part_of_something_else_is_given_up() {
    let content = an_archive();
    let serve = content.clone();
    let (server, node) = with_archive(&content, move |asked, to| {
        well(asked, to, &serve, "\"1\"");
    });
    node.leave_part(b"something else");
    assert!(downloaded(&node));
    assert_eq!(ranges(&server), [Some("bytes=14-".to_owned()), None]);
    // Longer than the archive.
    node.leave_part(&[7; 700_000]);
    assert!(downloaded(&node));
    assert_eq!(
        ranges(&server)[2..],
        [Some("bytes=700000-".to_owned()), None]
    );
}

#[test]
fn a_server_without_ranges_starts_again() {
    let content = an_archive();
    let serve = content.clone();
    let (server, node) = with_archive(&content, move |_, to| answer(to, "200 OK", "", &serve));
    node.leave_part(&content[..100]);
    assert!(downloaded(&node));
    assert_eq!(server.count("a.tar.gz"), 1);
}

#[test]
fn a_file_that_changes_meanwhile_is_fetched_anew() {
    let content = an_archive();
    for honest in [true, false] {
        let serve = content.clone();
        let mut first = true;
        let (server, node) = with_archive(&content, move |asked, to| {
            if std::mem::take(&mut first) {
                return cut(to, &vec![0; serve.len()], "\"old\"", 300_000);
            }
            let ignores = Asked::read(&b"GET / HTTP/1.1\r\nRange: bytes=300000-\r\n\r\n"[..]);
            match ignores.filter(|_| !honest && begin_of(asked).is_some()) {
                Some(ignores) => well(&ignores, to, &serve, "\"new\""),
                None => well(asked, to, &serve, "\"new\""),
            }
        });
        assert!(downloaded(&node), "{honest}");
        assert_eq!(server.asked()[2].header("if-range"), Some("\"old\""));
        assert_eq!(server.count("a.tar.gz"), if honest { 2 } else { 3 });
    }
}

#[test]
fn a_weak_tag_vouches_for_nothing() {
    let content = an_archive();
    let mut first = true;
    let (server, node) = with_archive(&content.clone(), move |_, to| {
        if std::mem::take(&mut first) {
            let modified = "W/\"1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
            return cut(to, &content, modified, 10);
        }
        answer(to, "200 OK", "", &content);
    });
    assert!(downloaded(&node));
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(server.asked()[2].header("if-range"), date);
}

#[test]
fn a_range_that_was_not_asked_for_is_not_taken() {
    let content = an_archive();
    let (server, node) = with_archive(&content, move |_, to| {
        let range = "Content-Range: bytes 5-9/10\r\n";
        answer(to, "206 Partial Content", range, b"12345");
    });
    for part in [&b""[..], b"123"] {
        node.leave_part(part);
        let failure = node.failure();
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.sentence.contains("does not continue"));
    }
    assert_eq!(server.count("a.tar.gz"), 12);
}

#[test]
fn a_server_that_announces_more_than_it_has_gives_all_it_has() {
    let content = an_archive();
    let (server, node) = with_archive(&content.clone(), move |_, to| {
        to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 640010\r\n\r\n")
            .ok();
        to.write_all(&content).ok();
    });
    assert!(downloaded(&node));
    assert_eq!(server.count("a.tar.gz"), 1);
}

#[test]
fn another_archive_than_the_indexs_is_fetched_twice_and_refused() {
    let content = an_archive();
    let shorter = "HTTP/1.1 200 OK\r\nContent-Length: 639990\r\n\r\n";
    let other = "HTTP/1.1 200 OK\r\nContent-Length: 640000\r\n\r\n1";
    for head in [shorter, other] {
        let serve = content.clone();
        let (server, node) = with_archive(&content, move |_, to| {
            to.write_all(head.as_bytes()).ok();
            to.write_all(&serve).ok();
        });
        let failure = node.failure();
        assert!(matches!(failure.kind, FailureKind::Checksum { .. }));
        assert!(failure.sentence.contains("fetch both anew"));
        assert_eq!(server.count("a.tar.gz"), 2);
        assert!(node.archive().is_empty());
    }
}

#[test]
fn a_server_that_always_cuts_is_given_up() {
    let content = an_archive();
    let (server, node) = with_archive(&content.clone(), move |_, to| {
        cut(to, &content, "\"1\"", 10);
    });
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(
        failure.sentence.contains("the connection was cut"),
        "{}",
        failure.sentence
    );
    assert_eq!(server.count("a.tar.gz"), 6);
    let waits = [375, 750, 1500, 3000, 6000].map(Duration::from_millis);
    assert_eq!(*node.clock.waits.borrow(), waits);
}

#[test]
fn a_server_that_stands_still_is_given_up() {
    let (server, mut node) = with_archive(b"12345", |_, to| {
        to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1")
            .ok();
        // Until the client hangs up.
        to.read_to_end(&mut Vec::new()).ok();
    });
    // An index that takes no time: the real one passes here.
    let _index = node.index_in_a_file(&line("a", "1.0.0", b"12345", &server.url("a.tar.gz")));
    node.limits.pause = Duration::from_millis(20);
    node.limits.archive_tries = 2;
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(
        failure.sentence.contains("no answer in time"),
        "{}",
        failure.sentence
    );
    assert!(server.comes_to("a.tar.gz", 2));
}

#[test]
fn a_server_that_drips_is_given_up() {
    let content = an_archive();
    let (server, mut node) = with_archive(&content.clone(), move |_, to| {
        cut(to, &content, "\"1\"", 20_000);
    });
    let _index = node.index_in_a_file(&line("a", "1.0.0", b"x", &server.url("a.tar.gz")));
    // Half a minute passes between two looks at the clock, in which no 30 KiB come.
    node.clock.step = Duration::from_secs(31);
    node.limits.archive_tries = 2;
    let failure = node.failure();
    assert!(
        failure.sentence.contains("comes too slowly"),
        "{}",
        failure.sentence
    );
    assert_eq!(server.count("a.tar.gz"), 2);
}

#[test]
fn an_archive_that_never_ends_is_given_up() {
    let endless = |_: &Asked, to: &mut TcpStream| {
        to.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok();
        while to.write_all(&[0; 4096]).is_ok() {}
    };
    let (server, mut node) = with_archive(b"x", endless);
    node.limits.archive = Bytes::mib(1);
    assert_eq!(node.failure().kind, FailureKind::TooLong);
    assert_eq!(server.count("a.tar.gz"), 1);
    // The same by the clock.
    node.limits.archive = Bytes::mib(4096);
    node.limits.archive_time = Duration::from_secs(100);
    node.clock.step = Duration::from_secs(1);
    let failure = node.failure();
    assert!(
        failure.sentence.contains("come to an end in time"),
        "{}",
        failure.sentence
    );
    assert_eq!(server.count("a.tar.gz"), 2);
}

#[test]
fn an_archive_that_announces_too_much_is_not_read() {
    let (server, mut node) = with_archive(b"x", |_, to| answer(to, "200 OK", "", &[0; 100]));
    node.limits.archive = Bytes(99);
    assert_eq!(node.failure().kind, FailureKind::TooLong);
    assert_eq!(server.count("a.tar.gz"), 1);
    assert!(node.progress.borrow().is_empty());
}

#[test]
fn an_archive_that_is_not_there_is_told_with_its_place() {
    let (server, node) = with_archive(b"x", |_, to| answer(to, "404 Not here", "", b"sorry"));
    let failure = node.failure();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.sentence.contains(&server.url("a.tar.gz")));
    assert_eq!(server.count("a.tar.gz"), 1);
}
