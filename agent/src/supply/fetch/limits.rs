//! How long the fetcher waits, how often it tries and how much it takes, each with its reason.

use jail::Bytes;
use std::time::Duration;

/// All bounds of one order. Tests have shorter ones.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Longest time to look up a name.
    pub(super) resolve: Duration,
    /// Longest time to connect, through proxies and with TLS.
    pub(super) connect: Duration,
    /// Longest time from the request to the end of the answer's header.
    pub(super) response: Duration,
    /// Longest pause between two pieces of an answer.
    pub(super) pause: Duration,
    /// In each time of this length ...
    pub(super) window: Duration,
    /// ... at least so much of an answer has to come.
    pub(super) least: Bytes,
    /// Longest time for one index or signature, over all tries.
    pub(super) index_time: Duration,
    /// Longest time for one archive, over all tries.
    pub(super) archive_time: Duration,
    /// How often an index or signature is asked for, 1 or more.
    pub(super) index_tries: u32,
    /// How often an archive is asked for, or the rest of it, 1 or more.
    pub(super) archive_tries: u32,
    /// The wait before the second try; each further one is twice as long.
    pub(super) first_wait: Duration,
    /// The longest wait between two tries.
    pub(super) longest_wait: Duration,
    /// Redirects that are followed from one URL.
    pub(super) redirects: usize,
    /// The longest archive.
    pub(super) archive: Bytes,
    /// The shortest time between two lines of progress.
    pub(super) progress: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(10),
            connect: Duration::from_secs(10),
            // Some stores fetch what they serve when they are asked for it.
            response: Duration::from_secs(30),
            pause: Duration::from_secs(30),
            // Slower than any line that somebody would install packages over: 1 KiB a second.
            window: Duration::from_secs(30),
            least: Bytes::kib(30),
            // Indexes have some ten kilobytes. A server that answers nothing takes no longer than half a minute of it.
            index_time: Duration::from_secs(60),
            // The longest archive at a quarter of a megabyte a second.
            archive_time: Duration::from_secs(75 * 60),
            index_tries: 3,
            archive_tries: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(15),
            redirects: 5,
            // Ten times the largest package of Piston's.
            archive: Bytes::mib(1024),
            progress: Duration::from_millis(100),
        }
    }
}
