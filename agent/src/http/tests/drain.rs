//! The end of a server.

use super::*;
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn requests_in_flight_are_answered() {
    let server = Server::start().await;
    let mut idle = server.connect().await;
    assert_eq!(
        idle.ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .status,
        200
    );
    let mut busy = server.connect().await;
    busy.send(post("do:wait")).await;
    server.fake.0.started.notified().await;
    server.stop.send(true).unwrap();
    assert!(idle.is_closed().await);
    drop(idle);
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.task.is_finished());
    server.fake.0.go.notify_one();
    let answer = busy.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    assert!(busy.is_closed().await);
    drop(busy);
    server.task.await.unwrap();
}

#[tokio::test]
async fn requests_that_do_not_end_are_cut_off() {
    let settings = Settings {
        drain: Duration::from_millis(100),
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let mut client = server.connect().await;
    client.send(post("do:wait")).await;
    server.fake.0.started.notified().await;
    server.stop.send(true).unwrap();
    timeout(Duration::from_secs(5), server.task)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(server.fake.0.jobs.load(Ordering::SeqCst), 0);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_lost_sender_is_a_stop() {
    let server = Server::start().await;
    drop(server.stop);
    timeout(Duration::from_secs(5), server.task)
        .await
        .unwrap()
        .unwrap();
}
