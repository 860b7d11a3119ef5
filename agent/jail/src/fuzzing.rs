//! Ways to the decoders of this crate's channels, for the fuzz targets (`tests/fuzz`): built by cargo-fuzz only.

use crate::proto::{
    FromBuilder, FromHolder, FromInit, MAX_ANSWER, MAX_FRAME, MAX_MADE, ProtoError, ToBuilder,
    ToHolder, ToInit, decode, receive,
};
use serde::{Serialize, de::DeserializeOwned};

/// Decodes what one side says and writes it down again; an error where the bytes are no such message.
pub type Again = fn(&[u8]) -> Result<Vec<u8>, ProtoError>;

/// The next frame of a stream, taken off it.
pub type Next = fn(&mut &[u8]) -> Result<Vec<u8>, ProtoError>;

/// What a packet can be: to init, to its builder.
pub const PACKETS: [Again; 2] = [again::<FromBuilder>, again::<ToBuilder>];

/// What a stream of frames can be inside a jail: to init, by the front and by a holder, and to a holder.
pub const STREAMS: [Next; 3] = [
    |stream| next::<ToInit>(stream, MAX_FRAME),
    |stream| next::<FromHolder>(stream, MAX_ANSWER),
    |stream| next::<ToHolder>(stream, MAX_FRAME),
];

/// What the front hears from an init.
pub const TO_FRONT: Next = |stream| next::<FromInit>(stream, MAX_ANSWER);

/// What it hears when it has asked what a compile stage made.
///
/// # Errors
/// The bytes are no such message.
pub fn made_to_front(stream: &mut &[u8]) -> Result<FromInit, ProtoError> {
    receive(stream, MAX_MADE)
}

fn again<M: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<Vec<u8>, ProtoError> {
    postcard::to_allocvec(&decode::<M>(bytes)?).map_err(ProtoError::Encode)
}

fn next<M: Serialize + DeserializeOwned>(
    stream: &mut &[u8],
    limit: usize,
) -> Result<Vec<u8>, ProtoError> {
    let message = receive::<M>(stream, limit)?;
    postcard::to_allocvec(&message).map_err(ProtoError::Encode)
}
