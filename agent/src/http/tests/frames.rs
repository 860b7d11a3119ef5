//! A client of HTTP/2 that sends just the frames it is told to.

use super::*;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// REFUSED_STREAM, CANCEL and ENHANCE_YOUR_CALM (RFC 9113, 7).
pub(super) const REFUSED: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const CALM: u32 = 11;

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The error that a RESET or GOAWAY tells.
    pub(super) fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }

    /// The status of a HEADERS: the server's encoder puts it first, from the static table or as a literal.
    pub(super) fn status(&self) -> u16 {
        match self.payload[0] {
            0x88 => 200,
            // Written out, the digits in Huffman's code.
            0x48 if self.payload[2..4] == [0x69, 0x90] => 431,
            0x48 if self.payload[2..4] == [0x6c, 0x0c] => 503,
            _ => panic!("another status: {:x?}", self.payload),
        }
    }
}

/// The bytes of a frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The header block of `POST /api/v2/execute` with JSON, without any table.
pub(super) fn execute() -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    let mut literal = |prefix: &[u8], value: &str| {
        block.extend(prefix);
        block.push(u8::try_from(value.len()).unwrap());
        block.extend(value.bytes());
    };
    literal(&[0x04], "/api/v2/execute");
    literal(&[0x01], "x");
    literal(&[0x0f, 0x10], "application/json");
    block
}

/// The header block of `GET /`.
pub(super) fn get() -> Vec<u8> {
    vec![0x82, 0x86, 0x84, 0x01, 1, b'x']
}

/// A whole execute request.
pub(super) fn request(stream: u32, body: &str) -> Vec<u8> {
    let mut bytes = frame(HEADERS, END_HEADERS, stream, &execute());
    bytes.extend(frame(DATA, END_STREAM, stream, body.as_bytes()));
    bytes
}

pub(super) struct Frames(pub(super) Client);

impl Frames {
    /// Connects and sends the preface with these settings.
    pub(super) async fn connect(server: &Server, settings: &[(u16, u32)]) -> Self {
        let mut client = server.connect().await;
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        let mut payload = Vec::new();
        for (key, value) in settings {
            payload.extend(key.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        client.send(frame(SETTINGS, 0, 0, &payload)).await;
        Self(client)
    }

    /// Sends bytes.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.send(bytes).await;
    }

    /// Sends bytes to a server that may have had enough. Whether it took them.
    pub(super) async fn send_or_not(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.try_send(bytes).await
    }

    /// The next frame; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let head = self.0.take(9).await?;
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        Some(Frame {
            kind: head[3],
            stream: u32::from_be_bytes(head[5..9].try_into().unwrap()),
            payload: self.0.take(length).await?,
        })
    }

    /// The next frame of a kind.
    pub(super) async fn next_of(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }
}
