//! A server on loopback that answers as a test tells it to, byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Method and target: `GET /index`.
    pub(super) what: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    /// The value of a header, by its name in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, v)| v.as_str())
    }

    /// Reads a request's head, or nothing where the client says nothing.
    pub(super) fn read(stream: impl Read) -> Option<Self> {
        let mut lines = BufReader::with_capacity(1, stream).lines();
        let first = lines.next()?.ok()?;
        let headers = lines
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_lowercase(), value.trim().to_owned()))
            })
            .collect();
        let what = first.strip_suffix(" HTTP/1.1")?.to_owned();
        Some(Self { what, headers })
    }
}

/// Ends when it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<usize>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each connection, one after the other, by writing to it; it is closed afterwards.
    pub(super) fn start(mut answer: impl FnMut(&Asked, &mut TcpStream) + Send + 'static) -> Self {
        Self::raw(move |mut stream, asked| {
            if let Some(request) = Asked::read(&stream) {
                asked.lock().unwrap().push(request.clone());
                answer(&request, &mut stream);
            }
        })
    }

    /// Hands out each connection as it comes.
    pub(super) fn raw(
        mut serve: impl FnMut(TcpStream, &Mutex<Vec<Asked>>) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let stopped = Arc::new(AtomicBool::new(false));
        let (log, count, stop) = (asked.clone(), connections.clone(), stopped.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                *count.lock().unwrap() += 1;
                serve(stream.unwrap(), &log);
            }
        });
        Self {
            address,
            asked,
            connections,
            stopped,
            thread: Some(thread),
        }
    }

    /// `http://ADDRESS/PATH`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Requests for this path so far.
    pub(super) fn count(&self, path: &str) -> usize {
        let what = format!("GET /{path}");
        self.asked()
            .iter()
            .filter(|asked| asked.what == what)
            .count()
    }

    /// Whether there are so many requests for this path, also such that the client has given up before they were read.
    pub(super) fn comes_to(&self, path: &str, count: usize) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while self.count(path) < count && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.count(path) == count
    }

    /// Connections so far.
    pub(super) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Has it look at the flag.
        TcpStream::connect(self.address).ok();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the server panicked"
            );
        }
    }
}

/// Writes an answer whose header says what it has to. A client that went away is its own matter.
pub(super) fn answer(to: &mut impl Write, status: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    to.write_all(head.as_bytes()).ok();
    to.write_all(body).ok();
}
