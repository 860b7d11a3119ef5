//! The pool against a warden that the test plays, which answers when the test wants it to.

use super::*;
use crate::warden::protocol::{
    self, FromWarden, JailId, RequestId, Share, StageLimits, ToWarden, Usage,
};
use ::jail::proto::{Failure, FromInit, Program, Stage, Step};
use nix::fcntl::OFlag;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::pipe2;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::Interest;
use tokio::net::{UnixDatagram, UnixStream};
use tokio::time::timeout;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(10);

/// The other end of the channel.
struct Warden(UnixDatagram);

/// The warden's ends of a jail, which lives as long as they are open.
type Ends = Vec<OwnedFd>;

impl Warden {
    /// With a pool that it serves.
    fn with_pool(size: usize) -> (Self, Pool) {
        Self::with_pool_on(size, HostMemory::open().unwrap())
    }

    fn with_pool_on(size: usize, host: HostMemory) -> (Self, Pool) {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (ours, theirs) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
        let warden = Self(UnixDatagram::from_std(theirs.into()).unwrap());
        let size = Size {
            jails: size,
            memory: Bytes::mib(64),
        };
        (warden, Pool::new(Link::new(ours).unwrap(), size, host))
    }

    /// What it is told next.
    async fn hears(&self) -> ToWarden {
        loop {
            self.0.readable().await.unwrap();
            let receive = || protocol::receive(self.0.as_fd());
            match self.0.try_io(Interest::READABLE, receive) {
                Ok(message) => return message.unwrap().0,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
    }

    /// The next order for a jail.
    async fn is_asked(&self) -> RequestId {
        match self.hears().await {
            ToWarden::Create(request) => request,
            other => panic!("{other:?} is no order for a jail"),
        }
    }

    /// Brings a jail, blank as long as its ends are kept.
    fn brings(&self, request: RequestId, number: u64) -> Ends {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (init, control) =
            socketpair(AddressFamily::Unix, SockType::Stream, None, flags).unwrap();
        let (mut ours, mut theirs) = (vec![init], vec![control]);
        for stream in 0..6 {
            let (read, write) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).unwrap();
            // stdin of each stage is written by the front.
            let (own, other) = if stream % 3 == 0 {
                (read, write)
            } else {
                (write, read)
            };
            ours.push(own);
            theirs.push(other);
        }
        let message = FromWarden::Created(request, JailId(number));
        let fds: Vec<_> = theirs.iter().map(AsFd::as_fd).collect();
        protocol::send(self.0.as_fd(), &message, &fds).unwrap();
        ours
    }

    fn says(&self, message: &FromWarden) {
        protocol::send(self.0.as_fd(), message, &[]).unwrap();
    }

    /// Serves a pool that starts a program ahead in this jail, whose init says this to it.
    async fn starts(&self, ends: &Ends, said: &FromInit) {
        let ToWarden::Arm(request, _, limits, Share::Least) = self.hears().await else {
            panic!("its limits come first");
        };
        assert_eq!(limits, [None, Some(program("a").limits)]);
        self.says(&FromWarden::Armed(request));
        let init = UnixStream::from_std(ends[0].try_clone().unwrap().into()).unwrap();
        init.readable().await.unwrap();
        let frame = ::jail::proto::frame(said).unwrap();
        assert_eq!(init.try_write(&frame).unwrap(), frame.len());
        if let FromInit::Prepared = said {
            let ToWarden::Usage(request, _, Stage::Run) = self.hears().await else {
                panic!("what it used comes last");
            };
            let usage = Usage {
                memory_peak: Bytes::mib(48).get(),
                ..Usage::default()
            };
            self.says(&FromWarden::Used(request, usage));
        }
    }
}

/// One that can be started ahead.
pub(super) fn program(name: &str) -> Ahead {
    Ahead {
        runtime: "python-3.11.2".into(),
        program: Program {
            argv: vec![name.to_owned()],
            env: Vec::new(),
            open_files: 64,
            processes: 64,
            file_size: Bytes::mib(1),
        },
        limits: StageLimits {
            memory: Bytes::mib(128),
            processes: 64,
        },
    }
}

fn wish(name: &str) -> Wish {
    Wish {
        runtime: "python-3.11.2".into(),
        ahead: Some(program(name)),
    }
}

async fn await_waiting(pool: &Pool, count: usize) {
    while pool.stock().waiting().count() != count {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_program_waits_for_its_own_job_only() {
    let (warden, pool) = Warden::with_pool(2);
    pool.expect(&[program("a")]);
    let test = async {
        let first = warden.brings(warden.is_asked().await, 1);
        let second = warden.brings(warden.is_asked().await, 2);
        warden.starts(&first, &FromInit::Prepared).await;
        await_waiting(&pool, 1).await;
        let other = pool.lease(&wish("b")).await.unwrap();
        assert!(!other.is_prepared());
        let own = pool.lease(&wish("a")).await.unwrap();
        assert!(own.is_prepared());
        drop((first, second));
        let mut registry = Registry::with_prefix("capsule");
        pool.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for how in ["blank", "prestarted"] {
            let line =
                format!("capsule_pool_leases_total{{runtime=\"python-3.11.2\",how=\"{how}\"}} 1\n");
            assert!(text.contains(&line), "{text}");
        }
    };
    tokio::select! {
        ended = pool.link.pump() => panic!("{ended:?}"),
        () = pool.fill() => panic!("the warden is there"),
        ended = timeout(LONG, test) => ended.unwrap(),
    }
}

#[tokio::test]
async fn a_program_that_can_not_start_keeps_no_jail_from_being_made() {
    let (warden, pool) = Warden::with_pool(2);
    pool.expect(&[program("a")]);
    let test = async {
        let first = warden.brings(warden.is_asked().await, 1);
        let _second = warden.brings(warden.is_asked().await, 2);
        let failed = FromInit::Failed(Failure {
            step: Step::Exec,
            errno: 2,
        });
        warden.starts(&first, &failed).await;
        assert_eq!(warden.hears().await, ToWarden::Destroy(JailId(1)));
        let _third = warden.brings(warden.is_asked().await, 3);
        await_ready(&pool, 2).await;
        assert!(!pool.lease(&wish("a")).await.unwrap().is_prepared());
    };
    tokio::select! {
        ended = pool.link.pump() => panic!("{ended:?}"),
        () = pool.fill() => panic!("the warden is there"),
        ended = timeout(LONG, test) => ended.unwrap(),
    }
}

/// What waits gives way when others on the host need the memory, and comes back when they do not any more.
#[tokio::test]
async fn a_program_that_waits_ends_when_the_host_is_short_of_memory() {
    let meminfo = tempfile::NamedTempFile::new().unwrap();
    let available = |mib: u64| {
        let text = format!(
            "MemTotal: 1024000 kB\nMemAvailable: {:<12} kB\n",
            mib * 1024
        );
        std::fs::write(meminfo.path(), text).unwrap();
    };
    available(600);
    let host = HostMemory::of(meminfo.reopen().unwrap());
    let (warden, pool) = Warden::with_pool_on(3, host);
    pool.expect(&[program("a")]);
    let test = async {
        let mut ends = Vec::new();
        for number in 1..=3 {
            ends.push(warden.brings(warden.is_asked().await, number));
        }
        warden.starts(&ends[0], &FromInit::Prepared).await;
        await_waiting(&pool, 1).await;
        available(20);
        assert_eq!(warden.hears().await, ToWarden::Destroy(JailId(1)));
        ends.push(warden.brings(warden.is_asked().await, 4));
        await_waiting(&pool, 0).await;
        available(600);
        warden.starts(&ends[1], &FromInit::Prepared).await;
        await_waiting(&pool, 1).await;
    };
    tokio::select! {
        ended = pool.link.pump() => panic!("{ended:?}"),
        () = pool.fill() => panic!("the warden is there"),
        ended = timeout(LONG, test) => ended.unwrap(),
    }
}

/// Not when its program waits at last, which may take 20 s.
#[tokio::test]
async fn a_jail_whose_program_is_being_started_retires_at_once() {
    let (warden, pool) = Warden::with_pool(2);
    pool.expect(&[program("a")]);
    let test = async {
        let _first = warden.brings(warden.is_asked().await, 1);
        let _second = warden.brings(warden.is_asked().await, 2);
        let ToWarden::Arm(..) = warden.hears().await else {
            panic!("its limits come first");
        };
        pool.retire();
        let mut gone = Vec::new();
        while gone.len() < 2 {
            match warden.hears().await {
                ToWarden::Destroy(JailId(number)) => gone.push(number),
                ToWarden::Create(_) => {}
                other => panic!("{other:?}"),
            }
        }
        gone.sort_unstable();
        assert_eq!(gone, [1, 2]);
    };
    tokio::select! {
        ended = pool.link.pump() => panic!("{ended:?}"),
        () = pool.fill() => panic!("the warden is there"),
        ended = timeout(LONG, test) => ended.unwrap(),
    }
}

async fn await_ready(pool: &Pool, count: usize) {
    while pool.stock().len() != count {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn no_jail_that_was_ordered_before_all_retire_is_handed_out() {
    let (warden, pool) = Warden::with_pool(1);
    let test = async {
        let first = warden.is_asked().await;
        pool.retire();
        let _first = warden.brings(first, 1);
        assert_eq!(warden.hears().await, ToWarden::Destroy(JailId(1)));
        // Nor one that was ready.
        let second = warden.is_asked().await;
        let _second = warden.brings(second, 2);
        await_ready(&pool, 1).await;
        pool.retire();
        assert_eq!(warden.hears().await, ToWarden::Destroy(JailId(2)));
        let third = warden.is_asked().await;
        let _third = warden.brings(third, 3);
        await_ready(&pool, 1).await;
        drop(pool.lease_any().await.unwrap());
        assert_eq!(warden.hears().await, ToWarden::Destroy(JailId(3)));
    };
    tokio::select! {
        ended = pool.link.pump() => panic!("{ended:?}"),
        () = pool.fill() => panic!("the warden is there"),
        ended = timeout(LONG, test) => ended.unwrap(),
    }
}
