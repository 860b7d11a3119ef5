//! The judgement of answers, and a run against a server that answers from a script.

use super::*;
use crate::cli::ProgramArgs;
use std::io::{Read as _, Write as _};

fn workload() -> Workload {
    Workload::from_args(&ProgramArgs {
        language: "python".into(),
        version_selector: "*".into(),
        file: None,
        expect: None,
        unique: false,
        timeout: Duration::from_secs(5),
    })
    .unwrap()
}

fn answer(stdout: &str, code: &str) -> String {
    format!(
        r#"{{"run":{{"stdout":"{stdout}","stderr":"","output":"","code":{code},"signal":null,"message":null,
           "status":null,"memory":1,"cpu_time":1,"wall_time":1}},
           "language":"python","version":"3.11.2"}}"#
    )
}

fn judged(status: u16, body: &str) -> Result<(), RunError> {
    judge(
        &mut workload(),
        StatusCode::from_u16(status).unwrap(),
        body.as_bytes(),
    )
}

#[test]
fn only_the_expected_output_with_code_0_is_right() {
    assert!(judged(200, &answer("42\\n", "0")).is_ok());
    assert!(matches!(
        judged(200, &answer("42", "0")),
        Err(RunError::Wrong { .. })
    ));
    assert!(matches!(
        judged(200, &answer("42\\n", "1")),
        Err(RunError::Stage { .. })
    ));
    assert!(matches!(
        judged(200, &answer("42\\n", "null")),
        Err(RunError::Stage { .. })
    ));
    assert!(matches!(judged(200, "{}"), Err(RunError::Body(_))));
}

#[test]
fn a_refusal_keeps_its_status_and_message() {
    let error = judged(503, r#"{"message":"busy"}"#).unwrap_err();
    assert_eq!(error.class(), "status 503");
    assert_eq!(error.to_string(), "status 503: busy");
}

#[test]
fn a_failed_compile_is_an_error() {
    let stage = r#"{"stdout":"","stderr":"no","output":"no","code":1,"signal":null,"status":"RE","memory":1,
        "cpu_time":1,"wall_time":1,"message":"Exited with error status 1"}"#;
    let error = judged(
        200,
        &format!(r#"{{"compile":{stage},"run":{stage},"language":"c","version":"1"}}"#),
    )
    .unwrap_err();
    assert_eq!(error.class(), "compile: Exited with error status 1");
}

#[test]
fn urls() {
    assert_eq!(
        Target::parse("http://h:1").unwrap().to_string(),
        "http://h:1/api/v2/execute"
    );
    assert_eq!(
        Target::parse("http://h/x").unwrap().to_string(),
        "http://h:80/x"
    );
    assert!(Target::parse("https://h").is_err());
    assert!(Target::parse("h:1").is_err());
}

#[test]
fn loopback_is_told_from_elsewhere() {
    let here = |url: &str| Target::parse(url).unwrap().require_loopback().is_ok();
    assert!(here("http://127.0.0.1:2000") && here("http://[::1]:1") && here("http://localhost"));
    assert!(
        !here("http://192.0.2.1:2000")
            && !here("http://localhost.example")
            && !here("http://[::2]:1")
    );
}

#[test]
fn runs_over_one_connection_and_opens_it_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Two answers on the first connection, which then closes; one on the second.
    let server = std::thread::spawn(move || {
        for answers in [2, 1] {
            let (mut stream, _) = listener.accept().unwrap();
            for _ in 0..answers {
                let mut buffer = [0; 4096];
                assert!(stream.read(&mut buffer).unwrap() > 0);
                let body = answer("42\\n", "0");
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
                .unwrap();
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut client = Client::new(Target::parse(&url).unwrap(), Duration::from_secs(5));
        let mut workload = workload();
        for number in 1..=2 {
            client.run(&mut workload, number).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        client.run(&mut workload, 3).await.unwrap();
    });
    server.join().unwrap();
}
