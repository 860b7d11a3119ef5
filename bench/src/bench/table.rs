//! The table that is printed: a line for each goal, and below it what the machine was.

use super::BenchFigures;
use super::goals::{Bound, Goal, Unit};
use super::row::{Measured, Outcome, Row, Times, Verdict};

/// All of it, without a last newline.
pub(super) fn text(figures: &BenchFigures) -> String {
    let machine = &figures.machine;
    let mut lines = vec![
        format!(
            "{} cores of {}, Linux {}",
            machine.cores, machine.cpu, machine.kernel
        ),
        format!(
            "{:<43}{:>10}{:>10}  {:<13}{:<26}{:<26}",
            "times in ms: p50 p95 p99", "goal", "figure", "", "over HTTP", "bare"
        ),
    ];
    lines.extend(figures.rows.iter().map(line));
    if figures.noise.is_empty() {
        lines.push("the machine was quiet".to_owned());
    } else {
        lines.push("the machine was noisy, so that figures may be off:".to_owned());
        lines.extend(figures.noise.iter().map(|why| format!("  {why}")));
    }
    lines.join("\n")
}

fn line(row: &Row) -> String {
    let goal = format!(
        "{} {}",
        sign(row.goal),
        number(row.goal.unit, row.goal.value)
    );
    let (figure, more) = match &row.outcome {
        Outcome::Measured(measured) => (number(row.goal.unit, measured.figure), details(measured)),
        Outcome::NotMeasured(why) => ("-".to_owned(), why.clone()),
    };
    let line = format!(
        "{:<43}{goal:>10}{figure:>10}  {:<13}{more}",
        row.goal.name,
        word(row.verdict)
    );
    line.trim_end().to_owned()
}

fn details(measured: &Measured) -> String {
    let times = |times: &Option<Times>| {
        times.map_or_else(String::new, |of| {
            format!("{:>7.1} {:>7.1} {:>7.1}", of.p50, of.p95, of.p99)
        })
    };
    let sides = format!("{:<26}{:<26}", times(&measured.node), times(&measured.bare));
    let errors = measured
        .errors
        .iter()
        .map(|errors| format!("; errors: {errors}"));
    format!("{sides}{}{}", measured.remark, errors.collect::<String>())
}

fn sign(goal: &Goal) -> &'static str {
    match goal.bound {
        Bound::AtMost => "<=",
        Bound::AtLeast => ">=",
    }
}

/// A figure with its unit.
pub(super) fn number(unit: Unit, figure: f64) -> String {
    match unit {
        Unit::Ratio => format!("{figure:.2}"),
        Unit::PerSecond => format!("{figure:.0}/s"),
        Unit::Megabytes => format!("{figure:.1} MB"),
        Unit::Seconds => format!("{figure:.2} s"),
    }
}

/// A verdict in a word or two.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stretch => "ok, stretch",
        Verdict::Ok => "ok",
        Verdict::Missed => "missed",
        Verdict::NotMeasured => "not measured",
    }
}

#[cfg(test)]
mod tests {
    use super::super::goals;
    use super::super::machine::Machine;
    use super::*;

    fn figures(noise: Vec<String>) -> BenchFigures {
        let times = |p50| {
            Some(Times {
                p50,
                p95: 9.0,
                p99: 10.25,
            })
        };
        let measured = Measured {
            figure: 0.5,
            node: times(7.0),
            bare: times(14.0),
            remark: "200 pairs".to_owned(),
            ..Measured::default()
        };
        let failed = Measured {
            errors: Some("3 x timeout".to_owned()),
            ..Measured::default()
        };
        BenchFigures {
            machine: Machine {
                cpu: "a processor".to_owned(),
                cores: 2,
                kernel: "6.1".to_owned(),
                busy_before: 0.0,
                stolen: 0.0,
            },
            short: false,
            rows: vec![
                Row::measured(&goals::PYTHON, measured),
                Row::measured(&goals::C_NEW_LOAD, failed),
                Row::not_measured(&goals::JAVA, "no such runtime"),
            ],
            noise,
        }
    }

    #[test]
    fn a_line_has_goal_figure_and_times() {
        let text = text(&figures(Vec::new()));
        let line = |number| {
            text.lines()
                .nth(number)
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            line(2),
            "Python print(42) <= 0.25 0.50 missed 7.0 9.0 10.2 14.0 9.0 10.2 200 pairs"
        );
        assert!(
            line(3).ends_with(">= 50/s 0/s missed ; errors: 3 x timeout"),
            "{}",
            line(3)
        );
        assert!(
            line(4).ends_with("<= 0.12 - not measured no such runtime"),
            "{}",
            line(4)
        );
        assert!(text.ends_with("the machine was quiet"));
    }

    #[test]
    fn noise_is_told() {
        let text = text(&figures(vec!["half of it was in use".to_owned()]));
        assert!(
            text.ends_with("may be off:\n  half of it was in use"),
            "{text}"
        );
    }
}
