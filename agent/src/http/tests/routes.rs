//! Which route answers what, and how failures read.

use super::*;
use serde_json::json;

async fn ask(server: &Server, line: &str, headers: &str) -> client::Answer {
    let mut client = server.connect().await;
    client
        .ask(format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"))
        .await
}

#[tokio::test]
async fn a_node_says_what_it_is_and_how_it_is() {
    let server = Server::start().await;
    let about = ask(&server, "GET /", "").await;
    let name = format!("CodeCapsule v{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(about.json(), json!({"message": name}));
    assert_eq!(
        ask(&server, "GET /healthz", "").await.json(),
        json!({"status": "ok"})
    );
    assert_eq!(
        ask(&server, "GET /readyz", "").await.json(),
        json!({"status": "ready"})
    );
    let unready = Fake(Arc::new(State {
        unready: true,
        ..State::default()
    }));
    let server = Server::start_with(unready, Settings::default()).await;
    let answer = ask(&server, "GET /readyz", "").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.message(), "no job ran in the last 10 s");
    assert_eq!(ask(&server, "GET /healthz", "").await.status, 200);
}

#[tokio::test]
async fn paths_have_many_spellings() {
    let server = Server::start().await;
    for (line, status) in [
        ("GET /api/v2/runtimes", 200),
        ("GET /api/v2/runtimes/", 200),
        ("GET /API/v2/Runtimes/?a=B", 200),
        ("GET http://x/Api/V2/runtimes", 200),
        ("GET /?x", 200),
        ("GET /api/v2/runtimes//", 404),
        ("GET /api/v2/run%74imes", 404),
        ("GET /api/v2x", 404),
        ("GET /api/v2", 404),
        ("GET /API/v2/packages/", 200),
        ("OPTIONS /api/v2/packages", 200),
        ("GET /api/v2/packages/python", 404),
        ("GET /api/v2/connect", 404),
        ("GET /api/v2/execute", 404),
        ("GET //", 404),
        ("OPTIONS *", 404),
        ("CONNECT x:80", 404),
        ("OPTIONS /", 404),
        ("OPTIONS /api/v2/nope", 404),
        ("POST /healthz", 404),
        ("POST /api/v2x", 404),
        ("POST /api/v2", 415),
        ("DELETE /api/v2/nope/", 415),
        ("PATCH /API/V2/runtimes", 415),
    ] {
        let answer = ask(&server, line, "").await;
        assert_eq!(answer.status, status, "{line}");
        if status != 200 {
            assert_eq!(
                answer.header("content-type"),
                "application/json; charset=utf-8",
                "{line}"
            );
        }
    }
    let options = ask(&server, "OPTIONS /api/v2/runtimes/", "").await;
    assert_eq!(
        (options.body.as_str(), options.header("allow")),
        ("GET,HEAD", "GET,HEAD")
    );
    let mut client = server.connect().await;
    client
        .send("HEAD /api/v2/execute HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert_eq!(client.head().await.status, 404);
}

#[tokio::test]
async fn content_types_are_read_leniently_and_charsets_strictly() {
    let server = Server::start().await;
    for (headers, status, text) in [
        ("Content-Type: Application/JSON", 200, ""),
        ("Content-Type: application/json;charset=UTF-8", 200, ""),
        (
            "Content-Type: application/json; foo=bar; Charset=\"utf-8\"",
            200,
            "",
        ),
        ("Content-Type: application/json ; charset=utf8", 200, ""),
        (
            "Content-Type: application/json\r\nContent-Encoding: identity",
            200,
            "",
        ),
        (
            "Content-Type: application/json; charset=latin1",
            415,
            "unsupported charset \"latin1\": send utf-8",
        ),
        (
            "Content-Type: application/json; charset=utf-16",
            415,
            "unsupported charset \"utf-16\": send utf-8",
        ),
        (
            "Content-Type: application/json\r\nContent-Encoding: gzip",
            415,
            "unsupported content encoding \"gzip\": send plain JSON",
        ),
        (
            "Content-Type: application/jsonx",
            400,
            "language is required as a string",
        ),
        (
            "Content-Type: text/json",
            415,
            "requests must be of type application/json",
        ),
        ("X: y", 415, "requests must be of type application/json"),
    ] {
        let mut client = server.connect().await;
        let request = post("{}").replace("Content-Type: application/json", headers);
        let answer = client.ask(request).await;
        assert_eq!(answer.status, status, "{headers}");
        if status != 200 {
            assert_eq!(answer.message(), text);
        }
    }
}

#[tokio::test]
async fn failures_have_a_status_and_a_text_each() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let answer = client.ask(post("{")).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .message()
            .starts_with("request body is not valid JSON: ")
    );
    let answer = client.ask(post("do:busy")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    assert_eq!(answer.message(), "the node is busy: try again later");
    let answer = client.ask(post("do:fail")).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (500, r#"{"message":"internal error"}"#)
    );
    let answer = client.ask(post("do:panic")).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (500, r#"{"message":"internal error"}"#)
    );
    assert_eq!(client.ask(post("{}")).await.status, 200);
    let answer = client.ask(post("do:draining")).await;
    assert_eq!((answer.status, answer.header("connection")), (503, "close"));
    assert!(client.is_closed().await);
    assert_eq!(server.jobs(), 0);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client
        .send(post("{}") + &post("{  }") + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.json()["run"]["stdout"], "2");
    assert_eq!(client.answer().await.json()["run"]["stdout"], "4");
    assert_eq!(client.answer().await.json()["status"], "ok");
}

#[tokio::test]
async fn figures_are_for_this_machine() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let answer = client
        .ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "# EOF\n"));
    for headers in ["Host: x\r\n", "Host: localhost\r\nCf-Ray: 1\r\n"] {
        let mut client = server.connect().await;
        let answer = client
            .ask(format!("GET /metrics HTTP/1.1\r\n{headers}\r\n"))
            .await;
        assert_eq!(answer.status, 403, "{headers}");
    }
}
