//! Findings as people and as programs read them.

use super::finding::{Finding, State};
use serde::Serialize;
use std::fmt;
use std::io::{self, Write};

/// All findings, and what they come to.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    findings: Vec<Finding>,
    can_run: bool,
    verdict: String,
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        let blocking: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.blocks)
            .map(|finding| finding.name.as_str())
            .collect();
        let verdict = if blocking.is_empty() {
            "a node can run here".to_owned()
        } else {
            format!("a node can't run here: {}", blocking.join(", "))
        };
        Self {
            can_run: blocking.is_empty(),
            verdict,
            findings,
        }
    }

    pub(super) fn can_run(&self) -> bool {
        self.can_run
    }

    /// To stdout. A reader that went away has seen enough.
    pub(super) fn print(&self, json: bool) {
        let text = if json {
            serde_json::to_string(self).unwrap_or_default()
        } else {
            self.to_string()
        };
        writeln!(io::stdout(), "{text}").ok();
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let state = match finding.state {
                State::Ok => "ok",
                State::Missing => "missing",
                State::Note => "note",
            };
            write!(f, "{state:<8} {:<21} {}", finding.name, finding.detail)?;
            if !finding.consequence.is_empty() {
                write!(f, " -- {}", finding.consequence)?;
            }
            writeln!(f)?;
        }
        write!(f, "{}", self.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_blocks_counts_against_the_host() {
        let fine = vec![
            Finding::ok("a", "there"),
            Finding::missing("b", "gone", "nothing"),
            Finding::note("c", "odd", "slow"),
        ];
        let report = Report::new(fine);
        assert!(report.can_run());
        assert_eq!(
            report.to_string(),
            "ok       a                     there\n\
             missing  b                     gone -- nothing\n\
             note     c                     odd -- slow\n\
             a node can run here"
        );
    }

    #[test]
    fn what_blocks_is_named_at_the_end() {
        let report = Report::new(vec![
            Finding::blocking("x", "gone", "no jails"),
            Finding::ok("y", "there"),
            Finding::blocking("z", "gone", "no limits"),
        ]);
        assert!(!report.can_run());
        assert!(report.to_string().ends_with("a node can't run here: x, z"));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["can_run"], false);
        assert_eq!(json["findings"][0]["state"], "missing");
        assert_eq!(json["findings"][0]["blocks"], true);
    }
}
