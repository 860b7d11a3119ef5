//! Frames: what a side says fits what the other one takes, and nothing more is taken.

use super::*;

#[test]
fn the_longest_answers_fit_their_frame() {
    let failure = Failure {
        step: Step::Builder,
        errno: i32::MIN,
    };
    let ended = FromInit::Ended {
        stage: Stage::Run,
        end: End::Signaled(i32::MIN),
        wall_ns: u64::MAX,
        largest: Bytes(u64::MAX),
    };
    for frame in [
        frame(&ended).unwrap(),
        frame(&FromInit::Failed(failure)).unwrap(),
        frame(&FromHolder::Failed(failure)).unwrap(),
    ] {
        assert!(frame.len() - 4 <= MAX_ANSWER, "{frame:?}");
    }
}

#[test]
fn the_longest_of_what_was_made_fits_its_frame() {
    let name = FromInit::Made {
        name: "x".repeat(4096),
        mode: u32::MAX,
    };
    let piece = FromInit::Piece(vec![0; PIECE]);
    for message in [name, piece, FromInit::Collected(Collected::NotAll)] {
        let frame = frame(&message).unwrap();
        assert!(frame.len() - 4 <= MAX_MADE, "{}", frame.len());
        let heard: FromInit = receive(&mut frame.as_slice(), MAX_MADE).unwrap();
        assert_eq!(heard, message);
    }
}

/// A jail that was taken over must not have the front set memory aside.
#[test]
fn an_answer_that_announces_more_is_refused_unread() {
    let announced = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    assert_eq!(
        body_length(announced(MAX_ANSWER), MAX_ANSWER).unwrap(),
        MAX_ANSWER
    );
    let head = announced(MAX_ANSWER + 1);
    let refused = receive::<FromInit>(&mut head.as_slice(), MAX_ANSWER).unwrap_err();
    assert!(matches!(refused, ProtoError::TooLong(length) if length == MAX_ANSWER + 1));
    let refused = receive::<ToInit>(&mut [0xff; 4].as_slice(), MAX_FRAME).unwrap_err();
    assert!(matches!(refused, ProtoError::TooLong(_)));
}

#[test]
fn frames_follow_each_other_on_a_stream() {
    let mut stream = frame(&ToInit::Piece(vec![7; 3])).unwrap();
    let (name, mode) = ("a".to_owned(), 0o644);
    stream.extend(frame(&ToInit::File { name, mode }).unwrap());
    let mut stream = stream.as_slice();
    let first = receive::<ToInit>(&mut stream, MAX_FRAME).unwrap();
    assert!(matches!(first, ToInit::Piece(piece) if piece == [7; 3]));
    let second = receive::<ToInit>(&mut stream, MAX_FRAME).unwrap();
    assert!(matches!(second, ToInit::File { name, .. } if name == "a"));
    let end = receive::<ToInit>(&mut stream, MAX_FRAME).unwrap_err();
    assert!(matches!(end, ProtoError::Io(_)));
}
