//! Command-line flags that configure the node.

use std::path::PathBuf;

/// Flags of every subcommand that needs a configuration. They win over the environment, which wins over the file.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Flags {
    /// Configuration file [default: CAPSULE_CONFIG, else /etc/codecapsule/agent.toml if it exists]
    #[arg(long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind_address: Option<String>,
    /// Folder that holds the package store
    #[arg(long, value_name = "PATH")]
    pub(crate) data_directory: Option<String>,
    /// Folder for what lives only as long as the node runs
    #[arg(long, value_name = "PATH")]
    pub(crate) state_directory: Option<String>,
    /// Name of the cgroup above all jobs
    #[arg(long, value_name = "NAME")]
    pub(crate) cgroup: Option<String>,
    /// Least severity that is logged
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// Sets any key of the configuration file
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn flags_are_read() {
        let line =
            "x --config /a.toml --bind-address 127.0.0.1:1 --set a=b --set c=d=e --log-level DEBUG";
        let flags = Program::try_parse_from(line.split(' ')).unwrap().flags;
        assert_eq!(flags.config, Some(PathBuf::from("/a.toml")));
        assert_eq!(flags.bind_address.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(flags.set, ["a=b", "c=d=e"]);
        assert_eq!(
            (flags.cgroup, flags.log_level.as_deref()),
            (None, Some("DEBUG"))
        );
    }
}
