//! The jails that wait for jobs, and what is to be done about them next.

use super::demand::Demand;
use super::jail::{Ahead, Jail};
use super::plan::Room;
use jail::Bytes;
use std::collections::VecDeque;
use tokio::time::Instant;

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// Blank ones, the oldest first.
    blank: VecDeque<Jail>,
    /// With a program that waits, the oldest first.
    prepared: VecDeque<(Ahead, Jail)>,
    /// One whose program is being started is in neither.
    preparing: Option<Ahead>,
    pub(super) demand: Demand,
    /// How often all of them were retired: one that was ordered before the last time is of no use.
    generation: u64,
}

/// Jails that are to be there, and memory that programs in them may need while they wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) jails: usize,
    pub(super) memory: Bytes,
}

impl Bounds {
    /// Of the jails a third stays blank, for programs that nobody has asked for and what can't be started ahead.
    fn room(self) -> Room {
        Room {
            jails: self.jails * 2 / 3,
            memory: self.memory,
        }
    }
}

/// What to do about programs that wait.
pub(super) enum Change {
    /// Start this one in this jail.
    Start(Ahead, Jail),
    /// It is not wanted any more.
    Drop(Jail),
}

impl Stock {
    /// The jail for a job: one in which its program waits, and `true`, else a blank one.
    pub(super) fn take(&mut self, ahead: Option<&Ahead>) -> Option<(Jail, bool)> {
        let of_it = |(other, _): &(Ahead, Jail)| Some(other) == ahead;
        let found = self.prepared.iter().position(of_it);
        match found.and_then(|index| self.prepared.remove(index)) {
            Some((_, jail)) => Some((jail, true)),
            None => self.blank.pop_front().map(|jail| (jail, false)),
        }
    }

    /// How many there are, the one whose program is being started too.
    pub(super) fn len(&self) -> usize {
        self.blank.len() + self.prepared.len() + usize::from(self.preparing.is_some())
    }

    /// How many are blank.
    pub(super) fn blank(&self) -> usize {
        self.blank.len()
    }

    /// What waits in the others.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Ahead> {
        self.prepared.iter().map(|(ahead, _)| ahead)
    }

    /// To be given back with what is ordered now.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Keeps a blank one that was ordered in this generation.
    pub(super) fn put(&mut self, generation: u64, jail: Jail) {
        if generation == self.generation {
            self.blank.push_back(jail);
        }
    }

    /// Keeps one whose program was started in this generation.
    pub(super) fn put_prepared(&mut self, generation: u64, prepared: Option<(Ahead, Jail)>) {
        self.preparing = None;
        if generation == self.generation {
            self.prepared.extend(prepared);
        }
    }

    /// Takes all out, and knows of nothing that was wanted.
    pub(super) fn retire(&mut self) -> impl Sized + use<> {
        self.generation += 1;
        self.demand = Demand::default();
        (
            std::mem::take(&mut self.blank),
            std::mem::take(&mut self.prepared),
        )
    }

    /// What programs that wait need.
    pub(super) fn memory(&self) -> Bytes {
        let all = self.waiting();
        Bytes(all.map(|ahead| self.demand.memory(ahead).get()).sum())
    }

    /// What is missing most, or too much. `None`: all is as it should be, or has to wait for blank jails.
    pub(super) fn change(&mut self, bounds: Bounds, now: Instant) -> Option<Change> {
        // One that has died is of no use, and may be missed.
        self.prepared.retain(|(_, jail)| jail.is_silent());
        let targets = self.demand.targets(bounds.room(), now);
        let count = |ahead: &Ahead| self.waiting().filter(|other| *other == ahead).count();
        // Of which there is the smallest part of what is wanted.
        let part = |(ahead, want): &(Ahead, usize)| count(ahead) as f64 / *want as f64;
        let lacking = targets
            .iter()
            .filter(|(ahead, want)| count(ahead) < *want && !self.demand.rests(ahead, now))
            .min_by(|a, b| part(a).total_cmp(&part(b)))
            .map(|(ahead, _)| ahead.clone());
        let has_place = self.prepared.len() < bounds.room().jails && self.memory() <= bounds.memory;
        let is_needless = |(ahead, _): &(Ahead, Jail)| {
            let found = targets.iter().find(|(other, _)| other == ahead);
            match found.map_or(0, |(_, want)| *want) {
                0 => true,
                // One more than wanted may be wanted again soon, and starting it costs: it goes when its place is needed.
                want => !has_place && count(ahead) > want,
            }
        };
        if let Some(index) = self.prepared.iter().position(is_needless) {
            let (_, jail) = self.prepared.remove(index)?;
            return Some(Change::Drop(jail));
        }
        self.blank.retain(Jail::is_silent);
        // The last blank one is for whoever comes first.
        let ahead = lacking.filter(|_| self.blank.len() > 1)?;
        let jail = self.blank.pop_front()?;
        self.preparing = Some(ahead.clone());
        Some(Change::Start(ahead, jail))
    }
}
