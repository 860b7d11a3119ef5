//! The protocol, as one side that keeps it and one that does not speak it.

use super::*;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, send as send_bytes, socketpair,
};
use proptest::prelude::*;
use std::os::fd::{AsFd, AsRawFd};

fn channel() -> (OwnedFd, OwnedFd) {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap()
}

#[test]
fn the_longest_messages_fit_a_packet() {
    let limits = StageLimits {
        memory: Bytes(u64::MAX),
        processes: u32::MAX,
    };
    let (request, jail) = (RequestId(u64::MAX), JailId(u64::MAX));
    let arm = postcard::to_allocvec(&ToWarden::Arm(
        request,
        jail,
        [Some(limits); 2],
        Share::Least,
    ))
    .unwrap();
    let usage = Usage {
        cpu: Duration::MAX,
        memory_peak: u64::MAX,
        is_peak: true,
        out_of_memory: true,
        forks_refused: true,
        read_back: u64::MAX,
        alive: true,
    };
    let used = postcard::to_allocvec(&FromWarden::Used(request, usage)).unwrap();
    assert!(arm.len() <= MAX_PACKET && used.len() <= MAX_PACKET);
}

#[test]
fn a_packet_that_is_too_long_is_no_message() {
    let (ours, theirs) = channel();
    let mut packet = postcard::to_allocvec(&ToWarden::Serving).unwrap();
    packet.resize(MAX_PACKET + 1, 0);
    send_bytes(theirs.as_raw_fd(), &packet, MsgFlags::empty()).unwrap();
    assert!(receive::<ToWarden>(ours.as_fd()).is_err());
}

#[test]
fn an_empty_packet_is_an_end() {
    let (ours, theirs) = channel();
    send_bytes(theirs.as_raw_fd(), &[], MsgFlags::empty()).unwrap();
    assert!(matches!(receive::<ToWarden>(ours.as_fd()), Ok(None)));
}

/// They are closed with the message, whether it is one or not: none stays in the warden. The kernel lets no message carry
/// more than the last number here.
#[test]
fn descriptors_that_nobody_asked_for_are_closed() {
    let serving = postcard::to_allocvec(&ToWarden::Serving).unwrap();
    for (packet, count) in [
        (&serving[..], 16),
        (&serving, 17),
        (&[0xff; 4], 1),
        (&serving, 253),
    ] {
        let (ours, theirs) = channel();
        let (watched, given) = channel();
        jail::sys::send_with_fds(theirs.as_fd(), packet, &vec![given.as_fd(); count]).unwrap();
        drop(given);
        drop(receive::<ToWarden>(ours.as_fd()));
        // Its other end is at its end only when no copy is left.
        let mut byte = [0u8];
        assert_eq!(nix::unistd::read(&watched, &mut byte), Ok(0), "{count}");
    }
}

pub(in crate::warden) fn any_message() -> impl Strategy<Value = ToWarden> {
    let limits = prop::option::of(
        (any::<u64>(), any::<u32>()).prop_map(|(memory, processes)| StageLimits {
            memory: Bytes(memory),
            processes,
        }),
    );
    let request = any::<u64>().prop_map(RequestId);
    // Small numbers are those of jails that may exist.
    let jail = || prop_oneof![0..8u64, any::<u64>()].prop_map(JailId);
    let stage = prop::sample::select(Stage::ALL.to_vec());
    prop_oneof![
        Just(ToWarden::Serving),
        Just(ToWarden::Alive),
        request.clone().prop_map(ToWarden::Create),
        (request.clone(), jail(), [limits.clone(), limits])
            .prop_map(|(request, jail, limits)| ToWarden::Arm(request, jail, limits, Share::Least)),
        (request.clone(), jail()).prop_map(|(request, jail)| ToWarden::Begin(request, jail)),
        (request, jail(), stage)
            .prop_map(|(request, jail, stage)| ToWarden::Usage(request, jail, stage)),
        jail().prop_map(ToWarden::Destroy),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_is_a_message_or_an_error(packet in prop::collection::vec(any::<u8>(), 0..600)) {
        let (ours, theirs) = channel();
        send_bytes(theirs.as_raw_fd(), &packet, MsgFlags::empty()).unwrap();
        match receive::<ToWarden>(ours.as_fd()) {
            Ok(Some(_)) => prop_assert!((1..=MAX_PACKET).contains(&packet.len())),
            Ok(None) => prop_assert!(packet.is_empty()),
            Err(error) => prop_assert!(error.kind() != io::ErrorKind::WouldBlock),
        }
    }

    #[test]
    fn what_is_sent_arrives(message in any_message()) {
        let (ours, theirs) = channel();
        send(theirs.as_fd(), &message, &[]).unwrap();
        let (arrived, fds) = receive::<ToWarden>(ours.as_fd()).unwrap().unwrap();
        prop_assert_eq!(arrived, message);
        prop_assert!(fds.is_empty());
    }
}
