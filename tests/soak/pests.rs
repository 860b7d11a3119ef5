//! Clients that send half requests or garbage, or leave in the middle of a request or an answer.

use crate::cast::Job;
use crate::load::Load;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;
use std::time::Duration;

/// Between two of them, at most.
const PAUSE_MS: u64 = 700;

/// The longest that one holds its connection.
const HELD_MS: u64 = 3000;

/// What they do.
const WAYS: [&str; 5] = [
    "garbage",
    "half a header",
    "half a body",
    "leaves while its job runs",
    "leaves in its answer",
];

/// Counts of what was done, by its name.
pub(crate) type Counts = Mutex<BTreeMap<&'static str, usize>>;

/// Counts one.
pub(crate) fn count(counts: &Counts, what: &'static str) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(what).or_default() += 1;
}

/// They come as long as the load goes on.
pub(crate) fn come<'scope>(
    load: &'scope Load,
    scope: &'scope Scope<'scope, '_>,
    seed: u64,
    counts: &'scope Counts,
) {
    scope.spawn(move || {
        let mut random = fastrand::Rng::with_seed(seed);
        while load.goes_on() {
            std::thread::sleep(Duration::from_millis(random.u64(..PAUSE_MS)));
            let mut random = random.fork();
            scope.spawn(move || {
                let way = WAYS[random.usize(..WAYS.len())];
                // A node without a front takes no bytes, or breaks the connection: there is no more to say to it.
                if disturb(load, way, &mut random).is_ok() {
                    count(counts, way);
                }
            });
        }
    });
}

fn disturb(load: &Load, way: &str, random: &mut fastrand::Rng) -> std::io::Result<()> {
    let body = Job::any(random).body.to_string();
    let head = format!(
        "POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(load.address())?;
    stream.set_read_timeout(Some(Duration::from_millis(HELD_MS)))?;
    let text = match way {
        "garbage" => std::iter::repeat_with(|| random.u8(..)).take(300).collect(),
        "half a header" => head.as_bytes()[..random.usize(..head.len())].to_vec(),
        "half a body" => [
            head.as_bytes(),
            &body.as_bytes()[..random.usize(..body.len())],
        ]
        .concat(),
        _ => (head + &body).into_bytes(),
    };
    stream.write_all(&text)?;
    if way == "leaves in its answer" {
        // The first bytes; an answer that does not come in time is left as well.
        stream.read(&mut [0; 10]).map(drop).or(Ok(()))
    } else {
        std::thread::sleep(Duration::from_millis(random.u64(..HELD_MS)));
        Ok(())
    }
}
