//! How many programs to have started ahead: a pure function of what was asked for lately, what a start takes, memory and
//! bounds. Knows no jail.

use jail::Bytes;
use std::time::Duration;

/// So many times what is asked for while one is started are kept ready, since jobs come in bunches.
const RESERVE: f64 = 4.0;

/// A program that may be started ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// How many a second were asked for lately.
    pub(super) rate: f64,
    /// What starting one takes.
    pub(super) start: Duration,
    /// What one needs while it waits.
    pub(super) memory: Bytes,
    /// Whether one is to be there even before anybody has asked.
    pub(super) expected: bool,
}

/// Bounds on all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) jails: usize,
    pub(super) memory: Bytes,
}

impl Candidate {
    /// Time that having one saves in a second.
    fn worth(&self) -> f64 {
        self.rate * self.start.as_secs_f64()
    }

    /// More than that would wait for long.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and a float that is too large for it becomes the largest number"
    )]
    fn most(&self) -> usize {
        let reserve = (self.worth() * RESERVE).ceil() as usize;
        match (self.expected, self.rate > 0.0) {
            (false, false) => 0,
            _ => reserve.saturating_add(1),
        }
    }
}

/// How many of each. First one of each that is expected, then by what they are worth (highest averages, D'Hondt), as far
/// as there is room.
pub(super) fn plan(candidates: &[Candidate], room: Room) -> Vec<usize> {
    let mut counts = vec![0_usize; candidates.len()];
    let mut left = room;
    loop {
        let may = |(candidate, count): &(&Candidate, &mut usize)| {
            **count < candidate.most() && left.jails > 0 && candidate.memory <= left.memory
        };
        let rank = |(candidate, count): &(&Candidate, &mut usize)| {
            let first = candidate.expected && **count == 0;
            (first, candidate.worth() / (**count as f64 + 1.0))
        };
        let best = candidates
            .iter()
            .zip(&mut counts)
            .filter(may)
            .max_by(|a, b| {
                let (a, b) = (rank(a), rank(b));
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
            });
        let Some((candidate, count)) = best else {
            return counts;
        };
        *count += 1;
        left.jails -= 1;
        left.memory = Bytes(left.memory.get() - candidate.memory.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs a second, start in milliseconds, MiB.
    fn asked(rate: f64, start: u64, memory: u64) -> Candidate {
        Candidate {
            rate,
            start: Duration::from_millis(start),
            memory: Bytes::mib(memory),
            expected: false,
        }
    }

    fn expected(candidate: Candidate) -> Candidate {
        Candidate {
            expected: true,
            ..candidate
        }
    }

    #[test]
    fn sizes_follow_demand_cost_and_room() {
        let (python, node, java) = (
            asked(10.0, 20, 10),
            asked(10.0, 80, 40),
            asked(10.0, 400, 80),
        );
        let idle = |candidate: Candidate| {
            expected(Candidate {
                rate: 0.0,
                ..candidate
            })
        };
        let never = asked(0.0, 400, 80);
        for (what, candidates, jails, memory, counts) in [
            ("nothing", vec![], 8, 999, vec![]),
            ("no room", vec![python], 0, 999, vec![0]),
            ("what nobody asks for", vec![never], 8, 999, vec![0]),
            ("what is only expected", vec![idle(java)], 8, 999, vec![1]),
            (
                "no more than come while one is started",
                vec![python],
                8,
                999,
                vec![2],
            ),
            ("as many as there is room", vec![java], 8, 999, vec![8]),
            (
                "what takes longer first",
                vec![python, node, java],
                9,
                999,
                vec![0, 1, 8],
            ),
            (
                "what comes more often first",
                vec![asked(9.0, 400, 8), asked(1.0, 400, 8)],
                4,
                99,
                vec![4, 0],
            ),
            ("of equals each", vec![java, java], 4, 999, vec![2, 2]),
            ("little memory", vec![java], 8, 200, vec![2]),
            (
                "memory for the small one only",
                vec![python, java],
                8,
                60,
                vec![2, 0],
            ),
            (
                "the expected one though another is worth more",
                vec![idle(python), java],
                4,
                999,
                vec![1, 3],
            ),
            (
                "of the expected the one that is worth most",
                vec![idle(python), expected(java)],
                1,
                999,
                vec![0, 1],
            ),
        ] {
            let memory = Bytes::mib(memory);
            assert_eq!(plan(&candidates, Room { jails, memory }), counts, "{what}");
        }
    }
}
