//! Whole configurations, good and bad.

use super::*;
use packages::Cap;

const HOST: HostFacts = HostFacts {
    cores: 2,
    memory: Bytes::mib(8192),
};
const EXAMPLE: &str = include_str!("../../../packaging/agent.example.toml");

/// Sources of one start: file, environment, flags.
#[derive(Default)]
struct Sources<'a> {
    file: &'a str,
    env: &'a [(&'a str, &'a str)],
    set: &'a [&'a str],
}

fn load_on(host: HostFacts, sources: &Sources<'_>) -> Result<Config, ConfigFaults> {
    let flags = Flags {
        set: sources.set.iter().map(|&pair| pair.to_owned()).collect(),
        ..Flags::default()
    };
    let env = sources
        .env
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Config::load(&flags, env, |_| Ok(sources.file.to_owned()), host)
}

fn load(sources: &Sources<'_>) -> Config {
    load_on(HOST, sources).unwrap()
}

fn faults(sources: &Sources<'_>) -> Vec<String> {
    let faults = load_on(HOST, sources).unwrap_err();
    faults.to_string().lines().map(str::to_owned).collect()
}

fn file_faults(file: &str) -> Vec<String> {
    faults(&Sources {
        file,
        ..Sources::default()
    })
}

#[test]
fn defaults_are_as_documented() {
    let config = load(&Sources::default());
    assert_eq!(
        config.bind_address,
        [Address::Tcp("127.0.0.1:2000".parse().unwrap())]
    );
    assert_eq!(
        config.packages_directory(),
        Path::new("/var/lib/codecapsule/packages")
    );
    assert_eq!(config.limits.run.wall, Some(Duration::from_secs(3)));
    assert_eq!(config.limits.compile.cpu, Some(Duration::from_secs(10)));
    assert_eq!(
        (config.limits.run.memory, config.limits.output),
        (None, 65_536)
    );
    assert_eq!(
        (config.admission.max_concurrent_jobs, config.jails.pool_size),
        (4, 12)
    );
    assert_eq!(config.jails.pool_memory, Bytes::mib(256));
    assert_eq!(config.admission.drain_timeout, Duration::from_secs(28));
    assert_eq!(config.node.jobs_memory, Bytes::mib(6144));
    assert_eq!(config.node.compile_cache_size, Bytes::mib(64));
    assert_eq!(config.jails.ids, 2_100_000_000..=2_100_065_535);
    assert_eq!(
        config.ceilings(),
        Ceilings {
            wall: Duration::from_secs(60),
            cpu: Duration::from_secs(60),
            memory: Bytes::mib(2048),
            memory_floor: Bytes::mib(8),
        }
    );
}

#[test]
fn defaults_follow_the_host() {
    let config = load_on(
        HostFacts {
            cores: 8,
            memory: Bytes::mib(1024),
        },
        &Sources::default(),
    )
    .unwrap();
    assert_eq!(
        (config.admission.max_concurrent_jobs, config.jails.pool_size),
        (16, 24)
    );
    assert_eq!(config.jails.pool_memory, Bytes::mib(64));
    assert_eq!(
        (config.node.job_memory_ceiling, config.node.jobs_memory),
        (Bytes::mib(512), Bytes::mib(768))
    );
    // However small or strange a host is, its own defaults are never a fault.
    for (cores, memory) in [(0, 0), (1, 1), (1, 64 << 20), (4096, u64::MAX)] {
        let host = HostFacts {
            cores,
            memory: Bytes(memory),
        };
        assert!(load_on(host, &Sources::default()).is_ok(), "{host:?}");
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "run_timeout = 1000\nmax_open_files = 100\nqueue_length = 5\nlog_level = \"debug\"";
    let env = [
        ("PISTON_RUN_TIMEOUT", "2000"),
        ("PISTON_MAX_OPEN_FILES", "200"),
        ("PISTON_OUTPUT_MAX_SIZE", ""),
    ];
    let config = load(&Sources {
        file,
        env: &env,
        set: &["run_timeout=3500", "job_cpus=0.5", "run_memory_limit=-1"],
    });
    assert_eq!(config.limits.run.wall, Some(Duration::from_millis(3500)));
    assert_eq!(config.limits.open_files, 200);
    assert_eq!(
        (config.admission.queue_length, config.log_level),
        (5, LevelFilter::DEBUG)
    );
    assert_eq!(
        (config.jails.job_cpus, config.limits.output),
        (Some(0.5), 65_536)
    );

    let flags = Flags {
        bind_address: Some("[::1]:80".into()),
        set: vec!["bind_address=127.0.0.1:1".into()],
        ..Flags::default()
    };
    let config = Config::load(&flags, std::iter::empty(), |_| Ok(String::new()), HOST).unwrap();
    let address = Address::Tcp("[::1]:80".parse().unwrap());
    assert_eq!(config.bind_address, [address]);
}

#[test]
fn every_variable_of_piston_is_known() {
    let env = [
        ("PISTON_LOG_LEVEL", "NONE"),
        ("PISTON_BIND_ADDRESS", "0.0.0.0:2000"),
        ("PISTON_DATA_DIRECTORY", "/data"),
        ("PISTON_RUNNER_UID_MIN", "1001"),
        ("PISTON_RUNNER_UID_MAX", "1500"),
        ("PISTON_RUNNER_GID_MIN", "1001"),
        ("PISTON_RUNNER_GID_MAX", "1500"),
        ("PISTON_DISABLE_NETWORKING", "true"),
        ("PISTON_OUTPUT_MAX_SIZE", "1024"),
        ("PISTON_MAX_PROCESS_COUNT", "64"),
        ("PISTON_MAX_OPEN_FILES", "2048"),
        ("PISTON_MAX_FILE_SIZE", "10000000"),
        ("PISTON_COMPILE_TIMEOUT", "10000"),
        ("PISTON_RUN_TIMEOUT", "-1"),
        ("PISTON_COMPILE_CPU_TIME", "10000"),
        ("PISTON_RUN_CPU_TIME", "3000"),
        ("PISTON_COMPILE_MEMORY_LIMIT", "-1"),
        ("PISTON_RUN_MEMORY_LIMIT", "134217728"),
        ("PISTON_REPO_URL", "https://example.org/index"),
        ("PISTON_MAX_CONCURRENT_JOBS", "64"),
        (
            "PISTON_LIMIT_OVERRIDES",
            r#"{"c++":{"run_timeout":5000,"run_memory_limit":-1}}"#,
        ),
        ("PATH", "/bin"),
    ];
    let config = load(&Sources {
        env: &env,
        ..Sources::default()
    });
    assert_eq!(
        (config.log_level, config.jails.ids.clone()),
        (LevelFilter::OFF, 1001..=1500)
    );
    assert_eq!(
        (config.limits.run.wall, config.limits.run.memory),
        (None, Some(Bytes::mib(128)))
    );
    assert_eq!(
        config.limit_overrides["c++"].run_memory_limit,
        Some(Cap::Unlimited)
    );
    assert_eq!(config.admission.max_concurrent_jobs, 64);
    // A lifted limit counts as the ceiling: 10 s to compile, 60 s to run, 5 s more.
    assert_eq!(config.admission.drain_timeout, Duration::from_secs(85));
}

#[test]
fn all_faults_come_in_one_start() {
    let lines = faults(&Sources {
        file: "run_timeout = \"3000\"\nbox_sise = 5\n\n[limit_overrides.java]\nrun_timeout = 0\nrun_tmeout = 1\n",
        env: &[
            ("PISTON_MAX_OPEN_FILE", "5"),
            ("PISTON_POOL_SIZE", "5"),
            ("PISTON_DISABLE_NETWORKING", "false"),
        ],
        set: &["job_cpus=3", "colour=red", "nonsense"],
    });
    let at = "/etc/codecapsule/agent.toml";
    assert_eq!(
        lines,
        [
            format!(
                "{at}:1: run_timeout: \"3000\" will not do, write milliseconds from 1 to 86400000, or -1 for no limit"
            ),
            format!("{at}:2: box_sise: unknown key, did you mean box_size?"),
            format!(
                "{at}:5: limit_overrides.java.run_timeout: run_timeout can't be 0, only 1 or more, or -1 for no limit"
            ),
            format!("{at}:6: limit_overrides.java.run_tmeout: unknown key, did you mean run_timeout?"),
            "environment variable PISTON_DISABLE_NETWORKING: disable_networking: programs never have a network here, so \
             that no machine can be reached from one; remove this key"
                .to_owned(),
            "environment variable PISTON_MAX_OPEN_FILE: PISTON_MAX_OPEN_FILE: unknown key, did you mean \
             PISTON_MAX_OPEN_FILES?"
                .to_owned(),
            "environment variable PISTON_POOL_SIZE: PISTON_POOL_SIZE: unknown key, remove it".to_owned(),
            "flag --set colour=red: colour: unknown key, remove it".to_owned(),
            "flag --set job_cpus=3: job_cpus: \"3\" will not do, write a number of cores, 0.01 or more and at most the \
             host's"
                .to_owned(),
            "flag --set nonsense: nonsense: \"nonsense\" will not do, write KEY=VALUE".to_owned(),
        ]
    );
}

#[test]
fn a_node_may_listen_in_several_places() {
    let file = "bind_address = [\"127.0.0.1:2000\", \"unix:/run/a.sock\"]\nsocket_mode = \"600\"\nsocket_owner = \"a:b\"";
    let from_file = load(&Sources {
        file,
        ..Sources::default()
    });
    let tcp = Address::Tcp("127.0.0.1:2000".parse().unwrap());
    let both = [tcp, Address::Unix("/run/a.sock".into())];
    assert_eq!(from_file.bind_address, both);
    assert_eq!(
        from_file.socket,
        Socket {
            mode: 0o600,
            user: "a".to_owned(),
            group: "b".to_owned()
        }
    );
    let env = [("PISTON_BIND_ADDRESS", "127.0.0.1:2000,unix:/run/a.sock")];
    let from_env = load(&Sources {
        env: &env,
        ..Sources::default()
    });
    assert_eq!(from_env.bind_address, both);
}

const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

#[test]
fn packages_come_from_pistons_index_unless_others_are_named() {
    let piston = "https://github.com/engineer-man/piston/releases/download/pkgs/index";
    let sources = load(&Sources::default()).sources;
    assert_eq!(sources.indexes, [piston]);
    assert!(sources.keys.is_empty());
    let file = format!(
        "package_indexes = [\"https://own.example/index\", \"{piston}\"]\npackage_keys = [\"{KEY}\"]"
    );
    let env = [
        ("HTTPS_PROXY", "http://proxy:1"),
        ("no_proxy", "own.example"),
    ];
    let sources = load(&Sources {
        file: &file,
        env: &env,
        ..Sources::default()
    })
    .sources;
    assert_eq!(sources.indexes, ["https://own.example/index", piston]);
    assert_eq!(sources.keys, [KEY]);
    assert_eq!(sources.proxies.https.as_deref(), Some("http://proxy:1"));
    assert_eq!(sources.proxies.none.as_deref(), Some("own.example"));
    let none = load(&Sources {
        file: "package_indexes = []",
        ..Sources::default()
    });
    assert!(none.sources.indexes.is_empty());
}

#[test]
fn one_repo_url_stands_for_the_list() {
    let (list, one) = ("package_indexes", "https://one.example/index");
    let file = "package_indexes = [\"file:///srv/index\"]";
    let variable = [("PISTON_REPO_URL", one)];
    let flag = format!("{list}=https://a.example/index, http://b.example/index");
    let flags = [flag.as_str()];
    let indexes = |file, env, set| load(&Sources { file, env, set }).sources.indexes;
    assert_eq!(indexes(file, &variable, &[]), [one]);
    assert_eq!(
        indexes("", &variable, &flags),
        ["https://a.example/index", "http://b.example/index"]
    );
    assert!(indexes("", &variable, &["package_indexes="]).is_empty());
    assert_eq!(indexes("repo_url = \"file:///i\"", &[], &[]), ["file:///i"]);
    let lines = file_faults(&format!("{file}\nrepo_url = \"{one}\""));
    assert!(
        lines.len() == 1 && lines[0].contains("package_indexes: this and repo_url both"),
        "{lines:?}"
    );
}

#[test]
fn bad_values_are_refused_each_by_itself() {
    for line in [
        "bind_address = \"localhost\"",
        "bind_address = []",
        "bind_address = [\"127.0.0.1:2000\", 5]",
        "bind_address = [\"127.0.0.1:2000\", \"127.0.0.1:2000\"]",
        "bind_address = \"unix:agent.sock\"",
        "socket_mode = 660",
        "socket_mode = \"888\"",
        "socket_mode = \"4660\"",
        "socket_owner = \"root\"",
        "socket_owner = \"root:a b\"",
        "data_directory = \"piston\"",
        "state_directory = \"/run/../etc\"",
        "user = \"root\"",
        "user = \"\"",
        "cgroup = \"a/b\"",
        "cgroup = \"..\"",
        "log_level = \"loud\"",
        "log_format = \"xml\"",
        "repo_url = \"ftp://x\"",
        "repo_url = \"https://me:secret@x/index\"",
        "package_indexes = 5",
        "package_indexes = [\"https://x/index\", \"x\"]",
        "package_indexes = [\"https://x/a,https://x/b\", \"\"]",
        "package_indexes = [\"file:///a\", \"file:///b\", \"file:///c\", \"file:///d\", \"file:///e\", \"file:///f\", \"file:///g\"]",
        "package_keys = [\"RWnonsense\"]",
        "disable_networking = false",
        "disable_networking = \"no\"",
        "run_timeout = 0",
        "run_timeout = -2",
        "run_timeout = 1.5",
        "run_timeout = 99999999999999999999",
        "run_memory_limit = 64",
        "max_process_count = -1",
        "max_open_files = 0",
        "max_file_size = 0",
        "output_max_size = true",
        "limit_overrides = 5",
        "limit_overrides = { python = 5 }",
        "limit_overrides = { python = { run_timeout = \"5\" } }",
        "version_map = \"3.10.0\"",
        "version_map = { python = \"3.10.0\" }",
        "version_map = { python = { \"3.10.0\" = 3 } }",
        "job_cpus = 0.0",
        "job_cpus = nan",
        "max_concurrent_jobs = 0",
        "queue_timeout = [5]",
        "max_body_size = 10",
        "runner_uid_min = 0",
        "max_inodes = 2026-01-01",
    ] {
        let lines = file_faults(line);
        let key = line.split(' ').next().unwrap();
        assert!(
            lines.len() == 1 && lines[0].contains(key),
            "{line}: {lines:?}"
        );
    }
}

#[test]
fn values_that_can_not_hold_together_are_refused() {
    for (file, key) in [
        (
            "run_timeout = 15000\njob_time_ceiling = 12000",
            "run_timeout: 15000 is above the ceiling of 12000",
        ),
        ("[limit_overrides.c]\nrun_timeout = 70000", ""),
        (
            "job_time_ceiling = 12000\n[limit_overrides.c]\nrun_timeout = 13000",
            "limit_overrides.c.run_timeout",
        ),
        (
            "run_memory_limit = 3000000000",
            "run_memory_limit: 3000000000 is above the ceiling of 2147483648",
        ),
        ("job_memory_ceiling = 7000000000", "job_memory_ceiling"),
        (
            "jobs_memory = 9000000000",
            "jobs_memory: 9000000000 bytes are more than this host has",
        ),
        (
            "runner_uid_min = 5000\nrunner_uid_max = 4000",
            "the range 5000-4000 is empty",
        ),
        (
            "runner_uid_min = 5000\nrunner_uid_max = 5098",
            "holds 99 ids but 100 are needed",
        ),
        ("runner_uid_min = 5000\nrunner_uid_max = 5099", ""),
        (
            "runner_uid_min = 65000\nrunner_uid_max = 66000",
            "takes in 65534",
        ),
        (
            "runner_gid_min = 5000\nrunner_gid_max = 6000",
            "differs from the uid range",
        ),
        (
            "max_concurrent_jobs = 4096\nrunner_uid_min = 5000\nrunner_uid_max = 9000",
            "are needed",
        ),
    ] {
        match load_on(
            HOST,
            &Sources {
                file,
                ..Sources::default()
            },
        ) {
            Ok(_) => assert_eq!(key, "", "{file} is accepted"),
            Err(faults) => {
                let text = faults.to_string();
                assert!(
                    !key.is_empty() && text.contains(key) && text.lines().count() == 1,
                    "{file}: {text}"
                );
            }
        }
    }
}

#[test]
fn a_fault_is_always_one_line() {
    let lines = faults(&Sources {
        file: "\"a\\nb\" = 1",
        set: &["x\ny=1", "user=a\nb"],
        ..Sources::default()
    });
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn a_key_without_a_name_is_named() {
    let lines = faults(&Sources {
        file: "\"\" = 1",
        set: &["", "=1"],
        ..Sources::default()
    });
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.contains(": \"\": ")),
        "{lines:?}"
    );
}

#[test]
fn overrides_have_the_ranges_of_what_they_override() {
    for (key, value) in [
        ("max_process_count", 32_769),
        ("max_open_files", 15),
        ("output_max_size", 268_435_457),
    ] {
        let lines = file_faults(&format!("[limit_overrides.c]\n{key} = {value}"));
        let part = format!("limit_overrides.c.{key}: {key} can't be {value}, only ");
        assert!(lines.len() == 1 && lines[0].contains(&part), "{lines:?}");
    }
}

/// A bad value gives its own fault, not another one because its default then fits nothing.
#[test]
fn a_bad_value_is_not_told_twice() {
    let lines = file_faults("runner_uid_min = 5\nrunner_uid_max = 6000");
    assert!(
        lines.len() == 1 && lines[0].contains("runner_uid_min"),
        "{lines:?}"
    );
}

#[test]
fn json_overrides_are_checked() {
    for (json, part) in [
        ("{", "not valid JSON"),
        ("[]", "a list will not do"),
        (r#"{"c":5}"#, "a number"),
        (
            r#"{"c":{"run_timeout":"5"}}"#,
            "limit_overrides.c.run_timeout: \"5\" will not do, write a whole number",
        ),
        (r#"{"c":{"run_timeout":1e99}}"#, "not whole or too large"),
        (
            r#"{"c":{"pool_size":5}}"#,
            "limit_overrides.c.pool_size: unknown key",
        ),
    ] {
        let lines = faults(&Sources {
            env: &[("PISTON_LIMIT_OVERRIDES", json)],
            ..Sources::default()
        });
        assert!(
            lines.len() == 1 && lines[0].contains(part),
            "{json}: {lines:?}"
        );
    }
}

#[test]
fn versions_are_mapped_by_table_or_json() {
    let in_file = load(&Sources {
        file: "[version_map.python]\n\"3.10.0\" = \"3.11.x\"\n[version_map.\"c++\"]\n\"10.2.0\" = \">=12\"\n",
        ..Sources::default()
    });
    let by_flag = load(&Sources {
        set: &[r#"version_map={"c++":{"10.2.0":">=12"},"python":{"3.10.0":"3.11.x"}}"#],
        ..Sources::default()
    });
    assert_eq!(in_file.version_map, by_flag.version_map);
    // As the front gets it.
    let json = serde_json::to_string(&in_file.version_map).unwrap();
    assert_eq!(
        json,
        r#"{"c++":[["10.2.0",">=12"]],"python":[["3.10.0","3.11.x"]]}"#
    );
    let again: VersionMap = serde_json::from_str(&json).unwrap();
    assert_eq!(again, in_file.version_map);
    assert_eq!(
        file_faults("[version_map.python]\n\"3.10\" = \"3.11.x\"\n\"v3.9.0\" = \"3\"\n\"3.8.0\" = \"newest\"\n\"3.7.0\" = true\n"),
        [
            "2: version_map.python.3.10: \"3.10\" will not do, write a whole version such as \"3.10.0\"",
            "3: version_map.python.v3.9.0: \"v3.9.0\" will not do, write a whole version such as \"3.10.0\"",
            "4: version_map.python.3.8.0: \"newest\" will not do, write a selector of versions such as \"3.11.x\"",
            "5: version_map.python.3.7.0: true will not do, write a selector of versions such as \"3.11.x\"",
        ]
        .map(|line| format!("/etc/codecapsule/agent.toml:{line}"))
    );
}

#[test]
fn the_file_may_be_missing_only_if_nobody_asked_for_it() {
    let missing = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    let load = |flags: &Flags, env: &[(&str, &str)]| {
        let env: Vec<_> = env
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Config::load(flags, env.into_iter(), missing, HOST)
    };
    assert!(load(&Flags::default(), &[("CAPSULE_CONFIG", "")]).is_ok());
    let asked = load(&Flags::default(), &[("CAPSULE_CONFIG", "/x.toml")])
        .unwrap_err()
        .to_string();
    assert!(
        asked.starts_with("environment variable CAPSULE_CONFIG: /x.toml: can't be read"),
        "{asked}"
    );
    let flags = Flags {
        config: Some("/y.toml".into()),
        ..Flags::default()
    };
    let asked = load(&flags, &[("CAPSULE_CONFIG", "/x.toml")])
        .unwrap_err()
        .to_string();
    assert!(
        asked.starts_with("flag --config: /y.toml: can't be read"),
        "{asked}"
    );

    let denied = |_: &Path| Err(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(Config::load(&Flags::default(), std::iter::empty(), denied, HOST).is_err());
}

#[test]
fn the_example_is_what_it_says() {
    let config = load(&Sources {
        file: EXAMPLE,
        ..Sources::default()
    });
    let mut expected = load(&Sources::default());
    expected.limits.run.wall = Some(Duration::from_secs(10));
    expected.limits.run.cpu = Some(Duration::from_secs(10));
    expected.admission.drain_timeout = Duration::from_secs(35);
    assert_eq!(config, expected);
}

/// Every key is in the example, and the values it shows in comments are the defaults on the host it speaks of.
#[test]
fn the_example_shows_every_key_with_its_default() {
    for key in schema::KEYS {
        let shown = EXAMPLE.lines().any(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            line.starts_with(&format!("{} =", key.name))
                || line.starts_with(&format!("[{}.", key.name))
        });
        assert!(shown, "{}", key.name);
    }
    let is_value = |line: &&str| {
        let line = line.trim_start_matches("# ");
        line.split_once(" = ")
            .is_some_and(|(key, _)| schema::find(key).is_some() || line.starts_with("max_process"))
    };
    let active: String = EXAMPLE
        .lines()
        .take_while(|line| !line.starts_with("# ---") || !line.contains("single languages"))
        .filter(is_value)
        .map(|line| line.trim_start_matches("# ").to_owned() + "\n")
        .collect();
    let mut shown = load(&Sources {
        file: &active,
        ..Sources::default()
    });
    // What these two show is no default: one depends on the host, the other is nowhere unless somebody makes it.
    assert_eq!(shown.jails.job_cpus.take(), Some(2.0));
    assert!(shown.admin_token_file.take().is_some());
    assert_eq!(
        shown,
        load(&Sources {
            file: EXAMPLE,
            ..Sources::default()
        })
    );
}
