//! Whether the front is alive: it is asked once a second, and one that leaves ten looks in a row without an answer stands
//! still.
//!
//! Looks are counted, not time: a node that was itself stopped, or whose machine was, has looked no more often than before
//! and does not blame its front.

use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks in a row without an answer. The front answers from its event loop, which nothing holds up for longer than
/// milliseconds; on a machine without processor time to spare, for seconds.
const PATIENCE: u32 = 10;

/// The pulse of one front.
#[derive(Debug)]
pub(super) struct Pulse {
    next: Instant,
    /// Looks since it was asked; `None`: it has answered.
    unanswered: Option<u32>,
}

/// What a look finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Nothing to do now.
    Fine,
    /// It is to be asked.
    Ask,
    /// It has not answered for too long.
    Still,
}

impl Pulse {
    /// Of a front that starts now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: now + PAUSE,
            unanswered: None,
        }
    }

    /// It has answered.
    pub(super) const fn felt(&mut self) {
        self.unanswered = None;
    }

    /// When the next look is due.
    pub(super) const fn next(&self) -> Instant {
        self.next
    }

    /// Looks, if that is due.
    pub(super) fn look(&mut self, now: Instant) -> Sign {
        if now < self.next {
            return Sign::Fine;
        }
        self.next = now + PAUSE;
        let looks = self.unanswered.map_or(0, |looks| looks + 1);
        self.unanswered = Some(looks);
        match looks {
            0 => Sign::Ask,
            1..PATIENCE => Sign::Fine,
            _ => Sign::Still,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What so many looks in a row find, each as soon as it is due.
    fn looks(pulse: &mut Pulse, count: u32) -> Vec<Sign> {
        (0..count).map(|_| pulse.look(pulse.next())).collect()
    }

    #[test]
    fn one_that_answers_is_asked_each_time() {
        let mut pulse = Pulse::new(Instant::now());
        for _ in 0..100 {
            assert_eq!(pulse.look(pulse.next()), Sign::Ask);
            pulse.felt();
        }
    }

    #[test]
    fn one_that_does_not_answer_is_asked_once_and_given_up_after_the_patience() {
        let mut pulse = Pulse::new(Instant::now());
        let mut expected = vec![Sign::Fine; 10];
        expected[0] = Sign::Ask;
        expected.extend([Sign::Still; 2]);
        assert_eq!(looks(&mut pulse, 12), expected);
        pulse.felt();
        assert_eq!(looks(&mut pulse, 1), [Sign::Ask]);
    }

    #[test]
    fn time_in_which_nobody_looked_is_not_counted() {
        let now = Instant::now();
        let mut pulse = Pulse::new(now);
        assert_eq!(pulse.look(now), Sign::Fine);
        assert_eq!(pulse.look(now + PAUSE), Sign::Ask);
        assert_eq!(pulse.look(now + 1000 * PAUSE), Sign::Fine);
    }
}
