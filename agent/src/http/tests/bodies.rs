//! Bodies within and beyond their bounds.

use super::*;

fn settings() -> Settings {
    Settings {
        max_body: 1 << 20,
        body_budget: 1 << 20,
        ..Settings::default()
    }
}

/// Valid JSON of just this length.
fn body(length: usize) -> String {
    format!("{}{{}}", " ".repeat(length - 2))
}

fn chunked() -> &'static str {
    "POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

#[tokio::test]
async fn the_greatest_body_passes() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let mut client = server.connect().await;
    let answer = client.ask(post(&body(1 << 20))).await;
    assert_eq!(answer.json()["run"]["stdout"], "1048576");
    client.send(chunked()).await;
    for _ in 0..3 {
        client.send(chunk(" ")).await;
    }
    let answer = client.ask(chunk("{}") + "0\r\nTrailer: x\r\n\r\n").await;
    assert_eq!(answer.json()["run"]["stdout"], "5");
}

#[tokio::test]
async fn an_announced_length_is_refused_at_once() {
    let server = Server::start_with(Fake::default(), settings()).await;
    for length in ["1048577", "9223372036854775807"] {
        let mut client = server.connect().await;
        let head = post("").replace("Content-Length: 0", &format!("Content-Length: {length}"));
        let answer = client.ask(head).await;
        assert_eq!(
            (answer.status, answer.header("connection")),
            (413, "close"),
            "{length}"
        );
        assert_eq!(
            answer.message(),
            "request body cannot be larger than 1048576 bytes"
        );
        client.close_half().await;
        assert!(client.is_closed().await);
    }
    assert_eq!(server.jobs(), 0);
}

/// The client sends all of a body that is far too long before it looks at the answer.
#[tokio::test]
async fn the_refusal_arrives_though_the_body_is_sent_on() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let mut client = server.connect().await;
    client.send(post(&body(8 << 20))).await;
    assert_eq!(client.answer().await.status, 413);
    let mut client = server.connect().await;
    client.send(chunked()).await;
    for _ in 0..64 {
        client.send(chunk(&" ".repeat(64 << 10))).await;
    }
    assert_eq!(client.answer().await.status, 413);
}

#[tokio::test]
async fn bodies_share_a_budget() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let mut first = server.connect().await;
    let large = format!("{}do:wait", " ".repeat(900 << 10));
    first.send(post(&large)).await;
    server.fake.0.started.notified().await;
    let mut second = server.connect().await;
    let refused = second.ask(post(&body(200 << 10))).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    let mut third = server.connect().await;
    assert_eq!(third.ask(post(&body(60 << 10))).await.status, 200);
    server.fake.0.go.notify_one();
    assert_eq!(first.answer().await.status, 200);
    let mut fourth = server.connect().await;
    assert_eq!(fourth.ask(post(&body(200 << 10))).await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_end_makes_way_for_a_smaller_one() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let mut slow = server.connect().await;
    slow.send(chunked()).await;
    slow.send(chunk(&" ".repeat(960 << 10))).await;
    let mut other = server.connect().await;
    let smaller = format!("{}do:wait", " ".repeat(200 << 10));
    other.send(post(&smaller)).await;
    assert_eq!(slow.answer().await.status, 503);
    server.fake.0.go.notify_one();
    assert_eq!(other.answer().await.status, 200);
}

#[tokio::test]
async fn what_is_announced_and_does_not_come_takes_nothing_of_the_budget() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let mut silent = server.connect().await;
    let announcing = format!("Expect: 100-continue\r\nContent-Length: {}", 1 << 20);
    silent
        .send(post("").replace("Content-Length: 0", &announcing))
        .await;
    // Its body is being waited for.
    assert_eq!(silent.head().await.status, 100);
    let mut other = server.connect().await;
    assert_eq!(other.ask(post(&body(1 << 20))).await.status, 200);
    assert_eq!(silent.ask(body(1 << 20)).await.status, 200);
}

#[tokio::test]
async fn a_client_may_ask_before_it_sends() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let expecting = |length: usize| {
        post("").replace(
            "Content-Length: 0",
            &format!("Expect: 100-continue\r\nContent-Length: {length}"),
        )
    };
    let mut client = server.connect().await;
    client.send(expecting(2)).await;
    assert_eq!(client.head().await.status, 100);
    assert_eq!(client.ask("{}").await.status, 200);
    let mut client = server.connect().await;
    assert_eq!(client.ask(expecting(2 << 20)).await.status, 413);
}

#[tokio::test]
async fn malformed_chunks_are_refused() {
    let server = Server::start_with(Fake::default(), settings()).await;
    let mut client = server.connect().await;
    client.send(chunked()).await;
    let answer = client.ask("xyz\r\n").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.message(), "request body is incomplete or malformed");
}

#[tokio::test]
async fn headers_are_bounded() {
    let server = Server::start().await;
    for headers in [
        "A: b\r\n".repeat(100),
        format!("A: {}\r\n", "b".repeat(20_000)),
    ] {
        let mut client = server.connect().await;
        let answer = client.ask(format!("GET / HTTP/1.1\r\n{headers}\r\n")).await;
        assert_eq!(answer.status, 431);
    }
}
