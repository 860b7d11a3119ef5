//! Which version of HTTP the bytes of a connection are, and of HTTP/2 where header blocks begin and end.

use super::frames::{Block, Frames};

/// What a client of HTTP/2 sends first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the bytes are.
#[derive(Debug)]
pub(super) enum Protocol {
    /// Not known yet: so many bytes are those of the preface.
    Unknown(usize),
    /// HTTP/1.
    One,
    /// HTTP/2.
    Two(Frames),
}

/// What some bytes were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The beginning of either version.
    Either,
    /// HTTP/1.
    One,
    /// HTTP/2, with this done to header blocks.
    Two(Block),
}

impl Protocol {
    /// Takes the next bytes.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Came {
        if let Self::Unknown(seen) = *self {
            let (begin, rest) = bytes.split_at(bytes.len().min(PREFACE.len() - seen));
            let now = seen + begin.len();
            *self = if *begin != PREFACE[seen..now] {
                Self::One
            } else if now < PREFACE.len() {
                Self::Unknown(now)
            } else {
                Self::Two(Frames::default())
            };
            bytes = rest;
        }
        match self {
            Self::Unknown(_) => Came::Either,
            Self::One => Came::One,
            Self::Two(frames) => Came::Two(frames.read(bytes)),
        }
    }
}
