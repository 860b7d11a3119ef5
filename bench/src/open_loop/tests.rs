//! The loop against servers that stand still, refuse, or never answer.

use super::*;
use crate::cli::ProgramArgs;
use crate::schedule::Arrivals;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const RIGHT: &str = r#"{"run":{"stdout":"42\n","stderr":"","output":"42\n","code":0,"signal":null,"message":null,
    "status":null,"memory":1,"cpu_time":1,"wall_time":1},"language":"python","version":"3.11.2"}"#;

/// Answers each request with this after so long, but none while it stands still.
#[derive(Clone, Copy)]
struct Script {
    status: u16,
    delay: Duration,
    /// When it begins to stand still, and for how long.
    stall: Option<(Duration, Duration)>,
}

const PROMPT: Script = Script {
    status: 200,
    delay: Duration::ZERO,
    stall: None,
};

async fn server(script: Script) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&connections);
    let begin = Instant::now();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            tokio::spawn(answer(stream, script, begin));
        }
    });
    (url, connections)
}

async fn answer(mut stream: TcpStream, script: Script, begin: Instant) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        // Head and body may come one by one.
        if buffer[read - 1] != b'}' {
            continue;
        }
        sleep(script.delay).await;
        if let Some((from, time)) = script.stall
            && (from..from + time).contains(&begin.elapsed())
        {
            sleep_until(begin + from + time).await;
        }
        let head = format!(
            "HTTP/1.1 {} x\r\ncontent-length: {}\r\n\r\n{RIGHT}",
            script.status,
            RIGHT.len()
        );
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn offered(script: Script, rate: f64, seconds: u64, bounds: Bounds) -> (Step, usize) {
    let (url, connections) = server(script).await;
    let workload = Workload::from_args(&ProgramArgs {
        language: "python".into(),
        version_selector: "*".into(),
        file: None,
        expect: None,
        unique: false,
        timeout: bounds.timeout,
    });
    let duration = Duration::from_secs(seconds);
    let schedule = Schedule::new(Arrivals::Constant, rate, duration, 1);
    let target = Target::parse(&url).unwrap();
    let step = offer(&target, &workload.unwrap(), schedule, bounds).await;
    let connections = *connections.lock().unwrap();
    (step.unwrap(), connections)
}

const BOUNDS: Bounds = Bounds {
    in_flight: 1000,
    requests: 100_000,
    timeout: Duration::from_secs(10),
};

#[tokio::test]
async fn a_prompt_server_is_offered_what_was_asked_for() {
    let (step, connections) = offered(PROMPT, 200.0, 2, BOUNDS).await;
    assert_eq!(
        (step.latency_ms.runs, &step.errors),
        (400, &BTreeMap::new())
    );
    assert!((195.0..205.0).contains(&step.offered), "{}", step.offered);
    assert!(step.achieved > 150.0, "{}", step.achieved);
    assert!(connections < 100, "{connections} connections");
}

/// A closed loop would have one slow request here and 99 of 100 fast ones.
#[tokio::test]
async fn a_second_of_standstill_shows_in_the_percentiles() {
    let stall = Some((Duration::from_millis(1500), Duration::from_secs(1)));
    let script = Script { stall, ..PROMPT };
    let (step, _) = offered(script, 100.0, 5, BOUNDS).await;
    let tail = &step.latency_ms;
    assert_eq!((tail.runs, &step.errors), (500, &BTreeMap::new()));
    // A fifth of the starts fell into it, and waited for half a second on average.
    assert!(tail.p90 > 400.0 && tail.p90 < 800.0, "{tail:?}");
    assert!(tail.p99 > 850.0 && tail.max < 2000.0, "{tail:?}");
    assert!(tail.p50 < 200.0, "{tail:?}");
}

#[tokio::test]
async fn what_is_in_flight_is_bounded_and_what_was_not_sent_is_told() {
    let script = Script {
        delay: Duration::from_secs(3),
        ..PROMPT
    };
    let bounds = Bounds {
        in_flight: 5,
        ..BOUNDS
    };
    let (step, connections) = offered(script, 50.0, 1, bounds).await;
    assert_eq!((step.latency_ms.runs, connections), (5, 5));
    let unsent = BTreeMap::from([("not sent: too many in flight".to_owned(), 45)]);
    assert_eq!(step.errors, unsent);
}

#[tokio::test]
async fn requests_are_bounded_and_refusals_counted_by_status() {
    let script = Script {
        status: 503,
        ..PROMPT
    };
    let bounds = Bounds {
        requests: 20,
        ..BOUNDS
    };
    let (step, _) = offered(script, 100.0, 60, bounds).await;
    assert_eq!(step.errors, BTreeMap::from([("status 503".to_owned(), 20)]));
    assert_eq!(step.latency_ms.runs, 0);
}

#[tokio::test]
async fn no_answer_is_an_error_in_bounded_time() {
    let script = Script {
        delay: Duration::from_secs(60),
        ..PROMPT
    };
    let bounds = Bounds {
        timeout: Duration::from_millis(200),
        ..BOUNDS
    };
    let begin = Instant::now();
    let (step, _) = offered(script, 20.0, 1, bounds).await;
    assert_eq!(step.errors, BTreeMap::from([("timeout".to_owned(), 20)]));
    assert!(begin.elapsed() < Duration::from_secs(5));
}
