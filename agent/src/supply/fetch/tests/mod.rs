//! Whole orders against servers that mean harm. Nothing here waits: time is what the test says.

mod archives;
mod indexes;
mod network;
mod server;

use super::*;
use crate::supply::order::FetchFailure;
use packages::sealed::Digest;
use server::{Asked, Server, answer};
use std::cell::{Cell, RefCell};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Time that passes by so much whenever somebody looks, and a chance that is always the same.
#[derive(Default)]
struct Unreal {
    now: Cell<Duration>,
    step: Duration,
    waits: RefCell<Vec<Duration>>,
}

impl Clock for Unreal {
    fn now(&self) -> Duration {
        self.now.set(self.now.get() + self.step);
        self.now.get()
    }

    fn sleep(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        self.waits.borrow_mut().push(time);
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// A fetcher and where it downloads to.
struct Node {
    limits: Limits,
    clock: Unreal,
    sources: Sources,
    files: Files,
    roots: Vec<Vec<u8>>,
    progress: RefCell<Vec<Progress>>,
}

impl Node {
    fn new(indexes: &[String]) -> Self {
        let file = || tempfile::tempfile().unwrap();
        Self {
            limits: Limits::default(),
            clock: Unreal::default(),
            sources: Sources {
                indexes: indexes.to_vec(),
                ..Sources::default()
            },
            files: Files {
                archive: file(),
                index: file(),
            },
            roots: Vec::new(),
            progress: RefCell::default(),
        }
    }

    /// Has it read another index, for which it takes no time.
    fn index_in_a_file(&mut self, index: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), index).unwrap();
        self.sources.indexes = vec![format!("file://{}", file.path().display())];
        file
    }

    fn with<T>(&self, work: impl FnOnce(&Fetcher<'_>) -> T) -> T {
        let roots = || self.roots.clone();
        work(&Fetcher::new(
            &self.limits,
            &self.clock,
            &self.sources.proxies,
            &roots,
        ))
    }

    fn list(&self) -> Result<FetchAnswer, FetchFailure> {
        self.with(|fetcher| fetcher.list(&self.sources))
            .map_err(|error| error.told())
    }

    fn download(&self, name: &str, selector: &str) -> Result<FetchAnswer, FetchFailure> {
        let tell = |progress| self.progress.borrow_mut().push(progress);
        self.with(|fetcher| fetcher.download(&self.sources, name, selector, &self.files, tell))
            .map_err(|error| error.told())
    }

    /// What a download that has to fail says.
    fn failure(&self) -> FetchFailure {
        self.download("a", "*").unwrap_err()
    }

    fn leave_part(&self, part: &[u8]) {
        self.files.archive.write_all_at(part, 0).unwrap();
    }

    fn archive(&self) -> Vec<u8> {
        content(&self.files.archive)
    }
}

fn content(file: &File) -> Vec<u8> {
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// A line of an index: a package whose archive is `PATH` beside it.
fn line(name: &str, version: &str, archive: &[u8], path: &str) -> String {
    format!("{name},{version},{},{path}\n", Digest::of(archive))
}

/// Ten pieces of a reader's, so that one is cut in the middle.
fn an_archive() -> Vec<u8> {
    (0..640_000_u32).map(|n| (n % 251) as u8).collect()
}

/// A server with an index of one package, `a` 1.0.0, and whatever is done when its archive is asked for.
fn with_archive(
    content: &[u8],
    mut archive: impl FnMut(&Asked, &mut TcpStream) + Send + 'static,
) -> (Server, Node) {
    let index = line("a", "1.0.0", content, "a.tar.gz");
    let server = Server::start(move |asked, to| match asked.what.as_str() {
        "GET /index" => answer(to, "200 OK", "", index.as_bytes()),
        _ => archive(asked, to),
    });
    let node = Node::new(&[server.url("index")]);
    (server, node)
}
