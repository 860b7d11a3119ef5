//! One keep-alive connection to a node: sends execute requests one at a time and checks each answer.

use crate::error::{BenchError, RunError};
use crate::workload::{Workload, shortened};
use agent_api::{ErrorBody, ExecuteResponse, StageResult};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Where a node listens.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    authority: String,
    path: String,
}

impl Target {
    /// Reads `http://host:port`, with the path of `execute` after it where that is not Piston's.
    pub(crate) fn parse(url: &str) -> Result<Self, BenchError> {
        let fail = |reason| BenchError::Url {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_| fail("not a URL"))?;
        if uri.scheme_str() != Some("http") {
            return Err(fail("only http:// can be measured"));
        }
        let host = uri.host().ok_or_else(|| fail("no host"))?;
        let path = match uri.path() {
            "/" | "" => "/api/v2/execute".to_owned(),
            path => path.to_owned(),
        };
        Ok(Self {
            authority: format!("{host}:{}", uri.port_u16().unwrap_or(80)),
            path,
        })
    }

    /// Fails unless the host is an address of this machine's loopback, or `localhost`.
    pub(crate) fn require_loopback(&self) -> Result<(), BenchError> {
        let host = self.authority.rsplit_once(':').map_or("", |(host, _)| host);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback());
        if here || host == "localhost" {
            return Ok(());
        }
        Err(BenchError::Elsewhere {
            url: self.to_string(),
        })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// A connection, opened when first needed and again when the other side closed it.
#[derive(Debug)]
pub(crate) struct Client {
    target: Target,
    timeout: Duration,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// No connection yet.
    pub(crate) fn new(target: Target, timeout: Duration) -> Self {
        Self {
            target,
            timeout,
            sender: None,
        }
    }

    /// The node it talks to.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Runs the program once and checks its answer. The time is that from the request to the last byte of the
    /// answer; the connection is there before.
    pub(crate) async fn run(
        &mut self,
        workload: &mut Workload,
        number: u64,
    ) -> Result<Duration, RunError> {
        let body = workload.body(number);
        let limit = self.timeout;
        match tokio::time::timeout(limit, self.exchange(body)).await {
            Ok(Ok((took, status, body))) => {
                judge(workload, status, &body)?;
                Ok(took)
            }
            Ok(Err(error)) => {
                self.sender = None;
                Err(error)
            }
            Err(_) => {
                self.sender = None;
                Err(RunError::Timeout(limit))
            }
        }
    }

    async fn exchange(&mut self, body: Bytes) -> Result<(Duration, StatusCode, Bytes), RunError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.target.path)
            .header(HOST, &self.target.authority)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .expect("method, path and headers come from a parsed URL");
        let sender = match self.sender.take() {
            Some(open) if !open.is_closed() => open,
            _ => connect(&self.target.authority).await?,
        };
        let sender = self.sender.insert(sender);
        sender.ready().await.map_err(RunError::Http)?;
        let start = Instant::now();
        let response = sender.send_request(request).await.map_err(RunError::Http)?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(RunError::Http)?
            .to_bytes();
        Ok((start.elapsed(), status, body))
    }
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>, RunError> {
    let stream = TcpStream::connect(authority)
        .await
        .map_err(RunError::Connect)?;
    stream.set_nodelay(true).map_err(RunError::Connect)?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(RunError::Http)?;
    // Its error reaches the caller through the sender.
    drop(tokio::spawn(connection));
    Ok(sender)
}

/// Is this the right answer?
fn judge(workload: &mut Workload, status: StatusCode, body: &[u8]) -> Result<(), RunError> {
    if status != StatusCode::OK {
        let message = serde_json::from_slice(body).map_or_else(
            |_| shortened(&String::from_utf8_lossy(body)),
            |refusal: ErrorBody| refusal.message,
        );
        return Err(RunError::Status {
            status: status.as_u16(),
            message,
        });
    }
    let answer: ExecuteResponse = serde_json::from_slice(body).map_err(RunError::Body)?;
    if let Some(compile) = &answer.compile {
        ended_well("compile", compile)?;
    }
    ended_well("run", &answer.run)?;
    workload.check(&answer.run.stdout)
}

fn ended_well(name: &'static str, stage: &StageResult) -> Result<(), RunError> {
    if stage.code == Some(0) {
        return Ok(());
    }
    let end = stage.message.clone().or_else(|| stage.signal.clone());
    let end = end.unwrap_or_else(|| format!("code {:?}", stage.code));
    Err(RunError::Stage {
        stage: name,
        end,
        stderr: shortened(&stage.stderr),
    })
}

#[cfg(test)]
mod tests;
