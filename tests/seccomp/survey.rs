//! What was seen over all programs, and what was wrong with it.

use crate::coverage::Coverage;
use crate::expected::Expected;
use crate::golden::Job;
use crate::jail::Jail;
use crate::tracer::{Caller, Fate, Made, follow};
use capsule_tests::Node;
use capsule_tests::program::Program;
use jail::seccomp::{Action, calls};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

/// Everything seen so far.
pub(crate) struct Survey {
    expected: Vec<Expected>,
    coverage: Coverage,
    faults: BTreeSet<String>,
}

impl Survey {
    pub(crate) fn new(expected: Vec<Expected>) -> Self {
        Self {
            expected,
            coverage: Coverage::default(),
            faults: BTreeSet::new(),
        }
    }

    /// Runs a program under the tracer, and judges its answer.
    pub(crate) fn run(&mut self, node: &Node, language: &str, program: &Program) {
        let name = format!("{language}, {:?}", program.name);
        let (status, answer) = self.trace(node, language, &name, &program.body(language));
        // No time is too long for a program that is stopped at each of its calls.
        let wrong = program.judge(status, &answer, Duration::ZERO);
        if !wrong.is_empty() {
            self.faults.insert(format!("{name}: {}", wrong.join("; ")));
        }
    }

    /// Runs a job of the golden record under the tracer.
    pub(crate) fn run_recorded(&mut self, node: &Node, job: &Job) {
        let name = format!("golden record, {:?}", job.name);
        // Of two jobs with the same mistake the second one would take no jail.
        let mut body = job.body.clone();
        body["compile_cache"] = false.into();
        let (status, answer) = self.trace(node, &job.language, &name, &body);
        if status != 200 {
            self.faults.insert(format!("{name}: {status}, {answer}"));
        }
    }

    fn trace(&mut self, node: &Node, language: &str, name: &str, body: &Value) -> (u16, Value) {
        let jail = Jail::blank(node);
        let (ready, traced) = mpsc::channel();
        std::thread::scope(|scope| {
            let tracer = scope.spawn(|| {
                let wrong = follow(&jail, &ready, &mut |made| self.see(language, name, made));
                let wrong = wrong
                    .into_iter()
                    .map(|wrong| format!("{name}: the kernel: {wrong}"));
                self.faults.extend(wrong);
            });
            traced.recv().expect("the tracer begins");
            let answer = node.execute(body);
            tracer.join().expect("the tracer ends with the jail");
            answer
        })
    }

    fn see(&mut self, language: &str, program: &str, made: &Made) -> Fate {
        self.coverage.note(made);
        if made.decision.action == Action::Allow {
            return Fate::GoesOn;
        }
        let mut known = self.expected.iter_mut();
        if let Some(known) = known.find(|known| known.is(language, made)) {
            known.note(language, made.by);
            return Fate::GoesOn;
        }
        let args = made
            .call
            .args
            .map(|arg| format!("{:#x}", arg.unwrap_or_default()));
        self.faults.insert(format!(
            "{program}: in {} the policy refuses {}({}) as {:?}, which expected.toml does not know",
            stage(made.by),
            name(made.call.number),
            args.join(", "),
            made.decision.action
        ));
        Fate::Dies
    }

    /// All that was wrong.
    pub(crate) fn faults(self) -> Vec<String> {
        let stale = self.expected.iter().flat_map(Expected::missed);
        let faults = self.faults.into_iter().chain(stale);
        faults.chain(self.coverage.faults()).collect()
    }
}

/// The name of a stage, or of init.
pub(crate) const fn stage(caller: Caller) -> &'static str {
    match caller {
        Caller::Compile => "compile",
        Caller::Run => "run",
        Caller::Init => "init",
    }
}

/// The name of a call.
pub(crate) fn name(number: u32) -> String {
    calls()
        .find(|(_, known)| *known == number)
        .map_or_else(|| number.to_string(), |(name, _)| name.to_owned())
}
