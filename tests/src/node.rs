//! One running node, from its start to the comparison of the host after its end.

use crate::host::{self, Host, Traces};
use crate::http::{self, Reply, Request};
use crate::launch::{self, Launched, StartError, pid_of};
use crate::options::NodeOptions;
use crate::prerequisites::{agent_binary, require_root};
use crate::processes::{self, Process};
use crate::site::Site;
use crate::wait;
use agent_api::{ExecuteRequest, ExecuteResponse, RuntimeInfo};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

/// How long a node may take to drain and end.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// How long the kernel may take to be done with what an ended node had.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// A running node. Dropping it stops it and fails the test when anything of it is left on the host.
#[derive(Debug)]
pub struct Node {
    process: Launched,
    options: NodeOptions,
    before: Host,
    descriptors: BTreeMap<&'static str, usize>,
    traces: Traces,
    killed: Killed,
    site: Site,
}

/// Whether the test itself ended the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    Yes,
    No,
}

impl Node {
    /// Starts a node and waits until a program really ran in it.
    ///
    /// # Panics
    /// When a prerequisite is missing or the node does not come up.
    #[must_use]
    pub fn start(options: NodeOptions) -> Self {
        Self::try_start(options).unwrap_or_else(|error| {
            panic!(
                "the node did not come up ({:?}); its stderr:\n{}",
                error.status, error.stderr
            )
        })
    }

    /// As [`Node::start`], for a configuration that may be refused.
    ///
    /// # Errors
    /// When the node ends, or is not ready in time.
    ///
    /// # Panics
    /// When a prerequisite is missing.
    pub fn try_start(options: NodeOptions) -> Result<Self, StartError> {
        require_root();
        Self::start_on(Site::new(), options)
    }

    /// Starts another node while this one runs.
    ///
    /// # Errors
    /// As [`Node::try_start`].
    pub fn try_start_beside(&self, options: NodeOptions) -> Result<Self, StartError> {
        Self::start_on(Site::beside(), options)
    }

    fn start_on(site: Site, options: NodeOptions) -> Result<Self, StartError> {
        launch::write_config(&site, &options);
        let mut traces = site.traces();
        let before = Host::read(&traces);
        let process = match launch::spawn(&site, &options) {
            Ok(process) => process,
            Err(error) => {
                // What it noted before it gave up (a lock, say) is no leak.
                let mut before = before;
                before.allow_state_files_of(&Host::read(&traces));
                let left = left_behind(&traces, &before);
                assert!(
                    left.is_empty(),
                    "a node that did not come up left {left:#?}; its stderr:\n{}",
                    error.stderr
                );
                return Err(error);
            }
        };
        traces.note(process.pid());
        let mut node = Self {
            process,
            options,
            before,
            descriptors: BTreeMap::new(),
            traces,
            killed: Killed::No,
            site,
        };
        node.after_start();
        Ok(node)
    }

    /// Starts it again on the same place, after [`Node::kill_warden`].
    ///
    /// # Panics
    /// When it still runs or does not come up.
    pub fn restart(&mut self) {
        assert!(
            self.killed == Killed::Yes,
            "the node has to be killed before it is started again"
        );
        self.process = launch::spawn(&self.site, &self.options).unwrap_or_else(|error| {
            panic!(
                "the node did not come up again; its stderr:\n{}",
                error.stderr
            )
        });
        self.killed = Killed::No;
        self.after_start();
    }

    fn after_start(&mut self) {
        // Files that a node keeps beside its work (a lock, say) are there when it is ready.
        let ready = Host::read(&self.traces);
        self.before.allow_state_files_of(&ready);
        // Each jail of the pool takes some. A slow machine may pause between two of them.
        let calm = Duration::from_millis(500) * wait::slowness().isqrt();
        let limit = Duration::from_secs(10) * wait::slowness();
        self.descriptors = wait::until_steady(limit, calm, || self.descriptor_counts());
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// A value of its configuration file.
    ///
    /// # Panics
    /// When the file does not set it.
    #[must_use]
    pub fn configured(&self, key: &str) -> toml::Value {
        let text = std::fs::read_to_string(self.site.config_file()).expect("it was written");
        let table: toml::Table = text.parse().expect("it was written as TOML");
        table.get(key).expect("the key is set").clone()
    }

    /// Its configuration file, for commands that concern it.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.site.config_file()
    }

    /// Its URL without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.process.address)
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn send(&self, request: &Request) -> Reply {
        http::send(self.process.address, request).unwrap_or_else(|error| {
            panic!("{} {} got no answer: {error}", request.method, request.path)
        })
    }

    /// `GET path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Reply {
        self.send(&Request::get(path))
    }

    /// Runs a program: status and JSON of the answer.
    #[must_use]
    pub fn execute(&self, body: &Value) -> (u16, Value) {
        let reply = self.send(&Request::post_json("/api/v2/execute", body));
        (reply.status, reply.json())
    }

    /// Runs a program that the node has to accept.
    ///
    /// # Panics
    /// When it is refused.
    #[must_use]
    pub fn run(&self, request: &ExecuteRequest) -> ExecuteResponse {
        let body = serde_json::to_value(request).expect("a request has string keys only");
        let (status, answer) = self.execute(&body);
        assert_eq!(status, 200, "{request:?} was refused: {answer}");
        serde_json::from_value(answer).expect("an answer has the form of answers")
    }

    /// Sends bytes that need be no HTTP, and returns what came back.
    ///
    /// # Panics
    /// When the node neither answers nor closes.
    #[must_use]
    pub fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        http::raw(self.process.address, bytes)
            .unwrap_or_else(|error| panic!("the node neither answered nor closed: {error}"))
    }

    /// The version that the node has of a language.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn version_of(&self, language: &str) -> String {
        let runtimes = self.get("/api/v2/runtimes").json();
        let known: Vec<RuntimeInfo> =
            serde_json::from_value(runtimes).expect("the list of runtimes has its form");
        match known.iter().find(|runtime| runtime.language == language) {
            Some(runtime) => runtime.version.clone(),
            None => panic!("no {language} among the runtimes: {known:?}"),
        }
    }

    /// The folder of its runtimes as its jobs see them: `base`, `packages`.
    #[must_use]
    pub fn runtimes(&self) -> PathBuf {
        let state = self.configured("state_directory");
        let state = state.as_str().expect("a path is text").trim_matches('/');
        let root = format!("/proc/{}/root", self.process.pid());
        PathBuf::from(root).join(state).join("runtimes")
    }

    /// Whether it records what its runtimes are.
    #[must_use]
    pub fn seals_runtimes(&self) -> bool {
        self.configured("runtime_images").as_str() != Some("off")
    }

    /// `capsule-agent verify`: its exit status and what it printed.
    ///
    /// # Panics
    /// When it can't be started.
    #[must_use]
    pub fn verify(&self) -> (Option<i32>, String) {
        let output = Command::new(agent_binary())
            .args(["verify", "--config"])
            .arg(self.site.config_file())
            .output()
            .expect("the daemon can be started");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    /// The first process: root, makes the jails.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn warden(&self) -> Process {
        Process::read(self.process.pid()).expect("the warden runs")
    }

    /// The process that speaks HTTP.
    #[must_use]
    pub fn front(&self) -> Option<Process> {
        self.with_role("front").into_iter().next()
    }

    /// The processes that make jails: as many as were needed at once lately, up to eight when nothing is made.
    #[must_use]
    pub fn builders(&self) -> Vec<Process> {
        let own = self.warden().network_namespace();
        let mut builders = self.children("capsule-builder");
        // A copy of one that is to be an init has its name for a moment.
        builders.retain(|process| process.network_namespace() == own);
        builders
    }

    /// What the first process has started, builders left out.
    #[must_use]
    pub fn descendants(&self) -> Vec<Process> {
        let builders = self.builders();
        let mut found = processes::descendants(self.process.pid());
        found.retain(|process| !builders.iter().any(|builder| builder.pid == process.pid));
        found
    }

    /// Descriptors of the first process, those of builders left out.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn warden_descriptors(&self) -> usize {
        /// Channel and pidfd.
        const OF_A_BUILDER: usize = 2;
        let builders = self.builders().len();
        let all = self.warden().descriptors().len();
        all.saturating_sub(OF_A_BUILDER * builders)
    }

    /// The first processes of all jails.
    #[must_use]
    pub fn inits(&self) -> Vec<Process> {
        self.children("capsule-init")
    }

    /// Children of the first process by the kernel's name of them: a copy of a process still has its command line.
    fn children(&self, name: &str) -> Vec<Process> {
        let warden = self.process.pid();
        let mut found = processes::descendants(warden);
        found.retain(|process| process.parent == warden && process.name == name);
        found
    }

    /// Processes that run under uids of programs.
    #[must_use]
    pub fn programs(&self) -> Vec<Process> {
        let ours = |process: &Process| self.traces.uids.contains(&process.uid);
        processes::all().into_iter().filter(ours).collect()
    }

    fn with_role(&self, role: &str) -> Vec<Process> {
        let all = processes::descendants(self.process.pid());
        all.into_iter()
            .filter(|process| process.args.get(1).is_some_and(|arg| arg == role))
            .collect()
    }

    /// What the node wrote to stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Sends the first process a signal.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.pid()), signal).expect("the warden is there");
    }

    /// Waits for the end of the first process; `None` when it lives on. It can be started again afterwards.
    ///
    /// # Panics
    /// When it can't be waited for.
    pub fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.traces.note(self.process.pid());
        let ended = wait::until(limit, || self.process.child.try_wait().transpose());
        let status = ended.map(|status| status.expect("a child can be waited for"))?;
        self.killed = Killed::Yes;
        Some(status)
    }

    /// Ends the first process as only `kill -9` does, and waits for it.
    ///
    /// # Panics
    /// When it does not end.
    pub fn kill_warden(&mut self) {
        self.traces.note(self.process.pid());
        self.process.child.kill().expect("the warden can be killed");
        self.process.child.wait().expect("a killed process ends");
        self.killed = Killed::Yes;
    }

    /// How many jails have cgroups.
    #[must_use]
    pub fn jail_groups(&self) -> usize {
        host::jail_groups(&self.traces)
    }

    /// What is on the host that was not there before the node.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        Host::read(&self.traces).since(&self.before)
    }

    /// Stops the node and returns what was wrong, for one who does not want to fail by that.
    #[must_use]
    pub fn end(mut self) -> Vec<String> {
        self.finish()
    }

    /// Stops the node and returns what was wrong: how it ended, and what it left. [`Drop`] does the same and fails.
    fn finish(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.killed == Killed::No {
            match self.process.child.try_wait() {
                Ok(None) => {
                    faults.extend(self.descriptor_growth());
                    self.traces.note(self.process.pid());
                    faults.extend(stop(&mut self.process.child));
                }
                ended => faults.push(format!("the node ended by itself: {ended:?}")),
            }
            self.killed = Killed::Yes;
        }
        faults.extend(left_behind(&self.traces, &self.before));
        faults
    }

    /// Descriptors open in each process that lives as long as the node, and in the builder that has most.
    fn descriptor_counts(&self) -> BTreeMap<&'static str, usize> {
        let open = |process: Process| process.descriptors().len();
        let is_there = Process::read(self.process.pid()).is_some();
        let warden = is_there.then(|| self.warden_descriptors());
        let front = self.front().map(open);
        let builder = self.builders().into_iter().map(open).max();
        [("warden", warden), ("front", front), ("builder", builder)]
            .into_iter()
            .filter_map(|(role, count)| Some((role, count?)))
            .collect()
    }

    /// What warden and front have open more than when they were ready, which an idle node has not.
    #[must_use]
    pub fn descriptor_growth(&self) -> Vec<String> {
        let grown = || -> Vec<String> {
            let now = self.descriptor_counts();
            self.descriptors
                .iter()
                .filter_map(|(role, before)| {
                    let after = now.get(role)?;
                    (after > before).then(|| {
                        format!("{role}: {before} descriptors when ready, {after} at the end")
                    })
                })
                .collect()
        };
        match wait::until(GONE_WITHIN, || grown().is_empty().then_some(())) {
            Some(()) => Vec::new(),
            None => {
                let mut faults = grown();
                faults.extend(
                    self.front()
                        .map(|front| format!("front has {:?}", front.descriptors())),
                );
                faults.push(format!("warden has {:?}", self.warden().descriptors()));
                faults
            }
        }
    }
}

impl Drop for Node {
    #[expect(
        clippy::print_stderr,
        reason = "a failing test shows what the node said"
    )]
    fn drop(&mut self) {
        let faults = self.finish();
        if !faults.is_empty() || std::thread::panicking() {
            eprintln!("stderr of the node:\n{}", self.stderr());
        }
        if faults.is_empty() {
            return;
        }
        let list = faults.join("\n  ");
        assert!(
            std::thread::panicking(),
            "the node did not leave the host as it was:\n  {list}"
        );
        eprintln!("the node did not leave the host as it was either:\n  {list}");
    }
}

/// What is on the host that was not there before; removed, so that later tests start from a clean host.
fn left_behind(traces: &Traces, before: &Host) -> Vec<String> {
    let left = || Host::read(traces).since(before);
    if wait::until(GONE_WITHIN, || left().is_empty().then_some(())).is_some() {
        return Vec::new();
    }
    let list = left();
    host::sweep(traces);
    list
}

/// Asks the node to end and says what was wrong with the way it did.
fn stop(child: &mut Child) -> Option<String> {
    if let Err(error) = kill(Pid::from_raw(pid_of(child)), Signal::SIGTERM) {
        return Some(format!("the node could not be asked to end: {error}"));
    }
    match wait::until(STOP_WITHIN, || child.try_wait().transpose()) {
        Some(Ok(status)) if status.success() => None,
        Some(Ok(status)) => Some(format!("asked to end, the node ended with {status}")),
        Some(Err(error)) => Some(format!("the node can't be waited for: {error}")),
        None => {
            launch::end(child);
            Some(format!(
                "asked to end, the node still ran after {} s",
                STOP_WITHIN.as_secs()
            ))
        }
    }
}
