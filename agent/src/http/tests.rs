//! The HTTP layer over real sockets, with a node that runs nothing.

mod bodies;
mod cancel;
mod client;
mod drain;
mod frames;
mod golden;
mod h2c;
mod packages;
mod routes;
mod slow;

use super::*;
use crate::job::request;
use agent_api::StageResult;

use client::Client;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// A node that does what a word in the body says.
#[derive(Clone, Default)]
struct Fake(Arc<State>);

#[derive(Default)]
struct State {
    started: Notify,
    go: Notify,
    /// Jobs begun and not yet ended.
    jobs: AtomicUsize,
    unready: bool,
}

/// Counts a job for as long as its future lives.
struct Running(Arc<State>);

impl Running {
    fn begin(state: &Arc<State>) -> Self {
        state.jobs.fetch_add(1, Ordering::SeqCst);
        state.started.notify_one();
        Self(Arc::clone(state))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.jobs.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Backend for Fake {
    async fn execute(&self, body: Vec<u8>) -> Result<ExecuteResponse, JobError> {
        let _running = Running::begin(&self.0);
        let text = String::from_utf8_lossy(&body);
        let says = |word: &str| text.contains(&format!("do:{word}"));
        match () {
            () if says("wait") => self.0.go.notified().await,
            () if says("panic") => panic!("a bug"),
            () if says("busy") => {
                return Err(JobError::Busy {
                    retry_after: Duration::from_millis(1500),
                });
            }
            () if says("draining") => return Err(JobError::Draining),
            () if says("fail") => {
                return Err(JobError::Internal(Box::new(io::Error::other("secret"))));
            }
            () if body.is_empty() => return Err(JobError::Refused(request::Refusal::Language)),
            () => drop(request::parse(&body)?),
        }
        let stdout = if says("flood") {
            "x".repeat(32 << 20)
        } else {
            body.len().to_string()
        };
        let run = StageResult {
            stdout,
            ..StageResult::default()
        };
        Ok(ExecuteResponse {
            compile: None,
            run,
            language: "python".into(),
            version: "3.10.0".into(),
        })
    }

    fn figures(&self) -> Result<String, std::fmt::Error> {
        Ok("# EOF\n".to_owned())
    }

    fn runtimes(&self) -> Vec<RuntimeInfo> {
        Vec::new()
    }

    async fn packages(&self) -> Result<Vec<PackageInfo>, DeskError> {
        Ok(vec![PackageInfo {
            language: "python".into(),
            language_version: "3.11.2".into(),
            installed: true,
        }])
    }

    /// Says what it was asked for, or fails as the version says.
    async fn change(&self, change: Change, package: PackageName) -> Result<PackageName, DeskError> {
        let PackageName { language, version } = package;
        match version.as_str() {
            "unknown" => Err(DeskError::Unknown { language, version }),
            "there" => Err(DeskError::Failed("Already installed".into())),
            "busy" => Err(DeskError::Busy),
            _ => Ok(PackageName {
                language,
                version: format!("{change:?}"),
            }),
        }
    }

    fn readiness(&self) -> Readiness {
        match self.0.unready {
            true => Readiness::NotReady("no job ran in the last 10 s".into()),
            false => Readiness::Ready,
        }
    }
}

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    fake: Fake,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(Fake::default(), Settings::default()).await
    }

    async fn start_with(fake: Fake, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(
            vec![Listener::Tcp(listener)],
            fake.clone(),
            settings,
            stopped,
        ));
        Self {
            address,
            fake,
            stop,
            task,
        }
    }

    async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    fn jobs(&self) -> usize {
        self.fake.0.jobs.load(Ordering::SeqCst)
    }

    /// Waits until no job is left.
    async fn idle(&self) {
        let idle = async {
            while self.jobs() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), idle)
            .await
            .expect("jobs go on");
    }
}

/// An execute request with this body.
fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /api/v2/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
