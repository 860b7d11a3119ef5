//! Requests to a node: one connection each, every wait bounded.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// The longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(120);

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path, with a query where there is one.
    pub path: String,
    /// Headers; `host` and the length are added.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// `GET path`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".into(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// `POST path` with a JSON body.
    #[must_use]
    pub fn post_json(path: &str, body: &serde_json::Value) -> Self {
        Self {
            method: "POST".into(),
            path: path.into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers with names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "status {} with a body that is not JSON ({error}): {:?}",
                self.status,
                self.text()
            )
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request and waits for the whole answer.
///
/// # Errors
/// When there is no connection, it breaks, or the answer takes too long.
pub fn send(address: SocketAddr, request: &Request) -> io::Result<Reply> {
    send_to(&Place::Tcp(address), Version::One, request)
}

/// The same for one who waits so long at most.
///
/// # Errors
/// As [`send`].
pub fn send_within(limit: Duration, address: SocketAddr, request: &Request) -> io::Result<Reply> {
    deliver(limit, &Place::Tcp(address), Version::One, request)
}

/// Where a node listens.
#[derive(Clone, Debug)]
pub enum Place {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket file.
    Unix(PathBuf),
}

/// The version of HTTP that a request is sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1.
    One,
    /// HTTP/2 without asking before.
    Two,
}

/// As [`send`], to any place in either version.
///
/// # Errors
/// As [`send`].
pub fn send_to(place: &Place, version: Version, request: &Request) -> io::Result<Reply> {
    deliver(LIMIT, place, version, request)
}

fn deliver(
    limit: Duration,
    place: &Place,
    version: Version,
    request: &Request,
) -> io::Result<Reply> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match tokio::time::timeout(limit, exchange(place, version, request)).await {
            Ok(reply) => reply,
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer to {}", request.path),
            )),
        }
    })
}

async fn exchange(place: &Place, version: Version, request: &Request) -> io::Result<Reply> {
    match place {
        Place::Tcp(address) => {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            exchange_over(stream, &address.to_string(), version, request).await
        }
        Place::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await?;
            exchange_over(stream, "localhost", version, request).await
        }
    }
}

async fn exchange_over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    host: &str,
    version: Version,
    request: &Request,
) -> io::Result<Reply> {
    let io = TokioIo::new(stream);
    let builder = hyper::Request::builder().method(request.method.as_str());
    let mut builder = match version {
        Version::One => builder.uri(&request.path).header("host", host),
        Version::Two => builder.uri(format!("http://{host}{}", request.path)),
    };
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body.clone()));
    let request = builder.body(body).map_err(io::Error::other)?;
    // A connection's failure comes out of its sender too.
    let response = match version {
        Version::One => {
            let (mut sender, connection) = http1::handshake(io).await.map_err(io::Error::other)?;
            drop(tokio::spawn(connection));
            sender.send_request(request).await
        }
        Version::Two => {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io)
                .await
                .map_err(io::Error::other)?;
            drop(tokio::spawn(connection));
            sender.send_request(request).await
        }
    };
    let (head, body) = response.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Reply {
        status: head.status.as_u16(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: body.to_vec(),
    })
}

/// Sends bytes as they are, closes the sending side, and reads until the other side closes.
///
/// # Errors
/// When there is no connection or the other side neither answers nor closes.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(bytes)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => Ok(answer),
        // The other side closed with bytes of ours unread, which it may after an answer.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset && !answer.is_empty() => {
            Ok(answer)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the test connects");
            let mut buffer = [0; 1024];
            let got = stream.read(&mut buffer).expect("the test sends");
            assert!(got > 0);
            stream.write_all(answer.as_bytes()).expect("the test reads");
        });
        address
    }

    #[test]
    fn an_answer_comes_back_whole() {
        let address = server(
            "HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\ncontent-length: 14\r\n\r\n{\"message\":\"\"}",
        );
        let reply = send(address, &Request::get("/nope")).expect("the server answers");
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (404, Some("a/b"))
        );
        assert_eq!(reply.json(), serde_json::json!({"message": ""}));
    }

    #[test]
    fn raw_bytes_come_back() {
        assert_eq!(
            raw(server("bye"), b"nonsense").expect("the server answers"),
            b"bye"
        );
    }
}
