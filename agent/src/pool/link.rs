//! The front's end of the channel to the warden.

use super::jail::Jail;
use crate::warden::protocol::{
    self, CREATED_FDS, FromWarden, JailId, Purpose, RequestId, Share, StageLimits, ToWarden, Usage,
};
use jail::proto::{Failure, Stage};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::{Notify, oneshot, watch};

/// The warden could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// A jail can't be made.
    #[error("no jail can be made")]
    NotCreated(#[source] Failure),
    /// The jail that was asked about is gone.
    #[error("the jail is gone")]
    NoSuchJail,
    /// The warden is gone, and this process will follow it.
    #[error("the warden is gone")]
    Closed,
    /// The warden answered something else than was asked.
    #[error("the warden breaks the protocol")]
    Protocol,
}

enum Answer {
    Jail(Box<Jail>),
    Plain(FromWarden),
}

#[derive(Default)]
struct State {
    last: u64,
    asked: HashMap<RequestId, oneshot::Sender<Answer>>,
    /// What the channel had no room for, in order.
    unsent: VecDeque<(ToWarden, Option<OwnedFd>)>,
}

/// The channel. Dropping a question's future is fine: a jail that nobody waits for any more is destroyed.
pub(crate) struct Link {
    /// A SEQPACKET socket; this type only brings it to the event loop.
    socket: UnixDatagram,
    state: Mutex<State>,
    more_to_send: Notify,
    drain: watch::Sender<bool>,
    unsound: watch::Sender<bool>,
    runtimes: watch::Sender<()>,
    myself: Weak<Self>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Over this socket, which is non-blocking. Inside a tokio runtime only.
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Arc<Self>> {
        let socket = UnixDatagram::from_std(socket.into())?;
        Ok(Arc::new_cyclic(|myself| Self {
            socket,
            state: Mutex::default(),
            more_to_send: Notify::new(),
            drain: watch::Sender::new(false),
            unsound: watch::Sender::new(false),
            runtimes: watch::Sender::new(()),
            myself: myself.clone(),
        }))
    }

    /// Turns true when the warden wants this process to finish.
    pub(crate) fn drain(&self) -> watch::Receiver<bool> {
        self.drain.subscribe()
    }

    /// Turns true when the warden has found the runtimes to be something else than was sealed.
    pub(crate) fn unsound(&self) -> watch::Receiver<bool> {
        self.unsound.subscribe()
    }

    /// Changes when there are other packages.
    pub(crate) fn runtimes(&self) -> watch::Receiver<()> {
        self.runtimes.subscribe()
    }

    /// Moves messages both ways until the warden is gone.
    pub(crate) async fn pump(&self) -> io::Result<()> {
        loop {
            tokio::select! {
                ready = self.socket.readable() => {
                    ready?;
                    match self.socket.try_io(Interest::READABLE, || protocol::receive(self.socket.as_fd())) {
                        Ok(Some((message, fds))) => self.dispatch(message, fds),
                        Ok(None) => return Ok(()),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error),
                    }
                }
                () = self.more_to_send.notified() => {
                    self.socket.writable().await?;
                    self.send_unsent();
                }
            }
        }
    }

    /// Asks for a blank jail.
    pub(crate) async fn create(&self) -> Result<Jail, LinkError> {
        match self.ask(ToWarden::Create, None).await? {
            Answer::Jail(jail) => Ok(*jail),
            Answer::Plain(FromWarden::NotCreated(_, failure)) => {
                Err(LinkError::NotCreated(failure))
            }
            Answer::Plain(FromWarden::NoSuchJail(_)) => Err(LinkError::NoSuchJail),
            Answer::Plain(_) => Err(LinkError::Protocol),
        }
    }

    /// Sets the limits of a jail's stages, and its share of the processor.
    pub(crate) async fn arm(
        &self,
        jail: JailId,
        limits: [Option<StageLimits>; 2],
        share: Share,
    ) -> Result<(), LinkError> {
        match self
            .ask(|request| ToWarden::Arm(request, jail, limits, share), None)
            .await?
        {
            Answer::Plain(FromWarden::Armed(_)) => Ok(()),
            Answer::Plain(FromWarden::NoSuchJail(_)) => Err(LinkError::NoSuchJail),
            _ => Err(LinkError::Protocol),
        }
    }

    /// Reads what a stage has used.
    pub(crate) async fn usage(&self, jail: JailId, stage: Stage) -> Result<Usage, LinkError> {
        self.used(|request| ToWarden::Usage(request, jail, stage))
            .await
    }

    /// Gives a jail its full share of the processor, and reads what its run stage has used.
    pub(super) async fn begin(&self, jail: JailId) -> Result<Usage, LinkError> {
        self.used(|request| ToWarden::Begin(request, jail)).await
    }

    async fn used(&self, question: impl FnOnce(RequestId) -> ToWarden) -> Result<Usage, LinkError> {
        match self.ask(question, None).await? {
            Answer::Plain(FromWarden::Used(_, usage)) => Ok(usage),
            Answer::Plain(FromWarden::NoSuchJail(_)) => Err(LinkError::NoSuchJail),
            _ => Err(LinkError::Protocol),
        }
    }

    /// Has a process started that lists or changes packages as it is told on this socket, and waits for its end. Whether
    /// the runtimes are those of the store then.
    pub(crate) async fn supply(
        &self,
        purpose: Purpose,
        socket: OwnedFd,
    ) -> Result<bool, LinkError> {
        let question = |request| ToWarden::Supply(request, purpose);
        match self.ask(question, Some(socket)).await? {
            Answer::Plain(FromWarden::Supplied(_, followed)) => Ok(followed),
            _ => Err(LinkError::Protocol),
        }
    }

    /// Says something that has no answer. Never waits, so that it can be called from drop.
    pub(crate) fn tell(&self, message: ToWarden) {
        self.state().unsent.push_back((message, None));
        self.send_unsent();
    }

    async fn ask(
        &self,
        question: impl FnOnce(RequestId) -> ToWarden,
        fd: Option<OwnedFd>,
    ) -> Result<Answer, LinkError> {
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.state();
            state.last += 1;
            let request = RequestId(state.last);
            state.asked.insert(request, sender);
            state.unsent.push_back((question(request), fd));
        }
        self.send_unsent();
        answer.await.map_err(|_| LinkError::Closed)
    }

    fn send_unsent(&self) {
        let mut state = self.state();
        while let Some((message, fd)) = state.unsent.front() {
            let fds: Vec<_> = fd.iter().map(AsFd::as_fd).collect();
            let sent = self.socket.try_io(Interest::WRITABLE, || {
                protocol::send(self.socket.as_fd(), message, &fds)
            });
            match sent {
                Ok(()) => {
                    state.unsent.pop_front();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.more_to_send.notify_one();
                    return;
                }
                // The reading side sees the same and ends the process.
                Err(_) => return,
            }
        }
    }

    fn dispatch(&self, message: FromWarden, fds: Vec<OwnedFd>) {
        let (request, answer) = match message {
            FromWarden::Drain => {
                self.drain.send_replace(true);
                return;
            }
            FromWarden::Ping => {
                self.tell(ToWarden::Alive);
                return;
            }
            FromWarden::Unsound => {
                self.unsound.send_replace(true);
                return;
            }
            FromWarden::RuntimesChanged => {
                self.runtimes.send_replace(());
                return;
            }
            FromWarden::Created(request, id) => {
                let answer = self.adopt(id, fds).map_or(
                    // Whoever waits for it must not wait for ever.
                    Answer::Plain(FromWarden::NoSuchJail(request)),
                    |jail| Answer::Jail(Box::new(jail)),
                );
                (request, answer)
            }
            FromWarden::NotCreated(request, _)
            | FromWarden::Armed(request)
            | FromWarden::Used(request, _)
            | FromWarden::Supplied(request, _)
            | FromWarden::NoSuchJail(request) => (request, Answer::Plain(message)),
        };
        let asked = self.state().asked.remove(&request);
        if let Some(asked) = asked {
            // Nobody waits any more: a jail in the answer is destroyed by its drop.
            asked.send(answer).ok();
        }
    }

    fn adopt(&self, id: JailId, fds: Vec<OwnedFd>) -> Option<Jail> {
        let fds: [OwnedFd; CREATED_FDS] = fds.try_into().ok()?;
        match Jail::new(id, self.myself.upgrade()?, fds) {
            Ok(jail) => Some(jail),
            Err(error) => {
                tracing::error!(%error, "a jail's descriptors can't be used");
                self.tell(ToWarden::Destroy(id));
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding it; were it so, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
