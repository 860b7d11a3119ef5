//! A client that is gone takes its job with it.

use super::*;

async fn waiting(server: &Server, more: &str) -> Client {
    let mut client = server.connect().await;
    client.send(post("do:wait") + more).await;
    server.fake.0.started.notified().await;
    assert_eq!(server.jobs(), 1);
    client
}

#[tokio::test]
async fn closing_cancels() {
    let server = Server::start().await;
    drop(waiting(&server, "").await);
    server.idle().await;
}

#[tokio::test]
async fn closing_one_side_cancels() {
    let server = Server::start().await;
    let mut client = waiting(&server, "").await;
    client.close_half().await;
    server.idle().await;
    assert!(client.is_closed().await);
}

/// Bytes of a further request, sent with this one or later, hide the end of the stream from hyper.
#[tokio::test]
async fn closing_cancels_whatever_was_sent_ahead() {
    let server = Server::start().await;
    drop(waiting(&server, "\r\n").await);
    server.idle().await;
    let mut client = waiting(&server, "").await;
    client.send("GET / HT").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.send("TP/1.1\r\n").await;
    assert_eq!(server.jobs(), 1);
    drop(client);
    server.idle().await;
}

/// What needs no waiting is answered even to a client that closed its sending side.
#[tokio::test]
async fn half_closed_clients_get_what_is_ready() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client
        .send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    client.close_half().await;
    assert_eq!(client.answer().await.status, 200);
    assert!(client.is_closed().await);
}
