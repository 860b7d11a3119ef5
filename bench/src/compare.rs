//! `compare`: A and B in interleaved pairs, so that whatever the machine does meanwhile meets both alike.

use crate::bare::Bare;
use crate::cli::{CompareArgs, PairArgs};
use crate::client::{Client, Target};
use crate::error::{BenchError, RunError};
use crate::shuffle::{First, Random};
use crate::stats::{PairSummary, Pairs};
use crate::workload::Workload;
use serde::Serialize;
use std::time::Duration;

/// One side of a comparison.
#[derive(Debug)]
pub(crate) enum Side {
    /// Outside any jail.
    Bare(Bare),
    /// Over HTTP.
    Node(Client),
}

impl Side {
    async fn run(&mut self, workload: &mut Workload, number: u64) -> Result<Duration, RunError> {
        match self {
            Self::Bare(bare) => bare.run(workload, number),
            Self::Node(client) => client.run(workload, number).await,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Bare(bare) => bare.text().to_owned(),
            Self::Node(client) => client.target().to_string(),
        }
    }
}

/// What `compare` found.
#[derive(Debug, Serialize)]
pub(crate) struct ComparisonReport {
    /// The language run.
    pub(crate) language: String,
    /// The baseline.
    pub(crate) a: String,
    /// The node.
    pub(crate) b: String,
    /// The measurements.
    #[serde(flatten)]
    pub(crate) summary: PairSummary,
}

/// Prepares both sides from the arguments and compares them.
pub(crate) async fn run(args: &CompareArgs) -> Result<ComparisonReport, BenchError> {
    let workload = Workload::from_args(&args.program)?;
    let node = |url: &str| {
        Ok(Side::Node(Client::new(
            Target::parse(url)?,
            args.program.timeout,
        )))
    };
    let a = match (&args.against, &args.bare_command) {
        (Some(url), _) => node(url)?,
        (None, Some(command)) => Side::Bare(Bare::new(command)?),
        (None, None) => Side::Bare(Bare::new(&workload.default_bare_command()?)?),
    };
    pairs(workload, a, node(&args.url)?, args.pairs).await
}

/// Measures the pairs; the order within each is random.
pub(crate) async fn pairs(
    mut workload: Workload,
    mut a: Side,
    mut b: Side,
    args: PairArgs,
) -> Result<ComparisonReport, BenchError> {
    let mut coin = Random::new(args.seed);
    let mut pairs = Pairs::default();
    for number in 1..=args.warmup + args.count {
        let (took_a, took_b) = match coin.toss() {
            First::A => {
                let took_a = timed(&mut a, &mut workload, number).await?;
                (took_a, timed(&mut b, &mut workload, number).await?)
            }
            First::B => {
                let took_b = timed(&mut b, &mut workload, number).await?;
                (timed(&mut a, &mut workload, number).await?, took_b)
            }
        };
        if number > args.warmup {
            pairs.record(took_a, took_b);
        }
    }
    Ok(ComparisonReport {
        language: workload.language,
        a: a.name(),
        b: b.name(),
        summary: pairs.summary(),
    })
}

async fn timed(
    side: &mut Side,
    workload: &mut Workload,
    number: u64,
) -> Result<Duration, BenchError> {
    let result = side.run(workload, number).await;
    result.map_err(|source| BenchError::Run {
        number,
        target: side.name(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ProgramArgs;

    #[test]
    fn two_bare_commands_compare() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("data.txt");
        std::fs::write(&file, "hello\n").unwrap();
        let workload = Workload::from_args(&ProgramArgs {
            language: "text".into(),
            version_selector: "*".into(),
            file: Some(file),
            expect: None,
            unique: false,
            timeout: Duration::from_secs(1),
        })
        .unwrap();
        let side = |command| Side::Bare(Bare::new(command).unwrap());
        let args = PairArgs {
            count: 5,
            warmup: 1,
            seed: 1,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let compared = pairs(
            workload.clone(),
            side("cat data.txt"),
            side("sleep 0.02 && cat data.txt"),
            args,
        );
        let report = runtime.block_on(compared).unwrap();
        assert_eq!(report.summary.pairs, 5);
        assert!(report.summary.difference_ms.median > 15.0);
        assert!(report.summary.ratio.median > 1.0);

        let wrong = pairs(workload, side("cat data.txt"), side("echo other"), args);
        assert!(matches!(
            runtime.block_on(wrong),
            Err(BenchError::Run {
                source: RunError::Wrong { .. },
                ..
            })
        ));
    }
}
