//! What a front that was taken over can say, and whatever else can happen, without any jail: making one takes root.

use super::*;
use crate::warden::protocol::{self, tests::any_message};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use proptest::prelude::*;
use world::World;

mod model;
mod world;

const MOUNTS: &str = "30 29 0:26 / /no/such/place rw - cgroup2 cgroup2 rw";
const CEILING: Bytes = Bytes::mib(100);
const MAX_JAILS: u32 = 4;

fn tree() -> Tree {
    let hierarchy = cgroup::detect(MOUNTS, "0::/", |_| "cpu memory pids".into()).unwrap();
    Tree::new(&hierarchy, "none")
}

fn jails() -> Jails<World> {
    Jails {
        hands: World::default(),
        tree: tree(),
        ceiling: CEILING,
        slots: Slots::new(5000, MAX_JAILS),
        last: 0,
        closed: false,
        jails: BTreeMap::new(),
    }
}

fn channel() -> (OwnedFd, OwnedFd) {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap()
}

/// The question that a message asks, if it asks one.
fn question(message: &ToWarden) -> Option<RequestId> {
    match message {
        ToWarden::Create(request)
        | ToWarden::Arm(request, ..)
        | ToWarden::Begin(request, _)
        | ToWarden::Usage(request, ..) => Some(*request),
        ToWarden::Serving
        | ToWarden::Alive
        | ToWarden::RuntimesRead
        | ToWarden::Supply(..)
        | ToWarden::Destroy(_) => None,
    }
}

proptest! {
    /// No builder can be forked here: an order fails, and gives back what it took.
    #[test]
    fn every_question_has_one_answer(messages in prop::collection::vec(any_message(), 0..40)) {
        let mut jails = jails();
        jails.hands.refuses_builders = true;
        let (link, theirs) = channel();
        let front = Front::unreal(link);
        for message in messages {
            jails.obey(message, &front);
            let answer = protocol::receive::<FromWarden>(theirs.as_fd());
            match (question(&message), answer) {
                (None, Err(error)) => prop_assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
                (Some(asked), Ok(Some((FromWarden::NotCreated(answered, _), fds)))) => {
                    prop_assert!(matches!(message, ToWarden::Create(_)) && fds.is_empty());
                    prop_assert_eq!(asked, answered);
                }
                (Some(asked), Ok(Some((FromWarden::NoSuchJail(answered), _)))) => {
                    prop_assert_eq!(asked, answered);
                }
                (_, answer) => prop_assert!(false, "{message:?} is answered by {answer:?}"),
            }
        }
        prop_assert!(jails.jails.is_empty());
        prop_assert_eq!(std::iter::from_fn(|| jails.slots.take()).count(), MAX_JAILS as usize);
    }

    #[test]
    fn no_limit_is_above_what_the_node_allows(memory: u64, processes: u32) {
        let capped = capped(StageLimits { memory: Bytes(memory), processes }, CEILING);
        prop_assert!(capped.memory <= CEILING);
        prop_assert!((1..=MAX_PROCESSES).contains(&capped.processes));
    }
}

#[test]
fn orders_beyond_the_number_of_ids_are_refused() {
    let mut jails = jails();
    while jails.slots.take().is_some() {}
    let (link, theirs) = channel();
    jails.obey(ToWarden::Create(RequestId(7)), &Front::unreal(link));
    let answer = protocol::receive::<FromWarden>(theirs.as_fd()).unwrap();
    let (answer, _) = answer.expect("it is answered");
    assert!(matches!(answer, FromWarden::NotCreated(RequestId(7), _)));
}
