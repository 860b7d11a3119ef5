//! `capsule-bench`: measures a node over HTTP, alone or beside another node or the bare command.
//!
//! Every answer is checked: a wrong one is an error and never a fast result. One thread does everything, so that
//! on a small machine the generator takes little from what it measures.

mod bare;
mod cli;
mod client;
mod compare;
mod error;
mod figures;
mod install;
mod latency;
mod memory;
mod open_loop;
mod report;
mod schedule;
mod shuffle;
mod stats;
mod throughput;
mod workload;

use clap::Parser as _;
use cli::{Cli, Command};
use error::BenchError;
use report::Report;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(report) => print(&report.render(cli.format())),
        Err(error) => complain(&error),
    }
}

/// Runs one subcommand to its report.
fn run(cli: &Cli) -> Result<Report, BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::Runtime)?;
    runtime.block_on(async {
        match &cli.command {
            Command::Latency(args) => latency::run(args).await.map(Report::Latency),
            Command::Throughput(args) => throughput::run(args).await.map(Report::Throughput),
            Command::OpenLoop(args) => open_loop::run(args).await.map(Report::OpenLoop),
            Command::Compare(args) => compare::run(args).await.map(Report::Comparison),
            Command::Figures(args) => figures::run(args).await.map(Report::Figures),
            Command::Install(args) => install::run(args).map(Report::Install),
        }
    })
}

#[expect(
    clippy::print_stdout,
    reason = "printing the report is what this program is for"
)]
fn print(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where a failure leaves the program"
)]
fn complain(error: &BenchError) -> ExitCode {
    eprintln!("capsule-bench: {}", error::chain(error));
    ExitCode::FAILURE
}
