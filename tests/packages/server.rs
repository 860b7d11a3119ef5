//! An HTTP server for files of a folder, that does each of them well or badly. One thread for each connection, one request
//! on each.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What becomes of requests for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It is served; from a later byte on where that is asked for.
    Well,
    /// Of each answer so many bytes come, then the connection ends.
    Cut(usize),
    /// Half of it comes, and then nothing, for as long as the server lives.
    Stuck,
    /// In pieces, with a pause between them.
    Slow(Duration),
    /// More is announced than there is.
    Longer,
    /// Less is announced than there is, and comes.
    Shorter,
    /// With a byte that is another.
    Damaged,
    /// Every answer leads back to the file itself.
    Loop,
    /// Its content goes on as long as somebody reads.
    Endless,
    /// Its header does.
    EndlessHeader,
    /// The first answer is cut in half; who asks for the rest gets the beginning of the file, with a header that says ...
    Rest(Range),
}

/// What a header says of the part of a file that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// What it is.
    True,
    /// What was asked for.
    AskedFor,
}

/// A server, gone when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    folder: PathBuf,
    /// With how many requests there were for the file.
    manners: Mutex<BTreeMap<String, (Manner, usize)>>,
    requests: AtomicUsize,
    over: AtomicBool,
}

impl Server {
    /// Of the files in a folder, on a port of loopback.
    pub(crate) fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            manners: Mutex::default(),
            requests: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(&listener, &shared)
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// The URL of the index.
    pub(crate) fn index(&self) -> String {
        format!("http://{}/index", self.address)
    }

    /// From now on requests for this file are dealt with so.
    pub(crate) fn set(&self, file: &str, manner: Manner) {
        let mut manners = self.shared.manners.lock();
        let manners = manners.as_mut().expect("no thread panics with it");
        manners.insert(file.to_owned(), (manner, 0));
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes who accepts.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if shared.over.load(Ordering::SeqCst) {
            break;
        }
        let (Ok(stream), shared) = (stream, Arc::clone(shared)) else {
            continue;
        };
        // A client that goes away in the middle is what some tests are about.
        threads.push(std::thread::spawn(move || answer(stream, &shared).ok()));
    }
    for thread in threads {
        thread.join().expect("an answer does not panic");
    }
}

fn answer(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let (path, from) = read_request(&stream)?;
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let file = path.trim_start_matches('/');
    let (manner, before) = shared.manner(file);
    let mut bytes = match (manner, fs::read(shared.folder.join(file))) {
        (Manner::Loop, _) => {
            return write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        (Manner::Endless, _) => {
            return repeat(stream, "HTTP/1.1 200 OK\r\n\r\n", "# more\n", shared);
        }
        (Manner::EndlessHeader, _) => {
            return repeat(stream, "HTTP/1.1 200 OK\r\n", "X-More: more\r\n", shared);
        }
        (_, Ok(bytes)) => bytes,
        (_, Err(_)) => {
            return stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    };
    let whole = bytes.len();
    if manner == Manner::Damaged
        && let Some(byte) = bytes.get_mut(whole / 2)
    {
        *byte ^= 1;
    }
    let (begin, said) = match manner {
        Manner::Rest(Range::True) => (0, 0),
        Manner::Rest(Range::AskedFor) => (0, from),
        _ => (from, from),
    };
    let mut body = bytes.split_off(begin.min(whole));
    let announced = match manner {
        Manner::Longer => body.len() + 1000,
        Manner::Shorter => body.len() - 10,
        Manner::Rest(_) if from > 0 => {
            body.truncate(whole - from);
            body.len()
        }
        _ => body.len(),
    };
    let status = match from {
        0 => "200 OK\r\n".to_owned(),
        _ => format!(
            "206 Partial Content\r\nContent-Range: bytes {said}-{}/{whole}\r\n",
            (said + body.len()).saturating_sub(1)
        ),
    };
    write!(
        stream,
        "HTTP/1.1 {status}ETag: \"one\"\r\nContent-Length: {announced}\r\nConnection: close\r\n\r\n"
    )?;
    match manner {
        Manner::Rest(_) if before == 0 => stream.write_all(&body[..whole / 2]),
        manner => send(stream, &body, manner, shared),
    }
}

/// Goes on for as long as somebody reads.
fn repeat(mut stream: TcpStream, begin: &str, piece: &str, shared: &Shared) -> io::Result<()> {
    stream.write_all(begin.as_bytes())?;
    let pieces = piece.repeat(1000);
    while !shared.over.load(Ordering::SeqCst) {
        stream.write_all(pieces.as_bytes())?;
    }
    Ok(())
}

impl Shared {
    /// What becomes of a request for a file, and how many there were before it.
    fn manner(&self, file: &str) -> (Manner, usize) {
        let mut manners = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
        match manners.get_mut(file) {
            Some((manner, requests)) => {
                *requests += 1;
                (*manner, *requests - 1)
            }
            None => (Manner::Well, 0),
        }
    }
}

fn send(mut stream: TcpStream, body: &[u8], manner: Manner, shared: &Shared) -> io::Result<()> {
    match manner {
        Manner::Cut(after) => stream.write_all(&body[..after.min(body.len())]),
        Manner::Stuck => {
            stream.write_all(&body[..body.len() / 2])?;
            while !shared.over.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        Manner::Slow(pause) => {
            for piece in body.chunks(body.len().div_ceil(20).max(1)) {
                stream.write_all(piece)?;
                std::thread::sleep(pause);
            }
            Ok(())
        }
        _ => stream.write_all(body),
    }
}

/// The path that is asked for, and from which byte on.
fn read_request(stream: &TcpStream) -> io::Result<(String, usize)> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut from = 0;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        }
    }
    Ok((path, from))
}
