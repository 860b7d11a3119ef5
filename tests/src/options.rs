//! What a test changes about the node that it starts.

use crate::wait;
use std::time::Duration;

/// Configuration of a node on top of what the harness sets (address, directories, cgroup, uids).
#[derive(Clone, Debug)]
pub struct NodeOptions {
    pub(crate) config: toml::Table,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) through: Vec<String>,
    pub(crate) ready_within: Duration,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            config: toml::Table::new(),
            env: Vec::new(),
            through: Vec::new(),
            ready_within: Duration::from_secs(60),
        }
    }
}

impl NodeOptions {
    /// The built-in defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What packages and `make serve` use: programs may run for 10 s.
    #[must_use]
    pub fn as_deployed() -> Self {
        Self::new()
            .set("run_timeout", 10_000)
            .set("run_cpu_time", 10_000)
    }

    /// The same where no program is to meet a limit of time before it meets what it is about, however slow the machine is.
    #[must_use]
    pub fn as_deployed_with_patience() -> Self {
        let slowness = i64::from(wait::slowness());
        Self::new()
            .set("run_timeout", 10_000 * slowness)
            .set("run_cpu_time", 10_000 * slowness)
            .set("compile_timeout", 10_000 * slowness)
            .set("compile_cpu_time", 10_000 * slowness)
            .set("job_time_ceiling", 60_000 * slowness)
    }

    /// Sets a key of the configuration file.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// Sets an environment variable of the node; nothing but `PATH` is inherited from the test.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the node by a command that ends with executing its arguments in its own place, such as `prlimit`.
    #[must_use]
    pub fn through<const N: usize>(mut self, command: [&str; N]) -> Self {
        self.through = command.map(str::to_owned).to_vec();
        self
    }

    /// Starts the node by a line of bash in which `exec "$@"` is the node.
    #[must_use]
    pub fn through_shell(self, line: &str) -> Self {
        self.through(["bash", "-c", line, "bash"])
    }

    /// How long the node may take until it is ready.
    #[must_use]
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_within = limit;
        self
    }
}
