//! HTTP/2 without TLS, on the same port: the same answers, and bounds of its own.

use super::client::Answer;
use super::frames::{
    ACK, CALM, CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PING,
    REFUSED, RESET, SETTINGS, execute, frame, get, request,
};
use super::*;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

const SHORT: Duration = Duration::from_millis(150);

pub(super) type Sender = SendRequest<Full<Bytes>>;

pub(super) async fn client(server: &Server) -> Sender {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    sender
}

pub(super) async fn ask(client: &mut Sender, request: Request<Full<Bytes>>) -> Answer {
    client.ready().await.unwrap();
    let (head, body) = client.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let headers = head.headers.iter();
    Answer {
        status: head.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::from_utf8(body).unwrap(),
    }
}

fn post(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("http://x/api/v2/execute")
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}

async fn serves(server: &Server) {
    let mut client = client(server).await;
    assert_eq!(ask(&mut client, post("{}")).await.status, 200);
}

#[tokio::test]
async fn requests_share_a_connection() {
    let server = Server::start().await;
    let client = client(&server).await;
    let waits = (0..8).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move { ask(&mut client, post("do:wait")).await })
    });
    let waits: Vec<_> = waits.collect();
    while server.jobs() < 8 {
        server.fake.0.started.notified().await;
    }
    let mut client = client;
    assert_eq!(ask(&mut client, post("{}")).await.status, 200);
    for _ in 0..8 {
        server.fake.0.go.notify_one();
        sleep(Duration::from_millis(1)).await;
    }
    for wait in waits {
        assert_eq!(wait.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn bodies_have_the_same_bounds() {
    let settings = Settings {
        max_body: 1 << 20,
        body_budget: 1 << 20,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut client = client(&server).await;
    let body = |length: usize| format!("{}{{}}", " ".repeat(length - 2));
    let answer = ask(&mut client, post(body(1 << 20))).await;
    assert_eq!(answer.json()["run"]["stdout"], "1048576");
    let answer = ask(&mut client, post(body((1 << 20) + 1))).await;
    assert_eq!(answer.status, 413);
    // Several large ones at once share what there is, though they are of one connection.
    let mut other = client.clone();
    let first = tokio::spawn(async move {
        let large = format!("{}do:wait", " ".repeat(900 << 10));
        ask(&mut other, post(large)).await
    });
    while server.jobs() == 0 {
        server.fake.0.started.notified().await;
    }
    let refused = ask(&mut client, post(body(200 << 10))).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    assert_eq!(ask(&mut client, post(body(60 << 10))).await.status, 200);
    server.fake.0.go.notify_one();
    assert_eq!(first.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_reset_cancels_its_request_only() {
    let server = Server::start().await;
    let mut client = Frames::connect(&server, &[]).await;
    client.send(request(1, "do:wait")).await;
    client.send(request(3, "do:wait")).await;
    while server.jobs() < 2 {
        server.fake.0.started.notified().await;
    }
    client.send(frame(RESET, 0, 1, &CANCEL.to_be_bytes())).await;
    while server.jobs() > 1 {
        sleep(Duration::from_millis(1)).await;
    }
    server.fake.0.go.notify_one();
    let answer = client.next_of(HEADERS).await.unwrap();
    assert_eq!((answer.stream, answer.status()), (3, 200));
}

#[tokio::test]
async fn the_end_of_a_connection_cancels_all_its_requests() {
    let server = Server::start().await;
    for half in [false, true] {
        let mut client = Frames::connect(&server, &[]).await;
        for stream in [1, 3, 5] {
            client.send(request(stream, "do:wait")).await;
        }
        while server.jobs() < 3 {
            server.fake.0.started.notified().await;
        }
        if half {
            client.0.close_half().await;
        } else {
            drop(client);
        }
        server.idle().await;
    }
}

#[tokio::test]
async fn requests_in_flight_are_answered_at_the_end() {
    let server = Server::start().await;
    let mut sender = client(&server).await;
    let job = tokio::spawn(async move { ask(&mut sender, post("do:wait")).await });
    server.fake.0.started.notified().await;
    server.stop.send(true).unwrap();
    sleep(SHORT).await;
    assert!(!server.task.is_finished());
    server.fake.0.go.notify_one();
    assert_eq!(job.await.unwrap().status, 200);
    server.task.await.unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let settings = Settings {
        drain: SHORT,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut client = Frames::connect(&server, &[]).await;
    client.send(request(1, "do:wait")).await;
    server.fake.0.started.notified().await;
    server.stop.send(true).unwrap();
    server.task.await.unwrap();
    assert_eq!(server.fake.0.jobs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn prefaces_and_headers_have_a_time_and_rests_a_longer_one() {
    let settings = Settings {
        header_timeout: SHORT,
        idle_timeout: SHORT * 4,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut begun = server.connect().await;
    begun.send("PRI * HTTP/2.0\r\n\r\nSM").await;
    let begin = Instant::now();
    assert!(begun.is_closed().await);
    assert!((SHORT..SHORT * 3).contains(&begin.elapsed()));
    // A block that goes on and on, a frame that is cut, a frame's head that is.
    let open = frame(HEADERS, 0, 1, &get());
    let more = frame(CONTINUATION, 0, 1, &[]);
    let cut = frame(HEADERS, END_HEADERS, 1, &get());
    for bytes in [open.clone(), cut[..12].to_vec()] {
        let mut client = Frames::connect(&server, &[]).await;
        let begin = Instant::now();
        client.send(bytes).await;
        while client.next().await.is_some() {}
        assert!((SHORT..SHORT * 3).contains(&begin.elapsed()));
    }
    let mut client = Frames::connect(&server, &[]).await;
    let begin = Instant::now();
    client.send(open).await;
    for _ in 0..4 {
        sleep(SHORT / 5).await;
        // A slow machine may have come to the end of the time already.
        client.send_or_not(&more).await;
    }
    while client.next().await.is_some() {}
    assert!(begin.elapsed() < SHORT * 3);
    // Pings are no requests: the connection rests, however many come.
    let mut client = Frames::connect(&server, &[]).await;
    client
        .send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &get()))
        .await;
    assert_eq!(client.next_of(HEADERS).await.unwrap().status(), 200);
    let begin = Instant::now();
    for _ in 0..3 {
        sleep(SHORT).await;
        client.send_or_not(frame(PING, 0, 0, &[0; 8])).await;
    }
    while client.next().await.is_some() {}
    assert!((SHORT * 3..SHORT * 6).contains(&begin.elapsed()));
}

/// CVE-2024-27316: header blocks without end.
#[tokio::test]
async fn continuations_without_end_end_the_connection() {
    let server = Server::start().await;
    for piece in [vec![], [&[0x10, 1, b'a', 100][..], &[b'b'; 100]].concat()] {
        let mut client = Frames::connect(&server, &[]).await;
        client.send(frame(HEADERS, 0, 1, &get())).await;
        for _ in 0..2000 {
            client.send_or_not(frame(CONTINUATION, 0, 1, &piece)).await;
        }
        while client.next().await.is_some() {}
    }
    serves(&server).await;
}

/// CVE-2023-44487: requests that are reset at once.
#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let server = Server::start().await;
    let mut client = Frames::connect(&server, &[]).await;
    let mut bytes = Vec::new();
    for stream in (1..2001).step_by(2) {
        bytes.extend(frame(HEADERS, END_HEADERS, stream, &execute()));
        bytes.extend(frame(RESET, 0, stream, &CANCEL.to_be_bytes()));
    }
    client.send_or_not(bytes).await;
    let end = client.next_of(GOAWAY).await.unwrap();
    assert_eq!(end.error(), CALM);
    server.idle().await;
    serves(&server).await;
}

#[tokio::test]
async fn headers_are_bounded() {
    let server = Server::start().await;
    let mut client = Frames::connect(&server, &[]).await;
    let mut field = vec![0x00, 1, b'a', 0x7f, 0x81, 0x3c];
    field.extend([b'b'; 127 + 1 + 60 * 128]);
    let block = [get(), field.clone(), field.clone()].concat();
    client.send(frame(HEADERS, 0, 1, &block)).await;
    client
        .send(frame(CONTINUATION, END_HEADERS, 1, &field))
        .await;
    assert_eq!(client.next_of(HEADERS).await.unwrap().status(), 431);
}

#[tokio::test]
async fn streams_of_a_connection_are_bounded() {
    let server = Server::start().await;
    let mut client = Frames::connect(&server, &[]).await;
    // Until its settings are acknowledged a client can't know of the bound.
    client.next_of(SETTINGS).await.unwrap();
    client.send(frame(SETTINGS, ACK, 0, &[])).await;
    for stream in (1..=129).step_by(2) {
        client.send(request(stream, "do:wait")).await;
    }
    let refused = client.next_of(RESET).await.unwrap();
    assert_eq!((refused.stream, refused.error()), (129, REFUSED));
    while server.jobs() < 64 {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn requests_of_all_connections_are_bounded() {
    let settings = Settings {
        max_requests: 3,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut client = Frames::connect(&server, &[]).await;
    for stream in [1, 3, 5] {
        client.send(request(stream, "do:wait")).await;
    }
    while server.jobs() < 3 {
        server.fake.0.started.notified().await;
    }
    let mut second = self::client(&server).await;
    let refused = ask(&mut second, post("{}")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    let mut third = server.connect().await;
    assert_eq!(third.ask(super::post("{}")).await.status, 503);
    for path in ["/", "/healthz", "/readyz", "/api/v2/runtimes"] {
        let get = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(third.ask(get).await.status, 200, "{path}");
    }
    server.fake.0.go.notify_one();
    let answer = client.next_of(DATA).await.unwrap();
    assert!(!answer.payload.is_empty());
    assert_eq!(ask(&mut second, post("{}")).await.status, 200);
    assert_eq!(third.ask(super::post("{}")).await.status, 200);
}

/// Headers without bodies, of which the client could send one byte every now and then.
#[tokio::test]
async fn bodies_that_do_not_come_keep_nobody_out() {
    let settings = Settings {
        max_requests: 3,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut slow = Frames::connect(&server, &[]).await;
    for stream in [1, 3, 5] {
        slow.send(frame(HEADERS, END_HEADERS, stream, &execute()))
            .await;
        slow.send(frame(DATA, 0, stream, b"{")).await;
    }
    // When that is answered, what came before has been seen.
    slow.send(frame(PING, 0, 0, &[0; 8])).await;
    slow.next_of(PING).await.unwrap();
    sleep(SHORT).await;
    let mut client = self::client(&server).await;
    assert_eq!(ask(&mut client, post("{}")).await.status, 200);
    let evicted = slow.next_of(HEADERS).await.unwrap();
    assert_eq!((evicted.stream, evicted.status()), (1, 503));
    for stream in [3, 5] {
        slow.send(frame(DATA, END_STREAM, stream, b"}")).await;
        let answer = slow.next_of(HEADERS).await.unwrap();
        assert_eq!((answer.stream, answer.status()), (stream, 200));
    }
    // A refusal that is not taken is no reason to refuse others.
    let mut stubborn = Frames::connect(&server, &[(4, 0)]).await;
    for stream in [1, 3, 5] {
        stubborn.send(request(stream, "do:busy")).await;
        assert_eq!(stubborn.next_of(HEADERS).await.unwrap().stream, stream);
    }
    assert_eq!(ask(&mut client, post("{}")).await.status, 200);
}

/// A client of HTTP/2 can keep an answer waiting without ever filling a socket.
#[tokio::test]
async fn answers_have_a_time_to_be_taken() {
    let settings = Settings {
        answer_timeout: SHORT,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    // INITIAL_WINDOW_SIZE 0: no byte of a body may be sent.
    let mut client = Frames::connect(&server, &[(4, 0)]).await;
    client.send(request(1, "{}")).await;
    assert_eq!(client.next_of(HEADERS).await.unwrap().status(), 200);
    let begin = Instant::now();
    while let Some(frame) = client.next().await {
        assert!(frame.kind != DATA);
    }
    assert!(begin.elapsed() < SHORT * 3);
    // The same of HTTP/1, by a client that takes a little every now and then.
    let mut slow = Client::connect_with_small_buffer(server.address).await;
    slow.send(super::post("{\"a\":\"do:flood\"}")).await;
    assert_eq!(slow.head().await.status, 200);
    let begin = Instant::now();
    while begin.elapsed() < SHORT * 4 {
        if slow.take(4096).await.is_none() {
            return;
        }
        sleep(SHORT / 15).await;
    }
    let mut rest = 0;
    while slow.take(4096).await.is_some() {
        rest += 4096;
    }
    assert!(rest < 16 << 20, "{rest} bytes more came");
}

/// Each is answered with a few bytes, which the client does not take.
#[tokio::test]
async fn floods_of_small_frames_stop_at_the_clients_own_socket() {
    let server = Server::start().await;
    for flood in [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])] {
        let mut client = Frames::connect(&server, &[]).await;
        let some = flood.repeat(100_000);
        let mut sent = 0;
        while sent < 256 << 20 {
            let all = tokio::time::timeout(SHORT, client.send_or_not(&some)).await;
            serves(&server).await;
            if all != Ok(true) {
                break;
            }
            sent += some.len();
        }
        assert!(sent < 256 << 20, "the node takes a flood without end");
    }
}
