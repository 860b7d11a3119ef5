//! Clients that take their time.

use super::*;
use tokio::time::{Instant, sleep, timeout};

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn headers_have_a_time() {
    let settings = Settings {
        header_timeout: SHORT,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    for start in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut client = server.connect().await;
        let begin = Instant::now();
        client.send(start).await;
        assert!(client.is_closed().await);
        assert!(begin.elapsed() >= SHORT, "{start:?}");
    }
    let mut client = server.connect().await;
    for byte in "GET / HTTP/1.1\r\n".bytes().take(8) {
        client.send([byte]).await;
        sleep(SHORT / 10).await;
    }
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn between_requests_a_connection_may_rest_longer() {
    let settings = Settings {
        header_timeout: SHORT,
        idle_timeout: SHORT * 6,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut client = server.connect().await;
    for _ in 0..2 {
        assert_eq!(client.ask(get).await.status, 200);
        sleep(SHORT * 2).await;
    }
    // A header once begun has its own time.
    let begin = Instant::now();
    client.send("GET / HT").await;
    assert!(client.is_closed().await);
    assert!((SHORT..SHORT * 4).contains(&begin.elapsed()));
    let mut client = server.connect().await;
    assert_eq!(client.ask(get).await.status, 200);
    let begin = Instant::now();
    assert!(client.is_closed().await);
    assert!(begin.elapsed() >= SHORT * 5);
    // A request that takes long is no header.
    let mut client = server.connect().await;
    client.send(post("do:wait")).await;
    server.fake.0.started.notified().await;
    sleep(SHORT * 2).await;
    server.fake.0.go.notify_one();
    assert_eq!(client.answer().await.status, 200);
}

/// It is not read before the answer is out, and is then a header like any other.
#[tokio::test]
async fn a_header_that_begins_during_an_answer_has_its_time_after_it() {
    let settings = Settings {
        header_timeout: SHORT,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut client = server.connect().await;
    client.send(post("do:wait")).await;
    server.fake.0.started.notified().await;
    client.send("GET / HT").await;
    sleep(SHORT * 2).await;
    server.fake.0.go.notify_one();
    assert_eq!(client.answer().await.status, 200);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn bodies_have_a_time() {
    let settings = Settings {
        body_pause: SHORT,
        body_timeout: SHORT * 3,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut client = server.connect().await;
    client.send(post("{}").trim_end_matches('}')).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (408, "close"));
    assert_eq!(answer.message(), "request body was not received in time");
    // Never a pause too long, but never an end either.
    let mut client = server.connect().await;
    let begin = Instant::now();
    client
        .send(post(&" ".repeat(100)).trim_end_matches(' '))
        .await;
    while begin.elapsed() < SHORT * 4 {
        client.send(" ").await;
        sleep(SHORT / 3).await;
    }
    assert_eq!(client.answer().await.status, 408);
    assert_eq!(server.jobs(), 0);
}

#[tokio::test]
async fn beyond_the_greatest_number_connections_wait() {
    let settings = Settings {
        max_connections: 2,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let first = server.connect().await;
    let _second = server.connect().await;
    let mut third = server.connect().await;
    third.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(timeout(SHORT, third.answer()).await.is_err());
    drop(first);
    assert_eq!(third.answer().await.status, 200);
}

/// The only connection is freed although its client never reads.
#[tokio::test]
async fn a_client_that_takes_no_answer_is_cut_off() {
    let settings = Settings {
        max_connections: 1,
        write_timeout: SHORT,
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut stalled = server.connect().await;
    stalled.send(post("{\"a\":\"do:flood\"}")).await;
    let mut next = server.connect().await;
    next.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(next.answer().await.status, 200);
}
