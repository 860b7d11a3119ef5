//! One connection, from its accept to its close.

use super::hangup::Hangup;
use super::linger::Lingering;
use super::patience::Patience;
use super::{Settings, panic, router};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::Watcher;
use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tower::Service;

/// Header fields of a request: a browser behind two proxies sends some thirty.
const MAX_HEADERS: usize = 64;

/// Request line and header fields in bytes, as in Node.
const MAX_HEADER_SIZE: usize = 16 << 10;

/// What is buffered of a request or an answer before it is handed on.
const MAX_BUFFER: usize = 64 << 10;

/// Serves a connection until it ends, the client closes its side, or the node drains.
pub(super) async fn serve(
    stream: TcpStream,
    router: Router,
    settings: Settings,
    drain: Watcher,
) -> io::Result<()> {
    prepare(&stream, &settings)?;
    let hangup = Hangup::watch(&stream)?;
    let patience = Arc::new(Patience::new(settings.header_timeout));
    let service = service_fn(|mut request: Request<Incoming>| {
        patience.request_begins();
        router::normalise(&mut request);
        let answered = panic::answered(router.clone().call(request));
        let patience = Arc::clone(&patience);
        async move {
            let answer = answered.await;
            patience.request_ends();
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.idle_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_SIZE)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(Lingering::new(stream, Arc::clone(&patience)), service);
    tokio::select! {
        // An answer that is ready goes out, even to a client that closed its side right after asking.
        biased;
        end = drain.watch(connection) => end.map_err(io::Error::other),
        () = hangup.closed() => Ok(()),
        () = patience.ends() => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A client that takes none of its answer is cut off by the kernel.
fn prepare(stream: &TcpStream, settings: &Settings) -> io::Result<()> {
    let patience = u32::try_from(settings.write_timeout.as_millis()).unwrap_or(u32::MAX);
    stream.set_nodelay(true)?;
    setsockopt(stream, sockopt::TcpUserTimeout, &patience)?;
    Ok(())
}
