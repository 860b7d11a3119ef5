//! How far an install is: one line that changes on a terminal, a line for each step elsewhere.

use crate::supply::Stage;
use crate::supply::order::Progress;
use std::io::{self, IsTerminal, Write};

/// Width of the bar in characters.
const WIDTH: u64 = 24;

/// Erases what is behind the cursor (console_codes(4)), which was the end of a longer line.
const ERASE: &str = "\x1b[K";

/// The line of one package.
pub(super) struct Bar {
    name: String,
    terminal: bool,
    step: &'static str,
}

impl Bar {
    /// For a package called so.
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            terminal: io::stderr().is_terminal(),
            step: "",
        }
    }

    /// Shows a stage.
    pub(super) fn show(&mut self, stage: Stage) {
        let (step, more) = match stage {
            Stage::Warned(warning) => return self.warn(&warning),
            Stage::Downloading(progress) => ("downloading", self.so_far(progress)),
            Stage::Unpacking => ("unpacking", String::new()),
            Stage::Publishing => ("publishing", String::new()),
        };
        // Nothing depends on whether anybody sees it.
        if self.terminal {
            write!(io::stderr(), "\r{}: {step}{more}{ERASE}", self.name).ok();
        } else if step != self.step {
            writeln!(io::stderr(), "{}: {step}", self.name).ok();
        }
        self.step = step;
    }

    /// A line that stays.
    fn warn(&self, warning: &str) {
        let erase = if self.terminal { "\r\x1b[K" } else { "" };
        writeln!(io::stderr(), "{erase}capsule-agent: warning: {warning}").ok();
    }

    fn so_far(&self, progress: Progress) -> String {
        let of = progress.of.filter(|&of| of > 0);
        let Some(of) = of else {
            return format!(" {}", megabytes(progress.done));
        };
        let full = progress.done.min(of).saturating_mul(WIDTH) / of;
        let bar: String = (0..WIDTH)
            .map(|n| if n < full { '#' } else { '-' })
            .collect();
        format!(" [{bar}] {} of {}", megabytes(progress.done), megabytes(of))
    }
}

/// The line goes before the next one is written.
impl Drop for Bar {
    fn drop(&mut self) {
        if self.terminal && !self.step.is_empty() {
            write!(io::stderr(), "\r{ERASE}").ok();
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_it_may_be() {
        let bar = Bar {
            name: String::new(),
            terminal: false,
            step: "",
        };
        let text = |done, of| bar.so_far(Progress { done, of });
        assert_eq!(
            text(0, Some(2)),
            format!(" [{}] 0.0 MB of 0.0 MB", "-".repeat(24))
        );
        assert_eq!(
            text(71_250_000, Some(142_500_000)),
            format!(
                " [{}{}] 71.2 MB of 142.5 MB",
                "#".repeat(12),
                "-".repeat(12)
            )
        );
        // A server that lies.
        assert_eq!(text(u64::MAX, Some(1)).matches('#').count(), 24);
        assert_eq!(text(5_000_000, None), " 5.0 MB");
        assert_eq!(text(1, Some(0)), " 0.0 MB");
    }
}
