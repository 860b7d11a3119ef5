//! A client that sends just the bytes it is told to, when it is told to.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// The longest wait for bytes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the node accepts");
        stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .expect("a socket takes time limits");
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends bytes. A node that has answered and closed need not take all of them.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).ok();
    }

    /// Closes the sending side only.
    pub(crate) fn close_half(&mut self) {
        self.stream
            .shutdown(Shutdown::Write)
            .expect("the connection is there");
    }

    /// The next answer; `None` when the node closes without one.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more() {
                return None;
            }
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let head = String::from_utf8(head)
            .expect("a head is text")
            .to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a length is a number"));
        while self.unread.len() < length {
            assert!(self.more(), "the answer is cut short after {head}");
        }
        let body: Vec<u8> = self.unread.drain(..length).collect();
        let status = head.split(' ').nth(1).expect("a status line has a status");
        Some(Answer {
            status: status.parse().expect("a status is a number"),
            body: String::from_utf8(body).expect("a body is text"),
            head,
        })
    }

    /// Whether the node closes without a further byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && !self.more()
    }

    /// Waits until the node has sent something.
    pub(crate) fn wait_for_bytes(&mut self) {
        assert!(self.more(), "the node closes");
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 65_536];
        match self.stream.read(&mut buffer) {
            Ok(read) => {
                self.unread.extend_from_slice(&buffer[..read]);
                read > 0
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the node neither answers nor closes: {error}"),
        }
    }
}

/// A request with a JSON body.
pub(crate) fn post(body: &str) -> String {
    format!(
        "POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
