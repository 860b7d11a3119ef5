//! `bench`: everything that the project promises about speed and memory, measured on nodes of its own beside the same
//! programs outside any jail, each figure with its goal. docs/performance.md says how each is made.

mod account;
mod chart;
mod goals;
mod idle;
mod load;
mod machine;
mod node;
mod row;
mod single;
mod store;
mod table;

use crate::cli::BenchArgs;
use crate::error::BenchError;
use crate::outside::Outside;
use goals::Goal;
use machine::{Machine, Watch};
use node::{Node, Pools, Site};
use row::Row;
use serde::Serialize;
use std::path::Path;
use store::Store;
use tokio::signal::unix::{SignalKind, signal};

/// What `bench` found.
#[derive(Debug, Serialize)]
pub(crate) struct BenchFigures {
    /// Where.
    machine: Machine,
    /// Whether this is the short form.
    pub(crate) short: bool,
    /// One for each goal measured.
    rows: Vec<Row>,
    /// Why the figures are not to be trusted to the digit; empty on a quiet machine.
    noise: Vec<String>,
}

impl BenchFigures {
    /// The table, without a last newline.
    pub(crate) fn text(&self) -> String {
        table::text(self)
    }

    /// The rows of which the project has reached far better, each in words. Only ratios are looked at.
    pub(crate) fn far_off(&self) -> Vec<String> {
        self.rows.iter().filter_map(Row::far_off).collect()
    }
}

/// Measures and leaves the files, or ends its nodes when it is told to stop.
pub(crate) async fn run(args: &BenchArgs) -> Result<BenchFigures, BenchError> {
    let stop = |kind| signal(kind).map_err(BenchError::Runtime);
    let (mut interrupt, mut terminate) = (
        stop(SignalKind::interrupt())?,
        stop(SignalKind::terminate())?,
    );
    let figures = tokio::select! {
        figures = measure(args) => figures?,
        _ = interrupt.recv() => return Err(BenchError::Interrupted),
        _ = terminate.recv() => return Err(BenchError::Interrupted),
    };
    save(&args.out, &figures)?;
    Ok(figures)
}

async fn measure(args: &BenchArgs) -> Result<BenchFigures, BenchError> {
    require_root()?;
    let site = Site::new(&args.agent, &args.store)?;
    let store = Store::read(&args.store)?;
    let mut outside = Outside::start(&args.store)?;
    store.require_plain_compilers(&mut outside)?;
    let watch = Watch::start().await;
    let mut node = Node::start(&site, Pools::Default).await?;
    let mut rows = single::rows(&store, &mut outside, &mut node, args.short).await?;
    if !args.short {
        rows.extend(load::rows(&store, &mut outside, &mut node).await?);
        let off = Node::start(&site, Pools::Off).await?;
        rows.push(load::burst(&store, &node, &off).await?);
        drop((node, off));
        rows.extend(idle::rows(&store, &site).await?);
    }
    let machine = watch.end();
    let noise = machine.noise(&rows);
    Ok(BenchFigures {
        machine,
        short: args.short,
        rows,
        noise,
    })
}

/// Says on stderr what comes now, since all of it takes minutes.
#[expect(
    clippy::print_stderr,
    reason = "the report on stdout is there at the end only"
)]
fn announce(goal: &Goal) {
    eprintln!("measuring: {}", goal.name);
}

fn require_root() -> Result<(), BenchError> {
    match nix::unistd::geteuid().is_root() {
        true => Ok(()),
        false => Err(BenchError::NotRoot),
    }
}

/// Leaves `figures.json` and `figures.svg`.
fn save(folder: &Path, figures: &BenchFigures) -> Result<(), BenchError> {
    let json = serde_json::to_string_pretty(figures)
        .expect("figures have string keys and finite numbers only");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text);
    std::fs::create_dir_all(folder)
        .and_then(|()| write("figures.json", &json))
        .and_then(|()| write("figures.svg", &chart::svg(figures)))
        .map_err(|source| BenchError::WriteFile {
            path: folder.display().to_string(),
            source,
        })
}
