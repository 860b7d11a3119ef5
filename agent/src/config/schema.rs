//! Every key that a configuration may hold. The keys that Piston has are also environment variables, by its names:
//! `run_timeout` is `PISTON_RUN_TIMEOUT`.

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// As in the file and after `--set`.
    pub(super) name: &'static str,
    /// Who else knows it.
    pub(super) kind: Kind,
    /// What may be written, for the operator who wrote something else.
    pub(super) wanted: &'static str,
}

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An option of Piston, read from its environment variable too.
    Piston,
    /// An option of this node only.
    Own,
}

const CAPPED_TIME: &str = "milliseconds from 1 to 86400000, or -1 for no limit";
const CAPPED_SIZE: &str = "bytes, 1048576 or more, or -1 for no limit";
const PATH: &str = "an absolute path";
const ID: &str = "a whole number from 1000 to 2147483647";
const TMPFS: &str = "bytes, 65536 or more";

const fn piston(name: &'static str, wanted: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Piston,
        wanted,
    }
}

const fn own(name: &'static str, wanted: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Own,
        wanted,
    }
}

/// The keys in the order of the example file.
pub(super) const KEYS: &[Key] = &[
    piston(
        "bind_address",
        "an address and port such as 127.0.0.1:2000, \"unix:\" and an absolute path of at most 107 bytes (its last part of 80), or a list of such",
    ),
    own("socket_mode", "permissions in octal such as \"0660\""),
    own(
        "socket_owner",
        "an account and a group such as \"root:codecapsule\"",
    ),
    piston("data_directory", PATH),
    own("state_directory", PATH),
    own("runtime_images", "one of auto, require, off"),
    own(
        "verify_interval",
        "milliseconds from 0 to 86400000, 0 for never",
    ),
    own("admin_token_file", PATH),
    own("trust_local_clients", "true or false"),
    own("user", "the name of an account other than root"),
    own("cgroup", "a name of letters, digits, '-' and '_'"),
    piston("log_level", "one of NONE, ERROR, WARN, INFO, DEBUG, TRACE"),
    own("log_format", "text or json"),
    own(
        "package_indexes",
        "a list of at most 6 URLs that begin with https://, http:// or file:///",
    ),
    piston(
        "repo_url",
        "a URL that begins with https://, http:// or file:///",
    ),
    own(
        "package_keys",
        "a list of public keys of minisign, lines that begin with RW",
    ),
    piston("disable_networking", "true"),
    piston("compile_timeout", CAPPED_TIME),
    piston("run_timeout", CAPPED_TIME),
    piston("compile_cpu_time", CAPPED_TIME),
    piston("run_cpu_time", CAPPED_TIME),
    piston("compile_memory_limit", CAPPED_SIZE),
    piston("run_memory_limit", CAPPED_SIZE),
    piston("max_process_count", "a whole number from 1 to 32768"),
    piston("max_open_files", "a whole number from 16 to 1048576"),
    piston("max_file_size", "bytes, 1 or more"),
    piston("output_max_size", "a whole number from 1 to 268435456"),
    piston("limit_overrides", "a table of limits per language"),
    own(
        "version_map",
        "a table of versions and their stand-ins per language",
    ),
    own("job_time_ceiling", "milliseconds from 1 to 86400000"),
    own("job_memory_ceiling", "bytes, 8388608 or more"),
    own("jobs_memory", "bytes, 8388608 or more"),
    own(
        "job_cpus",
        "a number of cores, 0.01 or more and at most the host's",
    ),
    piston("max_concurrent_jobs", "a whole number from 1 to 4096"),
    own("queue_length", "a whole number from 0 to 100000"),
    own("queue_timeout", "milliseconds from 1 to 86400000"),
    own("max_body_size", "bytes from 1024 to 1073741824"),
    own("drain_timeout", "milliseconds from 1 to 86400000"),
    own("pool_size", "a whole number from 0 to 4096"),
    own(
        "pool_memory",
        "bytes, 0 for no programs that are started ahead",
    ),
    own("compile_cache_size", "bytes, 0 or more, 0 for no cache"),
    own("box_size", TMPFS),
    own("tmp_size", TMPFS),
    own("max_inodes", "a whole number from 16 to 16777216"),
    piston("runner_uid_min", ID),
    piston("runner_uid_max", ID),
    piston("runner_gid_min", ID),
    piston("runner_gid_max", ID),
];

/// The key of that name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_there_twice() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(
                KEYS[..index].iter().all(|other| other.name != key.name),
                "{}",
                key.name
            );
        }
    }
}
