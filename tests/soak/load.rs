//! The clients: jobs that arrive whether or not the last ones are done, so that more than the node can do is really more,
//! and clients that do not keep to the protocol.

use crate::cast::{self, Job, Nature};
use capsule_tests::http::{self, Reply};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// Statuses of a stage that something ended from outside.
const ENDED: [&str; 4] = ["SG", "XX", "TO", "RE"];

/// What kinds of hostile jobs begin with.
const HOSTILE: &str = "hostile ";

/// Clients that ask in a closed loop to find out what the node can do.
const CLOSED_LOOP: usize = 6;

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// A good one printed what it had to; a hostile one was ended and told of.
    Answered,
    /// The bounded queue was full (503), or it was too much at once (429).
    Refused,
    /// No jail could be made, or the one it had was broken (500).
    Failed,
    /// Its program or jail was ended from outside, which the answer says.
    Disturbed,
    /// The connection closed before the answer.
    Broken,
    /// Neither an answer nor an end in time.
    Hung,
    /// Anything else.
    Wrong(String),
}

impl Outcome {
    /// All kinds, in the order of the table.
    pub(crate) const NAMES: [&str; 7] = [
        "answered",
        "refused",
        "failed",
        "disturbed",
        "broken",
        "hung",
        "wrong",
    ];

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Disturbed => "disturbed",
            Self::Broken => "broken",
            Self::Hung => "hung",
            Self::Wrong(_) => "wrong",
        }
    }
}

/// What became of all of them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By language, with [`HOSTILE`] before it for those, and outcome.
    pub(crate) jobs: BTreeMap<(String, &'static str), usize>,
    /// The answers that must not be.
    pub(crate) wrong: Vec<String>,
    /// From when to when those lived whose connection broke.
    pub(crate) broken: Vec<(Instant, Instant)>,
    pub(crate) slowest: Duration,
}

impl Tally {
    /// Jobs with one outcome.
    pub(crate) fn count(&self, outcome: &str) -> usize {
        let has = |(key, _): &(&(String, &'static str), &usize)| key.1 == outcome;
        self.jobs.iter().filter(has).map(|(_, count)| count).sum()
    }

    /// Good jobs with one outcome.
    pub(crate) fn count_good(&self, outcome: &str) -> usize {
        let has = |((kind, name), _): &(&(String, &'static str), &usize)| {
            *name == outcome && !kind.starts_with(HOSTILE)
        };
        self.jobs.iter().filter(has).map(|(_, count)| count).sum()
    }
}

/// Sends jobs and notes what becomes of them.
#[derive(Debug)]
pub(crate) struct Load {
    address: SocketAddr,
    stop: AtomicBool,
    tally: Mutex<Tally>,
}

impl Load {
    pub(crate) fn on(address: SocketAddr) -> Self {
        Self {
            address,
            stop: AtomicBool::new(false),
            tally: Mutex::default(),
        }
    }

    /// Jobs a second that the node can do: a closed loop for a while, nothing else happening.
    pub(crate) fn capacity(&self, seed: u64, time: Duration) -> f64 {
        let end = Instant::now() + time;
        std::thread::scope(|scope| {
            for client in 0..CLOSED_LOOP {
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(seed + client as u64);
                    while Instant::now() < end {
                        self.run(&Job::any(&mut random));
                    }
                });
            }
        });
        self.tally().count("answered") as f64 / time.as_secs_f64()
    }

    /// Jobs arrive at this rate a second, at random moments, until [`Load::stop`].
    pub(crate) fn arrive<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        seed: u64,
        rate: f64,
    ) {
        scope.spawn(move || {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut next = Instant::now();
            while !self.stop.load(Ordering::Relaxed) {
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                let job = Job::any(&mut random);
                scope.spawn(move || self.run(&job));
                next += Duration::from_secs_f64(-(1.0 - random.f64()).ln() / rate);
            }
        });
    }

    /// Nothing more arrives; what is on its way ends with its scope.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether an answer was wrong, or there was none.
    pub(crate) fn has_failed(&self) -> bool {
        let tally = self.tally();
        !tally.wrong.is_empty() || tally.count("hung") > 0
    }

    /// Whether it is to go on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Where the node listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What there is so far; the next tally begins with nothing.
    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut self.tally())
    }

    fn run(&self, job: &Job) {
        let begun = Instant::now();
        let outcome = judge(job, &http::send(self.address, &job.request()));
        let mut tally = self.tally();
        let kind = match job.nature {
            Nature::Good(_) => job.language.to_owned(),
            Nature::Hostile => format!("{HOSTILE}{}", job.language),
        };
        *tally.jobs.entry((kind, outcome.name())).or_default() += 1;
        tally.slowest = tally.slowest.max(begun.elapsed());
        match outcome {
            Outcome::Broken => tally.broken.push((begun, Instant::now())),
            Outcome::Wrong(what) => tally.wrong.push(what),
            _ => {}
        }
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer says about a job.
pub(crate) fn judge(job: &Job, reply: &io::Result<Reply>) -> Outcome {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => return Outcome::Hung,
        Err(_) => return Outcome::Broken,
    };
    let text = reply.text();
    let wrong = |why: &str| {
        let shown: String = text.chars().take(500).collect();
        Outcome::Wrong(format!(
            "{why}: {} {}: {} {shown}",
            job.language, job.nonce, reply.status
        ))
    };
    if let Some(other) = cast::foreign(&text, &job.nonce) {
        return wrong(&format!("it has {other}, another job's"));
    }
    match reply.status {
        200 => {}
        429 | 503 => return Outcome::Refused,
        500 => return Outcome::Failed,
        _ => return wrong("no status of ours"),
    }
    let Ok(answer) = serde_json::from_str::<serde_json::Value>(&text) else {
        return wrong("no JSON");
    };
    let run = &answer["run"];
    if run["code"].is_null() == run["signal"].is_null() {
        return wrong("neither ended nor killed");
    }
    let Nature::Good(expected) = &job.nature else {
        return Outcome::Answered;
    };
    let stdout = run["stdout"].as_str().unwrap_or_default();
    let ended = run["status"]
        .as_str()
        .is_some_and(|status| ENDED.contains(&status));
    match run["code"].as_i64() {
        Some(0) if stdout == expected && run["stderr"] == "" => Outcome::Answered,
        Some(0) => wrong("another output"),
        _ if ended && expected.starts_with(stdout) => Outcome::Disturbed,
        _ => wrong("another end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn job() -> (Job, String) {
        let job = Job::good("python", &mut fastrand::Rng::with_seed(1));
        let Nature::Good(expected) = job.nature.clone() else {
            panic!("it is a good one");
        };
        (job, expected)
    }

    fn outcome(status: u16, body: &Value) -> &'static str {
        let reply = Reply {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        judge(&job().0, &Ok(reply)).name()
    }

    fn ran(stdout: &str, code: Option<i32>, status: Option<&str>) -> Value {
        let signal = code.is_none().then_some("SIGKILL");
        json!({"run": {"stdout": stdout, "stderr": "", "code": code, "signal": signal, "status": status}})
    }

    #[test]
    fn only_the_whole_output_is_an_answer() {
        let expected = job().1;
        let half = &expected[..expected.len() / 2];
        assert_eq!(outcome(200, &ran(&expected, Some(0), None)), "answered");
        assert_eq!(outcome(200, &ran(half, Some(0), None)), "wrong");
        assert_eq!(outcome(200, &ran(half, None, Some("SG"))), "disturbed");
        assert_eq!(outcome(200, &ran("else", None, Some("SG"))), "wrong");
        assert_eq!(outcome(200, &ran(half, None, None)), "wrong");
        assert_eq!(outcome(200, &json!({})), "wrong");
        assert_eq!(outcome(400, &json!({"message": "no"})), "wrong");
        assert_eq!(outcome(503, &json!({"message": "busy"})), "refused");
        assert_eq!(outcome(500, &json!({"message": "internal"})), "failed");
    }

    #[test]
    fn another_jobs_number_is_never_right() {
        let mut random = fastrand::Rng::with_seed(2);
        let other = Job::good("python", &mut random).nonce;
        assert_eq!(outcome(500, &json!({"message": other})), "wrong");
        let own = job().0.nonce;
        assert_eq!(cast::foreign(&own, &own), None);
        assert_eq!(cast::foreign(&own[..12], &own), None);
        assert_eq!(
            cast::foreign(&format!("{own} {other}"), &own),
            Some(&*other)
        );
    }

    #[test]
    fn no_answer_in_time_is_not_a_broken_connection() {
        let error = |kind: io::ErrorKind| judge(&job().0, &Err(kind.into())).name();
        assert_eq!(error(io::ErrorKind::TimedOut), "hung");
        assert_eq!(error(io::ErrorKind::ConnectionReset), "broken");
    }
}
