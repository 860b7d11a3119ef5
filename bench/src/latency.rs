//! `latency`: one request at a time over one connection.

use crate::cli::LatencyArgs;
use crate::client::{Client, Target};
use crate::error::BenchError;
use crate::stats::{Latencies, Percentiles};
use crate::workload::Workload;
use serde::Serialize;

/// What `latency` found.
#[derive(Debug, Serialize)]
pub(crate) struct LatencyReport {
    /// The node.
    pub(crate) url: String,
    /// The language run.
    pub(crate) language: String,
    /// In milliseconds.
    pub(crate) latency_ms: Percentiles,
}

/// Warms up, then measures.
pub(crate) async fn run(args: &LatencyArgs) -> Result<LatencyReport, BenchError> {
    let target = Target::parse(&args.url)?;
    let mut workload = Workload::from_args(&args.program)?;
    let mut client = Client::new(target, args.program.timeout);
    let mut latencies = Latencies::new()?;
    for number in 1..=args.warmup + args.runs {
        let took = client
            .run(&mut workload, number)
            .await
            .map_err(|source| BenchError::Run {
                number,
                target: client.target().to_string(),
                source,
            })?;
        if number > args.warmup {
            latencies.record(took);
        }
    }
    Ok(LatencyReport {
        url: client.target().to_string(),
        language: workload.language,
        latency_ms: latencies.summary(),
    })
}
