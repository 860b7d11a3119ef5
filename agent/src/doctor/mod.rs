//! `capsule-agent doctor`: what the kernel and the host offer, what is missing, and what follows. Everything is tried
//! out or read, nothing concluded from a version; nothing of the host is changed.
//!
//! A node asks the same questions when it starts ([`blocker`]), so that it says in one sentence what would fail later.

mod cgroups;
mod finding;
mod hardening;
mod host;
mod kernel;
mod node;
mod report;
mod runtimes;

pub(crate) use finding::Finding;

use crate::config::{Config, Flags};
use crate::serve;
use report::Report;
use std::process::ExitCode;

/// Flags of the subcommand.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DoctorFlags {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The node that is meant
    #[command(flatten)]
    node: Flags,
}

/// Looks at everything and prints it. 0 when a node can run here.
pub(crate) fn run(flags: &DoctorFlags) -> ExitCode {
    let report = Report::new(examine(&flags.node));
    report.print(flags.json);
    if report.can_run() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn examine(flags: &Flags) -> Vec<Finding> {
    let host = serve::measure();
    let mut findings = host::findings(host);
    findings.extend(hardening::findings());
    if nix::unistd::geteuid().is_root() {
        findings.extend(host::rights());
        findings.extend(kernel::findings());
        findings.extend(cgroups::findings());
        findings.extend(runtimes::means());
    } else {
        findings.push(Finding::blocking(
            "root",
            "this is another user",
            "namespaces and cgroups can't be tried out nor made: run it as root",
        ));
    }
    let read = |path: &std::path::Path| std::fs::read_to_string(path);
    match Config::load(flags, std::env::vars(), read, host) {
        Ok(config) => {
            findings.extend(node::findings(&config));
            findings.push(hardening::packet_filter(&config.jails.ids));
        }
        Err(faults) => findings.push(Finding::blocking(
            "configuration",
            finding::in_words(&faults),
            "the node does not start: correct it",
        )),
    }
    findings
}

/// The first thing without which no jail can be made, as root. Must be called while the process has one thread.
pub(crate) fn blocker() -> Option<Finding> {
    let capabilities = host::capabilities();
    if capabilities.blocks {
        return Some(capabilities);
    }
    kernel::first_lacking()
}
