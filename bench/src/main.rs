//! `capsule-bench`: measures a node over HTTP, alone or beside another node or the bare command.
//!
//! Every answer is checked: a wrong one is an error and never a fast result. One thread does everything, so that
//! on a small machine the generator takes little from what it measures.

mod bare;
mod bench;
mod cli;
mod client;
mod compare;
mod error;
mod install;
mod latency;
mod memory;
mod open_loop;
mod outside;
mod report;
mod schedule;
mod shuffle;
mod stats;
mod throughput;
mod workload;

use clap::Parser as _;
use cli::{Cli, Command, Measurement};
use error::BenchError;
use report::Report;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match &cli.command {
        Command::Measure(what) => measure(what).and_then(|report| {
            print(&report.render(cli.format()));
            report.require_near()
        }),
        Command::Outside(args) => outside::serve(&args.store),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

/// Runs one subcommand to its report.
fn measure(what: &Measurement) -> Result<Report, BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::Runtime)?;
    runtime.block_on(async {
        match what {
            Measurement::Latency(args) => latency::run(args).await.map(Report::Latency),
            Measurement::Throughput(args) => throughput::run(args).await.map(Report::Throughput),
            Measurement::OpenLoop(args) => open_loop::run(args).await.map(Report::OpenLoop),
            Measurement::Compare(args) => compare::run(args).await.map(Report::Comparison),
            Measurement::Bench(args) => bench::run(args).await.map(Report::Bench),
            Measurement::Install(args) => install::run(args).map(Report::Install),
        }
    })
}

#[expect(
    clippy::print_stdout,
    reason = "printing the report is what this program is for"
)]
fn print(text: &str) {
    println!("{text}");
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where a failure leaves the program"
)]
fn complain(error: &BenchError) -> ExitCode {
    eprintln!("capsule-bench: {}", error::chain(error));
    ExitCode::FAILURE
}
