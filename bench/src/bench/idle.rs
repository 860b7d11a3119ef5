//! Nodes at rest: how long they take to start, and what memory they hold.

use super::announce;
use super::goals;
use super::node::{Node, Pools, Site};
use super::row::{Measured, Row};
use super::store::Store;
use crate::error::BenchError;
use crate::memory;
use crate::stats::Spread;
use crate::workload::{BuiltIn, Workload};
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;

/// Starts that are timed.
const STARTS: usize = 5;
/// Jobs in each language, before the memory is read: a node keeps ready what it is asked for.
const JOBS: u64 = 5;
/// Pools are full again, and nothing is left of the jobs.
const UNTIL_IDLE: Duration = Duration::from_secs(6);

/// Memory with and without pools, then starts.
pub(super) async fn rows(store: &Store, site: &Site) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for (goal, pools) in [
        (&goals::MEMORY, Pools::Default),
        (&goals::MEMORY_OFF, Pools::Off),
    ] {
        announce(goal);
        let node = Node::start(site, pools).await?;
        let languages = use_all(store, &node).await?;
        sleep(UNTIL_IDLE).await;
        let bytes = memory::proportional_set_size(Path::new("/proc"), node.pid())?;
        rows.push(Row::measured(
            goal,
            Measured {
                figure: bytes as f64 / 1e6,
                remark: format!(
                    "proportional set size after {JOBS} jobs in each of {languages} languages"
                ),
                ..Measured::default()
            },
        ));
    }
    announce(&goals::START);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(
            Node::start(site, Pools::Default)
                .await?
                .ready_after
                .as_secs_f64(),
        );
    }
    let starts = Spread::of(starts);
    rows.push(Row::measured(
        &goals::START,
        Measured {
            figure: starts.median,
            remark: format!(
                "until it is ready and its pools are full, median of {STARTS}, {:.2} to {:.2}",
                starts.q1, starts.q3
            ),
            ..Measured::default()
        },
    ));
    Ok(rows)
}

/// Runs the language's program some times in every language that there is, and says how many those are.
async fn use_all(store: &Store, node: &Node) -> Result<usize, BenchError> {
    let all = [
        BuiltIn::Python,
        BuiltIn::JavaScript,
        BuiltIn::Java,
        BuiltIn::C,
        BuiltIn::Cpp,
    ];
    let mut client = node.client()?;
    let mut used = 0;
    for program in all {
        let Ok(runtime) = store.runtime(program) else {
            continue;
        };
        used += 1;
        let mut workload = Workload::built_in(program, &runtime.version, true);
        for number in 0..JOBS {
            let ran = client.run(&mut workload, number).await;
            ran.map_err(|source| BenchError::Run {
                number,
                target: node.url(),
                source,
            })?;
        }
    }
    Ok(used)
}
