//! One row: a goal, what was found, and what that comes to.

use super::goals::{Goal, Unit};
use crate::stats::{Percentiles, Spread};
use serde::Serialize;

/// A figure beside its goal.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(super) goal: &'static Goal,
    pub(super) outcome: Outcome,
    pub(super) verdict: Verdict,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// A figure.
    Measured(Measured),
    /// Why there is none.
    NotMeasured(String),
}

/// A figure and what it was made of.
#[derive(Debug, Default, Serialize)]
pub(super) struct Measured {
    /// In the goal's unit.
    pub(super) figure: f64,
    /// Times over HTTP.
    pub(super) node: Option<Times>,
    /// Times of the bare command.
    pub(super) bare: Option<Times>,
    /// The median of every second bare run by that of the others: far from 1, the machine was noisy.
    pub(super) bare_by_itself: Option<f64>,
    /// More about it.
    pub(super) remark: String,
    /// Runs that gave no correct answer. With one there is no goal reached.
    pub(super) errors: Option<String>,
}

/// Of many runs, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Times {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

impl From<&Spread> for Times {
    fn from(spread: &Spread) -> Self {
        Self {
            p50: spread.median,
            p95: spread.p95,
            p99: spread.p99,
        }
    }
}

impl From<&Percentiles> for Times {
    fn from(of: &Percentiles) -> Self {
        Self {
            p50: of.p50,
            p95: of.p95,
            p99: of.p99,
        }
    }
}

/// What a figure comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Better than was asked for.
    Stretch,
    /// As was asked for.
    Ok,
    /// Worse.
    Missed,
    /// There is no figure.
    NotMeasured,
}

impl Row {
    pub(super) fn measured(goal: &'static Goal, measured: Measured) -> Self {
        Self {
            goal,
            verdict: judge(goal, &measured),
            outcome: Outcome::Measured(measured),
        }
    }

    pub(super) fn not_measured(goal: &'static Goal, why: impl Into<String>) -> Self {
        Self {
            goal,
            verdict: Verdict::NotMeasured,
            outcome: Outcome::NotMeasured(why.into()),
        }
    }

    /// What there is of a figure.
    pub(super) fn figures(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::NotMeasured(_) => None,
        }
    }

    /// In words, where a ratio is more than twice as bad as its goal and as what was reached.
    pub(super) fn far_off(&self) -> Option<String> {
        const FAR: f64 = 2.0;
        let measured = self.figures().filter(|_| self.goal.unit == Unit::Ratio)?;
        let (expected, what) = match self.goal.reached {
            Some(reached) => (reached, "what was reached"),
            None => (self.goal.value, "the goal"),
        };
        let worse = self.goal.times_worse(measured.figure) / self.goal.times_worse(expected);
        (self.verdict == Verdict::Missed && worse > FAR).then(|| {
            let (name, figure) = (self.goal.name, measured.figure);
            format!("{name}: {figure:.2} is {worse:.1} times as bad as {what}, {expected}")
        })
    }
}

fn judge(goal: &Goal, measured: &Measured) -> Verdict {
    let fast_enough = || {
        let median = measured.node.map(|node| node.p50);
        median
            .zip(goal.or_ms)
            .is_some_and(|(median, most)| median <= most)
    };
    if measured.errors.is_some() {
        Verdict::Missed
    } else if goal
        .stretch
        .is_some_and(|stretch| goal.meets(measured.figure, stretch))
    {
        Verdict::Stretch
    } else if goal.meets(measured.figure, goal.value) || fast_enough() {
        Verdict::Ok
    } else {
        Verdict::Missed
    }
}

#[cfg(test)]
mod tests {
    use super::super::goals;
    use super::*;

    fn row(goal: &'static Goal, figure: f64) -> Row {
        Row::measured(
            goal,
            Measured {
                figure,
                ..Measured::default()
            },
        )
    }

    #[test]
    fn verdicts() {
        let of = |figure| row(&goals::PYTHON, figure).verdict;
        assert_eq!(of(0.15), Verdict::Stretch);
        assert_eq!(of(0.25), Verdict::Ok);
        assert_eq!(of(0.26), Verdict::Missed);
        assert_eq!(row(&goals::C_NEW_LOAD, 51.0).verdict, Verdict::Ok);
        assert_eq!(row(&goals::C_NEW_LOAD, 49.0).verdict, Verdict::Missed);
        assert_eq!(
            Row::not_measured(&goals::PYTHON, "no such runtime").verdict,
            Verdict::NotMeasured
        );
    }

    #[test]
    fn a_short_time_will_do_where_it_is_said() {
        let with = |goal, p50| {
            let node = Some(Times {
                p50,
                p95: 9.0,
                p99: 9.0,
            });
            Row::measured(
                goal,
                Measured {
                    figure: 0.2,
                    node,
                    ..Measured::default()
                },
            )
            .verdict
        };
        assert_eq!(with(&goals::C_SEEN, 3.9), Verdict::Ok);
        assert_eq!(with(&goals::C_SEEN, 4.1), Verdict::Missed);
        assert_eq!(with(&goals::JAVASCRIPT, 3.9), Verdict::Missed);
    }

    #[test]
    fn errors_reach_no_goal() {
        let errors = Some("3 x status 503".to_owned());
        let row = Row::measured(
            &goals::BURST,
            Measured {
                figure: 0.1,
                errors,
                ..Measured::default()
            },
        );
        assert_eq!(row.verdict, Verdict::Missed);
    }

    // Goals of its own: what is reached is looked at again with every measurement.
    static REACHED: Goal = Goal {
        value: 0.12,
        reached: Some(0.4),
        ..goals::JAVA
    };
    static MET: Goal = Goal {
        value: 0.8,
        reached: None,
        ..goals::C_NEW
    };
    static RATE: Goal = Goal {
        value: 1.5,
        reached: Some(0.4),
        ..goals::PYTHON_LOAD
    };

    #[test]
    fn far_off_is_by_what_was_reached_and_of_ratios_only() {
        assert!(row(&REACHED, 0.79).far_off().is_none());
        let text = row(&REACHED, 0.84).far_off().unwrap();
        assert!(
            text.contains("0.84 is 2.1 times as bad as what was reached, 0.4"),
            "{text}"
        );
        assert!(row(&MET, 1.59).far_off().is_none());
        assert!(row(&MET, 1.61).far_off().is_some());
        assert!(row(&RATE, 0.21).far_off().is_none());
        assert!(row(&RATE, 0.19).far_off().is_some());
        assert!(row(&goals::MEMORY, 5000.0).far_off().is_none());
    }
}
