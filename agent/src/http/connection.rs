//! One connection, from its accept to its close: HTTP/1.1, or HTTP/2 where the client begins with its preface.

use super::delivery::Delivery;
use super::linger::Lingering;
use super::patience::Patience;
use super::serve::Shared as Server;
use super::streams::{Starter, Streams};
use super::transport::{Peer, Shared, Stream};
use super::{panic, router};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tower::Service;

/// Header fields of a request of HTTP/1: a browser behind two proxies sends some thirty.
const MAX_HEADERS: usize = 64;

/// Request line and header fields in bytes, as in Node. HTTP/2 adds 32 for each field, which bounds their number. Of
/// HTTP/1 no more than this is buffered of a request or an answer before it is handed on.
const MAX_HEADER_SIZE: u16 = 16 << 10;

/// Requests of one HTTP/2 connection at once: about what the queue of a small node takes.
const MAX_STREAMS: u32 = 64;

/// What an HTTP/2 client may send of one body before it is read. Bodies are read as they come, so that this is what
/// fits into one way to the client and back: 16 MiB over a tunnel of 50 ms take 13 s.
const STREAM_WINDOW: u32 = 64 << 10;

/// The same for all bodies of a connection: what it can make the node hold of them, unread.
const CONNECTION_WINDOW: u32 = 256 << 10;

/// What is buffered of one answer between our pieces and the connection.
const SEND_BUFFER: usize = 16 << 10;

/// Requests that a client may reset before they were looked at (CVE-2023-44487), and errors of its own making that are
/// answered with a reset, before the connection is ended.
const MAX_RESETS: usize = 20;

/// An HTTP/2 connection that is silent for so long is asked whether it lives, and has so long to answer.
const PING_AFTER: Duration = Duration::from_secs(45);
const PONG_WITHIN: Duration = Duration::from_secs(15);

/// Serves a connection until it ends, the client closes its side, or the node drains.
pub(super) async fn serve(stream: Stream, server: Arc<Server>, drain: Watcher) -> io::Result<()> {
    stream.prepare(server.settings.write_timeout)?;
    let peer = stream.peer();
    let stream = Shared::new(stream);
    let patience = Arc::new(Patience::new(&server.settings));
    let service = {
        let patience = Arc::clone(&patience);
        service_fn(move |request| answer(request, peer, &server, &patience))
    };
    let streams = Streams::default();
    let builder = builder(streams.starter());
    let lingering = Lingering::new(stream.clone(), Arc::clone(&patience));
    let connection = builder.serve_connection(TokioIo::new(lingering), service);
    tokio::select! {
        // An answer that is ready goes out, even to a client that closed its side right after asking.
        biased;
        end = drain.watch(connection) => end.map_err(io::Error::other),
        () = stream.closed() => Ok(()),
        () = patience.ends() => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// The bounds of both versions. Header blocks of HTTP/2 that have no end (CVE-2024-27316) are bounded by their size.
fn builder(starter: Starter) -> auto::Builder<Starter> {
    let mut builder = auto::Builder::new(starter);
    builder
        .http1()
        // Patience has the time for it.
        .header_read_timeout(None)
        // That the client has closed its side is seen below, and after an answer that is ready.
        .half_close(true)
        .max_headers(MAX_HEADERS)
        .max_buf_size(usize::from(MAX_HEADER_SIZE));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::from(MAX_HEADER_SIZE))
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN);
    builder
}

/// Answers one request. Dropping the future ends its job: a connection that ends does, and a stream that is reset.
fn answer(
    mut request: Request<Incoming>,
    peer: Peer,
    server: &Server,
    patience: &Arc<Patience>,
) -> impl Future<Output = Result<Response<Delivery>, Infallible>> + use<> {
    let underway = patience.request();
    router::normalise(&mut request);
    request.extensions_mut().insert(peer);
    let routed = server.router.clone().call(request);
    async move {
        let mut response = panic::answered(routed).await?;
        let place = response.extensions_mut().remove();
        Ok(response.map(|body| Delivery::new(body, underway, place)))
    }
}
