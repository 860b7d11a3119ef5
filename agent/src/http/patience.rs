//! How long one connection is waited for: for a request's header, for its client to take an answer, and between
//! requests. The same for both versions of HTTP, which hyper gives either no such times or one for several.

use super::Settings;
use super::frames::Block;
use super::protocol::{Came, Protocol};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Watches the times of one connection.
#[derive(Debug)]
pub(super) struct Patience {
    header: Duration,
    idle: Duration,
    answer: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    protocol: Protocol,
    /// A header is to be complete by then.
    header: Option<Instant>,
    /// With no request, the connection is kept until then.
    rest: Instant,
    /// Requests that are being dealt with, up to the last piece of the answer.
    requests: usize,
    /// By when answers are to be taken, each with a number of its own; the soonest first, since all have equally long.
    answers: VecDeque<(u64, Instant)>,
    next: u64,
}

/// A request that is being dealt with, from its complete header to the last piece of its answer. Dropped with either.
#[derive(Debug)]
pub(super) struct Underway {
    patience: Arc<Patience>,
    /// Of its answer, once that is there.
    answer: Option<u64>,
}

impl Patience {
    /// From the connection's start on.
    pub(super) fn new(settings: &Settings) -> Self {
        let now = Instant::now();
        Self {
            header: settings.header_timeout,
            idle: settings.idle_timeout,
            answer: settings.answer_timeout,
            state: Mutex::new(State {
                protocol: Protocol::Unknown(0),
                header: Some(now + settings.header_timeout),
                rest: now + settings.idle_timeout,
                requests: 0,
                answers: VecDeque::new(),
                next: 0,
            }),
            changed: Notify::new(),
        }
    }

    /// Bytes have come. Of HTTP/1 they begin a header when there is no request; of HTTP/2 they tell themselves.
    pub(super) fn bytes_came(&self, bytes: &[u8]) {
        let mut state = self.state();
        let (before, busy) = (state.header, state.requests > 0);
        let soon = Instant::now() + self.header;
        state.header = match state.protocol.read(bytes) {
            Came::Either => before,
            // Bodies. Of a next header only what came in one piece with this request is read before the answer is out;
            // hyper tells nobody of it, and until more comes the connection counts as resting.
            Came::One if busy => None,
            Came::One => before.or(Some(soon)),
            Came::Two(Block::Closed) => None,
            Came::Two(Block::Opened) => Some(soon),
            Came::Two(Block::StillOpen) => before.or(Some(soon)),
        };
        if state.header != before {
            self.changed.notify_one();
        }
    }

    /// A header is complete.
    pub(super) fn request(self: &Arc<Self>) -> Underway {
        let mut state = self.state();
        state.requests += 1;
        // That of HTTP/2 may be the next one's already.
        if matches!(state.protocol, Protocol::One) {
            state.header = None;
        }
        self.changed.notify_one();
        Underway {
            patience: Arc::clone(self),
            answer: None,
        }
    }

    /// Ends when something takes too long.
    pub(super) async fn ends(&self) {
        loop {
            let end = self.state().end();
            let changed = self.changed.notified();
            match end {
                None => changed.await,
                Some(end) => {
                    if timeout_at(end, changed).await.is_err() && self.state().end() == Some(end) {
                        return;
                    }
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When patience ends if nothing changes.
    fn end(&self) -> Option<Instant> {
        let rest = (self.requests == 0).then_some(self.rest);
        let answer = self.answers.front().map(|(_, end)| *end);
        [self.header, answer, rest].into_iter().flatten().min()
    }
}

impl Underway {
    /// Its answer is there, and has to be taken from now on.
    pub(super) fn answered(mut self) -> Self {
        let mut state = self.patience.state();
        let (number, end) = (state.next, Instant::now() + self.patience.answer);
        state.next += 1;
        state.answers.push_back((number, end));
        drop(state);
        self.patience.changed.notify_one();
        self.answer = Some(number);
        self
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut state = self.patience.state();
        state.requests -= 1;
        state.rest = Instant::now() + self.patience.idle;
        if let Some(number) = self.answer {
            state.answers.retain(|(other, _)| *other != number);
        }
        self.patience.changed.notify_one();
    }
}
