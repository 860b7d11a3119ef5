//! Clients that ask again and again while something is broken.

use crate::job::{is_42, post, python};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What became of the requests.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Answered as they should be.
    pub(crate) answered: usize,
    /// Answered with "try again later".
    pub(crate) busy: usize,
    /// The connection broke before the answer.
    pub(crate) broken: usize,
    /// There was no connection.
    pub(crate) refused: usize,
    /// Another answer.
    pub(crate) wrong: Vec<String>,
    /// The longest that one took.
    pub(crate) slowest: Duration,
}

/// Running clients.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Tally>>,
}

impl Load {
    /// Starts so many clients, each with one request at a time.
    pub(crate) fn start(address: SocketAddr, clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || ask(address, &stop))
        };
        let clients = (0..clients).map(client).collect();
        Self { stop, clients }
    }

    /// Lets each finish its request; no client may be waiting for ever.
    pub(crate) fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for client in self.clients {
            let one = client.join().expect("a client ends");
            all.answered += one.answered;
            all.busy += one.busy;
            all.broken += one.broken;
            all.refused += one.refused;
            all.wrong.extend(one.wrong);
            all.slowest = all.slowest.max(one.slowest);
        }
        all
    }
}

fn ask(address: SocketAddr, stop: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    let body = python("print(42)");
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        match post(address, &body) {
            Ok(reply) if is_42(&reply) => tally.answered += 1,
            Ok(reply) if reply.status == 503 => tally.busy += 1,
            Ok(reply) => tally
                .wrong
                .push(format!("{} {}", reply.status, reply.text())),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                tally.refused += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(_) => tally.broken += 1,
        }
        tally.slowest = tally.slowest.max(begin.elapsed());
    }
    tally
}
