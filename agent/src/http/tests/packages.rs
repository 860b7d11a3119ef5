//! The routes for packages: what they answer, and to whom.

use super::*;
use crate::admin::Admins;
use ::packages::sealed::Digest;
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn ask(server: &Server, method: &str, headers: &str, body: &str) -> client::Answer {
    let length = body.len();
    let mut client = server.connect().await;
    client
        .ask(format!(
            "{method} /api/v2/packages HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
}

async fn local(server: &Server, method: &str, body: &str) -> client::Answer {
    ask(server, method, "Host: localhost:2000\r\n", body).await
}

fn named(version: &str) -> String {
    json!({"language": "python", "version": version}).to_string()
}

#[tokio::test]
async fn packages_are_listed_installed_and_removed_as_in_piston() {
    let server = Server::start().await;
    let listed = ask(&server, "GET", "Host: x\r\n", "").await;
    let python = json!([{"language": "python", "language_version": "3.11.2", "installed": true}]);
    assert_eq!((listed.status, listed.json()), (200, python));
    for (method, done) in [("POST", "Install"), ("DELETE", "Remove")] {
        let answer = local(&server, method, &named("3.x")).await;
        let changed = json!({"language": "python", "version": done});
        assert_eq!((answer.status, answer.json()), (200, changed));
    }
}

#[tokio::test]
async fn what_can_not_be_done_is_said_as_in_piston() {
    let server = Server::start().await;
    for (body, status, message) in [
        (
            named("unknown"),
            404,
            "Requested package python-unknown does not exist",
        ),
        (named("there"), 500, "Already installed"),
        (
            named("busy"),
            503,
            "packages are being changed: try again later",
        ),
        ("{}".into(), 400, "language is required as a string"),
        (
            json!({"language": "python"}).to_string(),
            400,
            "version is required as a string",
        ),
    ] {
        let answer = local(&server, "POST", &body).await;
        assert_eq!(
            (answer.status, answer.message()),
            (status, message.to_owned())
        );
    }
}

/// Also before anything of the body is looked at.
#[tokio::test]
async fn strangers_change_nothing() {
    let server = Server::start().await;
    for headers in [
        "Host: x\r\n",
        "Host: localhost\r\nCf-Ray: 1\r\n",
        "Host: localhost\r\nX-Forwarded-For: 127.0.0.1\r\n",
        "Host: localhost\r\nForwarded: for=127.0.0.1\r\n",
        "Host: localhost\r\nOrigin: http://localhost\r\n",
        "Host: x\r\nAuthorization: Bearer \r\n",
    ] {
        for method in ["POST", "DELETE"] {
            for body in [&named("3.x"), "no JSON"] {
                let answer = ask(&server, method, headers, body).await;
                assert_eq!(answer.status, 403, "{method} {headers}");
                assert!(answer.message().contains("admin token"));
            }
        }
    }
}

#[tokio::test]
async fn the_admin_token_opens_through_the_tunnel() {
    let settings = Settings {
        admins: Admins {
            local: true,
            token: Some(Digest::of(TOKEN.as_bytes())),
        },
        ..Settings::default()
    };
    let server = Server::start_with(Fake::default(), settings).await;
    let with = |token: &str| format!("Host: x\r\nCf-Ray: 1\r\nAuthorization: Bearer {token}\r\n");
    let answer = ask(&server, "POST", &with(TOKEN), &named("3.x")).await;
    assert_eq!(answer.status, 200);
    let answer = ask(&server, "POST", &with("x"), &named("3.x")).await;
    assert_eq!(answer.status, 403);
}

/// A form of a page elsewhere can send no JSON without asking first.
#[tokio::test]
async fn forms_change_nothing() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let answer = client
        .ask("POST /api/v2/packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
        .await;
    assert_eq!(answer.status, 415);
}
