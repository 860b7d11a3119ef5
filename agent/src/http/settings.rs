//! The bounds on what a client can take of the node before its job exists.

use crate::admin::Admins;
use std::time::Duration;

/// Bounds of the HTTP server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Length of a request's body in bytes.
    pub(crate) max_body: usize,
    /// Memory for the bodies of all requests together in bytes; bodies up to 64 KiB are not counted. At least one of
    /// the greatest length always fits.
    pub(crate) body_budget: usize,
    /// Connections at once; further ones wait in the listen queue.
    pub(crate) max_connections: usize,
    /// Requests at once, of all connections, from the end of the body to the last of a job's answer; further ones get
    /// a 503. As many bodies are read at once; of further ones the oldest gets a 503. Other requests are not counted.
    pub(crate) max_requests: usize,
    /// A request's header from its first byte to its end; the first one of a connection from the connection's start.
    pub(crate) header_timeout: Duration,
    /// How long a connection may rest between two requests.
    pub(crate) idle_timeout: Duration,
    /// The longest pause within a body.
    pub(crate) body_pause: Duration,
    /// A body from first to last byte.
    pub(crate) body_timeout: Duration,
    /// An answer from the first to the last of its bytes that is handed to the kernel, but for some KiB.
    pub(crate) answer_timeout: Duration,
    /// How long a client may take none of an answer's bytes.
    pub(crate) write_timeout: Duration,
    /// Who may change packages.
    pub(crate) admins: Admins,
    /// How long requests in flight may go on once the node is told to stop.
    pub(crate) drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Piston's 100 KB is too little for exercises with data files.
            max_body: 16 << 20,
            // A parsed request holds its text a second time: at the worst twice this, beside the jobs on an 8 GB
            // machine.
            body_budget: 64 << 20,
            // A resting connection takes one descriptor and some KiB, so that ten thousand are no reason to keep
            // others out.
            max_connections: 12_288,
            // Many times what runs and waits, and what honest clients are sending at one moment. With up to 64 KiB of
            // body that no budget counts, of either kind, 512 MiB at the worst.
            max_requests: 4096,
            // A header is one or two packets.
            header_timeout: Duration::from_secs(10),
            // Above the 90 s for which a tunnel keeps connections: the side that uses a connection has to be the one
            // that closes it, or requests are lost that were just under way.
            idle_timeout: Duration::from_secs(150),
            // Long enough for any network hiccup.
            body_pause: Duration::from_secs(30),
            // 16 MiB in this time is 1.1 Mbit/s.
            body_timeout: Duration::from_secs(120),
            // As for bodies, and answers are much shorter.
            answer_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(30),
            admins: Admins {
                local: true,
                token: None,
            },
            // A job under Piston's limits, 10 s of compile and 3 s of run, ends well within.
            drain: Duration::from_secs(30),
        }
    }
}
