//! Kills and stops processes of the node, one at a time, at random moments.

use crate::load::Load;
use crate::pests::{Counts, count};
use crate::watch::Watch;
use capsule_tests::Node;
use capsule_tests::processes::Process;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::os::fd::OwnedFd;
use std::thread::Scope;
use std::time::{Duration, Instant};

/// Between two blows: this much on average.
const PAUSE_MS: u64 = 250;

/// One blow in so many is a stop; one stop in so many is never taken back.
const STOPS: u32 = 8;
const FOR_EVER: u32 = 4;

/// The longest stop that is taken back. Shorter than what makes the warden give a front up.
const STOPPED_MS: u64 = 3000;

/// A kind of process that may be struck.
pub(crate) struct Victim {
    pub(crate) name: &'static str,
    /// How often it is chosen.
    weight: u32,
    /// Those that there are.
    find: fn(&Node) -> Vec<Process>,
}

/// All kinds: to have another one struck, add it here.
pub(crate) const VICTIMS: [Victim; 5] = [
    Victim {
        name: "front",
        weight: 1,
        find: |node| node.front().into_iter().collect(),
    },
    Victim {
        name: "init",
        weight: 8,
        find: |node| node.inits(),
    },
    Victim {
        name: "holder",
        weight: 8,
        find: |node| in_jails(node, |name| name == "capsule-holder"),
    },
    Victim {
        name: "builder",
        weight: 8,
        find: |node| node.builders(),
    },
    Victim {
        name: "program",
        weight: 10,
        find: |node| in_jails(node, |name| !name.starts_with("capsule-")),
    },
];

/// Processes in jails by the kernel's name of them.
fn in_jails(node: &Node, named: fn(&str) -> bool) -> Vec<Process> {
    let mut found = node.programs();
    found.retain(|process| named(&process.name) && process.state != 'Z');
    found
}

/// What was done to whom.
#[derive(Debug, Default)]
pub(crate) struct Blows {
    pub(crate) kills: Counts,
    /// Stops that were taken back.
    pub(crate) pauses: Counts,
    /// Stops for ever.
    pub(crate) stops: Counts,
}

impl Blows {
    /// How many were killed.
    pub(crate) fn killed(&self) -> usize {
        total(&self.kills)
    }

    /// How many blows there were.
    pub(crate) fn all(&self) -> usize {
        [&self.kills, &self.pauses, &self.stops]
            .into_iter()
            .map(total)
            .sum()
    }

    /// How often a front was stopped, whatever followed.
    pub(crate) fn fronts_stopped(&self) -> usize {
        [&self.pauses, &self.stops]
            .into_iter()
            .map(|counts| of(counts, "front"))
            .sum()
    }
}

fn total(counts: &Counts) -> usize {
    counts.lock().expect("no counter panics").values().sum()
}

/// How often something was counted.
pub(crate) fn of(counts: &Counts, what: &str) -> usize {
    counts
        .lock()
        .expect("no counter panics")
        .get(what)
        .copied()
        .unwrap_or(0)
}

/// Strikes as long as the load goes on.
pub(crate) fn strike<'scope>(
    (node, load): (&'scope Node, &'scope Load),
    scope: &'scope Scope<'scope, '_>,
    seed: u64,
    blows: &'scope Blows,
    watch: &'scope Watch,
) {
    scope.spawn(move || {
        let mut random = fastrand::Rng::with_seed(seed);
        while load.goes_on() {
            std::thread::sleep(Duration::from_millis(random.u64(..2 * PAUSE_MS)));
            let Some((victim, target)) = choose(&mut random, node, watch) else {
                continue;
            };
            let (is_front, now) = (victim.name == "front", Instant::now());
            let kills = random.u32(..STOPS) > 0;
            let signal = if kills { Signal::KILL } else { Signal::STOP };
            if !target.signal(signal) {
                continue;
            }
            if kills {
                count(&blows.kills, victim.name);
                is_front.then(|| watch.front_killed(now));
            } else if random.u32(..FOR_EVER) == 0 {
                count(&blows.stops, victim.name);
                is_front.then(|| watch.front_stopped(now));
            } else {
                count(&blows.pauses, victim.name);
                let time = Duration::from_millis(random.u64(..STOPPED_MS));
                scope.spawn(move || {
                    std::thread::sleep(time);
                    target.signal(Signal::CONT);
                });
            }
        }
    });
}

/// A process of a kind drawn at random, if there is any.
fn choose(
    random: &mut fastrand::Rng,
    node: &Node,
    watch: &Watch,
) -> Option<(&'static Victim, Target)> {
    let victim = draw(random);
    // The next front has its time to come up, now and then not even that.
    if victim.name == "front" && !watch.is_up() && random.u32(..4) > 0 {
        return None;
    }
    let found = (victim.find)(node);
    let process = random.choice(&found)?;
    Some((victim, Target::open(process)?))
}

fn draw(random: &mut fastrand::Rng) -> &'static Victim {
    let total: u32 = VICTIMS.iter().map(|victim| victim.weight).sum();
    let mut draw = random.u32(..total);
    for victim in &VICTIMS {
        if draw < victim.weight {
            return victim;
        }
        draw -= victim.weight;
    }
    unreachable!("a draw is below the sum of the weights")
}

/// Exactly this process, never one that took its number since: other people's processes run on the machine.
struct Target(OwnedFd);

impl Target {
    fn open(process: &Process) -> Option<Self> {
        let target = pidfd_open(Pid::from_raw(process.pid)?, PidfdFlags::empty()).ok()?;
        process.is_there().then_some(Self(target))
    }

    /// Whether it was there to be signalled.
    fn signal(&self, signal: Signal) -> bool {
        pidfd_send_signal(&self.0, signal).is_ok()
    }
}
