//! What was asked for lately, and what is known of starting it ahead. Knows no jail.

use super::Ahead;
use super::plan::{Candidate, Room, plan};
use jail::Bytes;
use std::time::Duration;
use tokio::time::Instant;

/// In so much time what was asked for counts half.
const HALF_LIFE: Duration = Duration::from_secs(30);

/// Less than this is forgotten: some two minutes after one job.
const LEAST: f64 = 0.05;

/// The most programs that are known at once, by which a client that asks for ever other limits costs little.
const KNOWN_MAX: usize = 64;

/// What is taken for granted of a program that was never started.
const START: Duration = Duration::from_millis(100);
const MEMORY: Bytes = Bytes::mib(48);

/// After a start that failed: doubled each time from the first to the longest.
const REST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

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
    /// It is to be there before anybody asks.
    expected: bool,
    /// The least that it took.
    start: Option<Duration>,
    /// The least that one needed.
    memory: Option<Bytes>,
    failures: u32,
    not_before: Instant,
}

impl Wanted {
    fn new(ahead: &Ahead, now: Instant) -> Self {
        Self {
            ahead: ahead.clone(),
            score: 0.0,
            at: now,
            again: false,
            expected: false,
            start: None,
            memory: None,
            failures: 0,
            not_before: now,
        }
    }

    fn score(&self, now: Instant) -> f64 {
        let halves = now.duration_since(self.at).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.score * (-halves).exp2()
    }

    fn candidate(&self, now: Instant) -> Candidate {
        let score = self.score(now);
        // A steady rate comes to a score of that many half-lives, over the natural logarithm of 2.
        let rate = score * std::f64::consts::LN_2 / HALF_LIFE.as_secs_f64();
        let counts = self.again && score >= LEAST;
        Candidate {
            rate: if counts { rate } else { 0.0 },
            start: self.start.unwrap_or(START),
            memory: self.memory.unwrap_or(MEMORY),
            expected: self.expected,
        }
    }
}

impl Demand {
    /// All that was asked for lately.
    pub(super) fn known(&self) -> impl Iterator<Item = &Ahead> {
        self.known.iter().map(|wanted| &wanted.ahead)
    }

    /// Those are to be there before anybody asks, and nothing else that was known is there any more.
    pub(super) fn expect(&mut self, all: &[Ahead], now: Instant) {
        let wanted = all.iter().take(KNOWN_MAX / 2).map(|ahead| Wanted {
            expected: true,
            ..Wanted::new(ahead, now)
        });
        self.known = wanted.collect();
    }

    /// A job asks for such a program.
    pub(super) fn note(&mut self, ahead: &Ahead, now: Instant) {
        self.known
            .retain(|wanted| wanted.expected || wanted.score(now) >= LEAST);
        if !self.known.iter().any(|wanted| wanted.ahead == *ahead) {
            self.make_room(now);
            self.known.push(Wanted::new(ahead, now));
        }
        if let Some(wanted) = self.find(ahead) {
            wanted.again = wanted.again || wanted.score > 0.0;
            wanted.score = wanted.score(now) + 1.0;
            wanted.at = now;
        }
    }

    /// What is asked for least makes room for what nobody has asked for yet.
    fn make_room(&mut self, now: Instant) {
        if self.known.len() < KNOWN_MAX {
            return;
        }
        let others = self.known.iter().enumerate();
        let least = others
            .filter(|(_, wanted)| !wanted.expected)
            .min_by(|(_, a), (_, b)| a.score(now).total_cmp(&b.score(now)))
            .map(|(index, _)| index);
        if let Some(index) = least {
            self.known.swap_remove(index);
        }
    }

    /// One was started, which took so long on a node that had other things to do perhaps, and needs that much.
    pub(super) fn started(&mut self, ahead: &Ahead, took: Duration, memory: Bytes) {
        if let Some(wanted) = self.find(ahead) {
            wanted.start = Some(wanted.start.map_or(took, |least| least.min(took)));
            // The first one is charged for the files that all others find in memory.
            wanted.memory = Some(wanted.memory.map_or(memory, |least| least.min(memory)));
            wanted.failures = 0;
        }
    }

    /// It could not be started: it is left alone for a while. `true`: for the first time.
    pub(super) fn failed(&mut self, ahead: &Ahead, now: Instant) -> bool {
        self.find(ahead).is_some_and(|wanted| {
            let rest = REST.0.saturating_mul(2_u32.saturating_pow(wanted.failures));
            wanted.not_before = now + rest.min(REST.1);
            wanted.failures = wanted.failures.saturating_add(1);
            wanted.failures == 1
        })
    }

    /// It did not come to wait in time, which a busy node is more likely to blame for than the program.
    pub(super) fn late(&mut self, ahead: &Ahead, now: Instant) {
        if let Some(wanted) = self.find(ahead) {
            wanted.not_before = now + REST.0;
        }
    }

    /// Whether it is left alone after a start that failed.
    pub(super) fn rests(&self, ahead: &Ahead, now: Instant) -> bool {
        let mut known = self.known.iter();
        known.any(|wanted| wanted.ahead == *ahead && now < wanted.not_before)
    }

    /// How many of each to have.
    pub(super) fn targets(&self, room: Room, now: Instant) -> Vec<(Ahead, usize)> {
        let candidates: Vec<_> = self.known.iter().map(|one| one.candidate(now)).collect();
        let all = self.known.iter().map(|wanted| wanted.ahead.clone());
        all.zip(plan(&candidates, room)).collect()
    }

    /// What one needs while it waits.
    pub(super) fn memory(&self, ahead: &Ahead) -> Bytes {
        let mut known = self.known.iter();
        let found = known.find(|wanted| wanted.ahead == *ahead);
        found.and_then(|wanted| wanted.memory).unwrap_or(MEMORY)
    }

    fn find(&mut self, ahead: &Ahead) -> Option<&mut Wanted> {
        self.known.iter_mut().find(|wanted| wanted.ahead == *ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::tests::program;

    const ROOM: Room = Room {
        jails: 8,
        memory: Bytes::mib(1024),
    };

    fn wanted(demand: &Demand, ahead: &Ahead, now: Instant) -> usize {
        let targets = demand.targets(ROOM, now);
        let found = targets.iter().find(|(other, _)| other == ahead);
        found.map_or(0, |(_, count)| *count)
    }

    #[test]
    fn what_is_asked_for_again_is_wanted_until_it_is_forgotten() {
        let (mut demand, ahead, now) = (Demand::default(), program("a"), Instant::now());
        demand.note(&ahead, now);
        assert_eq!(wanted(&demand, &ahead, now), 0);
        demand.note(&ahead, now);
        assert!(wanted(&demand, &ahead, now) > 0);
        let later = now + HALF_LIFE * 6;
        assert_eq!(wanted(&demand, &ahead, later), 0);
        demand.note(&program("b"), later);
        assert_eq!(demand.known.len(), 1);
    }

    #[test]
    fn what_is_expected_is_wanted_for_ever() {
        let (mut demand, ahead, now) = (Demand::default(), program("a"), Instant::now());
        demand.note(&program("of a package that is gone"), now);
        demand.expect(std::slice::from_ref(&ahead), now);
        assert_eq!(demand.known.len(), 1);
        assert_eq!(wanted(&demand, &ahead, now + HALF_LIFE * 1000), 1);
    }

    #[test]
    fn ever_other_programs_fill_no_memory() {
        let (mut demand, now) = (Demand::default(), Instant::now());
        let (expected, often) = (program("a"), program("b"));
        demand.expect(std::slice::from_ref(&expected), now);
        demand.note(&often, now);
        demand.note(&often, now);
        for number in 0..10 * KNOWN_MAX {
            demand.note(&program(&number.to_string()), now);
        }
        assert_eq!(demand.known.len(), KNOWN_MAX);
        assert!(wanted(&demand, &expected, now) > 0 && wanted(&demand, &often, now) > 0);
    }

    #[test]
    fn what_fails_is_left_alone_for_longer_and_longer() {
        let (mut demand, ahead, now) = (Demand::default(), program("a"), Instant::now());
        demand.expect(std::slice::from_ref(&ahead), now);
        assert!(demand.failed(&ahead, now));
        assert!(demand.rests(&ahead, now));
        let then = now + REST.0;
        assert!(!demand.rests(&ahead, then));
        assert!(!demand.failed(&ahead, then));
        assert!(demand.rests(&ahead, then + REST.0));
        for _ in 0..40 {
            demand.failed(&ahead, then);
        }
        assert!(!demand.rests(&ahead, then + REST.1));
        assert_eq!(wanted(&demand, &ahead, now), 1, "as many as before");
    }

    #[test]
    fn steady_demand_comes_to_its_rate() {
        let (mut demand, ahead, start) = (Demand::default(), program("a"), Instant::now());
        let mut now = start;
        for _ in 0..2000 {
            now += Duration::from_millis(100);
            demand.note(&ahead, now);
        }
        let rate = demand.known[0].candidate(now).rate;
        assert!((9.5..10.5).contains(&rate), "{rate}");
    }
}
