//! Reports as text and as JSON. Times are in milliseconds.

use crate::bench::BenchFigures;
use crate::cli::Format;
use crate::compare::ComparisonReport;
use crate::error::BenchError;
use crate::install::InstallReport;
use crate::latency::LatencyReport;
use crate::open_loop::{OpenLoopReport, Step};
use crate::stats::{Percentiles, Spread};
use crate::throughput::ThroughputReport;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a subcommand found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// `latency`.
    Latency(LatencyReport),
    /// `throughput`.
    Throughput(ThroughputReport),
    /// `open-loop`.
    OpenLoop(OpenLoopReport),
    /// `compare`.
    Comparison(ComparisonReport),
    /// `bench`.
    Bench(BenchFigures),
    /// `install`.
    Install(InstallReport),
}

impl Report {
    /// The text to print, without a last newline.
    pub(crate) fn render(&self, format: Format) -> String {
        match (format, self) {
            (Format::Json, report) => serde_json::to_string(report)
                .expect("a report has string keys and finite numbers only"),
            (Format::Text, Self::Latency(report)) => latency(report),
            (Format::Text, Self::Throughput(report)) => throughput(report),
            (Format::Text, Self::OpenLoop(report)) => open_loop(report),
            (Format::Text, Self::Comparison(report)) => comparison(report),
            (Format::Text, Self::Bench(report)) => report.text(),
            (Format::Text, Self::Install(report)) => install(report),
        }
    }

    /// Fails where this is the short form of `bench` and a ratio is far from what the project has reached.
    pub(crate) fn require_near(&self) -> Result<(), BenchError> {
        let far_off = match self {
            Self::Bench(figures) if figures.short => figures.far_off(),
            _ => Vec::new(),
        };
        if far_off.is_empty() {
            return Ok(());
        }
        Err(BenchError::FarOff(far_off.join("\n")))
    }
}

fn latency(report: &LatencyReport) -> String {
    format!(
        "{} at {}, one at a time\n{}",
        report.language,
        report.url,
        percentiles(&report.latency_ms)
    )
}

fn throughput(report: &ThroughputReport) -> String {
    let mut text = format!(
        "{} at {}, {} in flight for {:.1} s\n{:.1} runs/s\n{}\nerrors  ",
        report.language,
        report.url,
        report.in_flight,
        report.seconds,
        report.runs_per_second,
        percentiles(&report.latency_ms)
    );
    text.push_str(&in_words(&report.errors));
    text
}

/// Errors by class, or `none`.
pub(crate) fn in_words(errors: &BTreeMap<String, u64>) -> String {
    if errors.is_empty() {
        return "none".to_owned();
    }
    let each = errors
        .iter()
        .map(|(class, count)| format!("{count} x {class}"));
    each.collect::<Vec<_>>().join(", ")
}

fn open_loop(report: &OpenLoopReport) -> String {
    let capacity = report.capacity.map_or_else(
        || "capacity not measured".to_owned(),
        |capacity| format!("capacity {capacity:.1} runs/s in a closed loop"),
    );
    let mut lines = vec![
        format!(
            "{} at {}, {capacity}; ms from the intended start",
            report.language, report.url
        ),
        format!(
            "{:>6}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}  errors",
            "load", "offered", "achieved", "p50", "p90", "p99", "p99.9", "max", "p99/p50"
        ),
    ];
    lines.extend(report.steps.iter().map(step));
    lines.join("\n")
}

fn step(step: &Step) -> String {
    let load = step
        .load
        .map_or_else(|| "-".to_owned(), |load| format!("{:.0} %", load * 100.0));
    let tail = &step.latency_ms;
    let ratio = if tail.p50 > 0.0 {
        tail.p99 / tail.p50
    } else {
        0.0
    };
    format!(
        "{load:>6}{:>9.1}{:>9.1}{:>9.1}{:>9.1}{:>9.1}{:>9.1}{:>9.1}{ratio:>9.1}  {}",
        step.offered,
        step.achieved,
        tail.p50,
        tail.p90,
        tail.p99,
        tail.p999,
        tail.max,
        in_words(&step.errors)
    )
}

fn comparison(report: &ComparisonReport) -> String {
    let summary = &report.summary;
    let line = |name: &str, spread: &Spread, unit: &str| {
        format!(
            "{name:<12}{:>9.2}{unit:<3}  noise {:.2}{unit}",
            spread.median,
            spread.range()
        )
    };
    [
        format!(
            "{}, {} pairs; A: {}; B: {}",
            report.language, summary.pairs, report.a, report.b
        ),
        line("A", &summary.a_ms, " ms"),
        line("B", &summary.b_ms, " ms"),
        line("B - A", &summary.difference_ms, " ms"),
        line("B / A", &summary.ratio, ""),
    ]
    .join("\n")
}

fn install(report: &InstallReport) -> String {
    let summary = &report.summary;
    format!(
        "{:<20} {:.0} MB, {} pairs: tar xzf and sync {:.0} ms (noise {:.0}), installed {:.0} ms (noise {:.0}), {:.2} of its speed (goal {}), {:.1} MB at most in a process (goal {:.0})  {}",
        format!("install {}", report.package),
        report.archive_mb,
        summary.pairs,
        summary.a_ms.median,
        summary.a_ms.range(),
        summary.b_ms.median,
        summary.b_ms.range(),
        report.speed,
        report.goal_speed,
        report.peak_mb,
        report.goal_mb,
        verdict(report.is_ok())
    )
}

fn verdict(ok: bool) -> &'static str {
    if ok { "ok" } else { "missed" }
}

fn percentiles(of: &Percentiles) -> String {
    format!(
        "p50 {:.2}  p95 {:.2}  p99 {:.2}  min {:.2}  max {:.2}  mean {:.2} ms  ({} runs)",
        of.p50, of.p95, of.p99, of.min, of.max, of.mean, of.runs
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Pairs;
    use std::time::Duration;

    fn report() -> Report {
        let mut pairs = Pairs::default();
        pairs.record(Duration::from_millis(10), Duration::from_millis(15));
        Report::Comparison(ComparisonReport {
            language: "python".into(),
            a: "python3 main.py".into(),
            b: "http://h:1/api/v2/execute".into(),
            summary: pairs.summary(),
        })
    }

    #[test]
    fn a_comparison_as_text() {
        let text = report().render(Format::Text);
        assert!(
            text.contains("B - A            5.00 ms  noise 0.00 ms"),
            "{text}"
        );
        assert!(
            text.contains("B / A            1.50     noise 0.00"),
            "{text}"
        );
    }

    #[test]
    fn a_comparison_as_json() {
        let value: serde_json::Value =
            serde_json::from_str(&report().render(Format::Json)).unwrap();
        assert_eq!(value["comparison"]["difference_ms"]["median"], 5.0);
        assert_eq!(value["comparison"]["pairs"], 1);
    }
}
