//! Which programs are started ahead: a guess by what was asked for lately. Knows no jail.

use super::jail::Ahead;
use std::time::Duration;
use tokio::time::Instant;

/// In so much time what was asked for counts half.
const HALF_LIFE: Duration = Duration::from_secs(30);

/// Less than this is forgotten: some two minutes after one job.
const LEAST: f64 = 0.05;

/// The most programs that are known at once, by which a client that asks for ever other limits costs little.
const KNOWN_MAX: usize = 32;

/// What was asked for, and how much lately.
#[derive(Debug, Default)]
pub(super) struct Demand {
    known: Vec<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    ahead: Ahead,
    score: f64,
    at: Instant,
    /// What was asked for once may never be again: with other arguments it is another program.
    again: bool,
}

impl Wanted {
    fn score(&self, now: Instant) -> f64 {
        let halves = now.duration_since(self.at).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.score * (-halves).exp2()
    }
}

impl Demand {
    /// A job asks for such a program.
    pub(super) fn note(&mut self, ahead: &Ahead, now: Instant) {
        self.known.retain(|wanted| wanted.score(now) >= LEAST);
        let has_room = self.known.len() < KNOWN_MAX;
        match self.known.iter_mut().find(|wanted| wanted.ahead == *ahead) {
            Some(wanted) => {
                wanted.score = wanted.score(now) + 1.0;
                wanted.at = now;
                wanted.again = true;
            }
            None if has_room => self.known.push(Wanted {
                ahead: ahead.clone(),
                score: 1.0,
                at: now,
                again: false,
            }),
            None => {}
        }
    }

    /// Nobody can want any of them.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// How many of each to have, with room for so many.
    pub(super) fn targets(&self, room: usize, now: Instant) -> Vec<(Ahead, usize)> {
        let score = |wanted: &Wanted| if wanted.again { wanted.score(now) } else { 0.0 };
        let scores: Vec<f64> = self.known.iter().map(score).collect();
        let shares = shares(room, &scores);
        let all = self.known.iter().map(|wanted| wanted.ahead.clone());
        all.zip(shares).collect()
    }
}

/// Divides `room` in proportion to the scores (highest averages, D'Hondt); a score below [`LEAST`] gets nothing.
fn shares(room: usize, scores: &[f64]) -> Vec<usize> {
    let mut shares = vec![0_usize; scores.len()];
    for _ in 0..room {
        let average = |&(index, share): &(usize, &usize)| -> f64 {
            let score = scores.get(index).copied().unwrap_or(0.0);
            score / (*share as f64 + 1.0)
        };
        let best = shares
            .iter()
            .enumerate()
            .filter(|(index, _)| scores.get(*index).is_some_and(|score| *score >= LEAST))
            .max_by(|a, b| average(a).total_cmp(&average(b)));
        let Some((best, _)) = best else { break };
        if let Some(share) = shares.get_mut(best) {
            *share += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_shared_by_what_was_asked_for() {
        for (room, scores, expected) in [
            (4, vec![], vec![]),
            (0, vec![1.0], vec![0]),
            (3, vec![1.0], vec![3]),
            (3, vec![0.01], vec![0]),
            (4, vec![9.0, 1.0], vec![4, 0]),
            (4, vec![3.0, 1.5], vec![3, 1]),
            (2, vec![1.0, 1.1, 1.2], vec![0, 1, 1]),
        ] {
            assert_eq!(shares(room, &scores), expected, "{room} {scores:?}");
        }
    }
}
