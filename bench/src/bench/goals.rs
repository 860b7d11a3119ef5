//! The goals, and beside them what the project reaches: the short form fails at twice that.

use serde::Serialize;

/// One figure that the project promises.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Goal {
    /// In words.
    pub(super) name: &'static str,
    /// What the figure counts.
    pub(super) unit: Unit,
    /// Which way is better.
    pub(super) bound: Bound,
    /// What it should be.
    pub(super) value: f64,
    /// What would be better still.
    pub(super) stretch: Option<f64>,
    /// A median of so many milliseconds will do as well.
    pub(super) or_ms: Option<f64>,
    /// What it was when this was last looked at, where that is worse than the goal.
    pub(super) reached: Option<f64>,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    /// The node by something else that was measured beside it.
    Ratio,
    /// Runs in a second.
    PerSecond,
    /// Millions of bytes.
    Megabytes,
    /// Seconds.
    Seconds,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    /// Less.
    AtMost,
    /// More.
    AtLeast,
}

impl Goal {
    const fn ratio(name: &'static str, value: f64) -> Self {
        Self {
            name,
            unit: Unit::Ratio,
            bound: Bound::AtMost,
            value,
            stretch: None,
            or_ms: None,
            reached: None,
        }
    }

    const fn of(self, unit: Unit, bound: Bound) -> Self {
        Self {
            unit,
            bound,
            ..self
        }
    }

    const fn stretch(self, value: f64) -> Self {
        Self {
            stretch: Some(value),
            ..self
        }
    }

    const fn or_ms(self, value: f64) -> Self {
        Self {
            or_ms: Some(value),
            ..self
        }
    }

    const fn reached(self, value: f64) -> Self {
        Self {
            reached: Some(value),
            ..self
        }
    }

    /// How many times worse than the goal; 1 where it is met to the digit.
    pub(super) fn times_worse(&self, figure: f64) -> f64 {
        match self.bound {
            Bound::AtMost => figure / self.value,
            Bound::AtLeast => self.value / figure.max(f64::MIN_POSITIVE),
        }
    }

    /// Whether a figure is as good as `value`.
    pub(super) fn meets(&self, figure: f64, value: f64) -> bool {
        match self.bound {
            Bound::AtMost => figure <= value,
            Bound::AtLeast => figure >= value,
        }
    }
}

// --- One request at a time: median by that of the bare command ---

pub(super) static PYTHON: Goal = Goal::ratio("Python print(42)", 0.25)
    .stretch(0.15)
    .reached(0.42);
pub(super) static JAVASCRIPT: Goal = Goal::ratio("JavaScript console.log(42)", 0.1).reached(0.28);
pub(super) static JAVA: Goal = Goal::ratio("Java hello, one source file", 0.12).reached(0.22);
pub(super) static C_NEW: Goal = Goal::ratio("C hello, new source", 0.8).reached(1.14);
pub(super) static IOSTREAM_NEW: Goal = Goal::ratio("C++ with iostream, new source", 0.35);
pub(super) static EVERYTHING_NEW: Goal = Goal::ratio("C++ with bits/stdc++.h, new source", 0.22);
pub(super) static C_SEEN: Goal = Goal::ratio("C hello, seen before", 0.1).or_ms(4.0);
pub(super) static CPP_SEEN: Goal = Goal::ratio("C++ with iostream, seen before", 0.1).or_ms(4.0);

// --- Processor time of everything, by that of the bare command ---

pub(super) static PYTHON_CPU: Goal = Goal::ratio("Python, processor time a job", 0.7)
    .stretch(0.5)
    .reached(1.92);
pub(super) static JAVASCRIPT_CPU: Goal =
    Goal::ratio("JavaScript, processor time a job", 1.0).reached(1.53);
pub(super) static JAVA_CPU: Goal = Goal::ratio("Java, processor time a job", 1.0).reached(1.27);

// --- Under load ---

pub(super) static PYTHON_LOAD: Goal =
    Goal::ratio("Python, 8 in flight, by a loop of bare ones", 1.5)
        .of(Unit::Ratio, Bound::AtLeast)
        .stretch(2.0)
        .reached(0.5);
pub(super) static C_NEW_LOAD: Goal = Goal::ratio("C, 8 in flight, new sources", 50.0)
    .of(Unit::PerSecond, Bound::AtLeast)
    .reached(37.0);
pub(super) static C_SEEN_LOAD: Goal = Goal::ratio("C, 8 in flight, seen before", 300.0)
    .of(Unit::PerSecond, Bound::AtLeast)
    .reached(153.0);
pub(super) static OPEN_LOOP: Goal =
    Goal::ratio("Python, open loop at 70 %: p99 by p50", 5.0).reached(11.19);
pub(super) static BURST: Goal =
    Goal::ratio("100 Python jobs at once, by pools off", 1.0).reached(1.01);

// --- At rest ---

pub(super) static MEMORY: Goal =
    Goal::ratio("memory when idle, default pools", 350.0).of(Unit::Megabytes, Bound::AtMost);
pub(super) static MEMORY_OFF: Goal =
    Goal::ratio("memory when idle, pools off", 20.0).of(Unit::Megabytes, Bound::AtMost);
pub(super) static START: Goal = Goal::ratio("start to ready", 3.0).of(Unit::Seconds, Bound::AtMost);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_hold_together() {
        let all = [
            &PYTHON,
            &JAVASCRIPT,
            &JAVA,
            &C_NEW,
            &IOSTREAM_NEW,
            &EVERYTHING_NEW,
            &C_SEEN,
            &CPP_SEEN,
            &PYTHON_CPU,
            &JAVASCRIPT_CPU,
            &JAVA_CPU,
            &PYTHON_LOAD,
            &C_NEW_LOAD,
            &C_SEEN_LOAD,
            &OPEN_LOOP,
            &BURST,
            &MEMORY,
            &MEMORY_OFF,
            &START,
        ];
        for (at, goal) in all.iter().enumerate() {
            assert!(goal.value > 0.0, "{goal:?}");
            assert!(
                all[..at].iter().all(|other| other.name != goal.name),
                "{goal:?}"
            );
            let stretch = goal.stretch.unwrap_or(goal.value);
            assert!(goal.meets(stretch, goal.value), "{goal:?}");
            // What is reached is written down only while it is worse than the goal.
            assert!(
                goal.reached
                    .is_none_or(|reached| !goal.meets(reached, goal.value)),
                "{goal:?}"
            );
        }
    }

    #[test]
    fn worse_is_more_or_less() {
        assert!((C_NEW.times_worse(1.6) - 2.0).abs() < 1e-9);
        assert!((C_NEW_LOAD.times_worse(25.0) - 2.0).abs() < 1e-9);
        assert!(C_NEW_LOAD.meets(51.0, 50.0) && !C_NEW.meets(0.81, 0.8));
    }
}
