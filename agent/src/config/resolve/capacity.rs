//! How many jobs and jails there may be, and what each jail is made of.

use crate::config::fault::Conflict;
use crate::config::settings::Settings;
use crate::config::{Admission, HostFacts, Jails, defaults};
use jail::Bytes;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Ids that a program may have: no account of the system, and none that a signed number can't hold.
const ID: RangeInclusive<i64> = 1000..=2_147_483_647;

/// `nobody`, and the 16-bit "no id".
const SPECIAL_IDS: [u32; 2] = [65_534, 65_535];

pub(super) fn admission(
    settings: &mut Settings,
    host: HostFacts,
    longest_job: Duration,
) -> Admission {
    let queue_timeout = settings
        .time("queue_timeout")
        .unwrap_or(defaults::QUEUE_TIMEOUT);
    Admission {
        max_body_size: settings
            .integer("max_body_size", 1024..=1 << 30)
            .map_or(defaults::MAX_BODY_SIZE, Bytes),
        max_concurrent_jobs: settings
            .integer("max_concurrent_jobs", 1..=4096)
            .unwrap_or(host.cores.max(1) * defaults::JOBS_PER_CORE),
        queue_length: settings
            .integer("queue_length", 0..=100_000)
            .unwrap_or(defaults::QUEUE_LENGTH),
        queue_timeout,
        // A job that was let in is finished, also one that still waits.
        drain_timeout: settings
            .time("drain_timeout")
            .unwrap_or(queue_timeout + longest_job + defaults::DRAIN_MARGIN),
    }
}

pub(super) fn jails(settings: &mut Settings, host: HostFacts, max_concurrent_jobs: usize) -> Jails {
    let page = Bytes::kib(64);
    let pool_size = settings
        .integer("pool_size", 0..=4096)
        .unwrap_or(max_concurrent_jobs + defaults::POOL_SPARE);
    let pool_memory = settings.size("pool_memory", Bytes(0));
    Jails {
        pool_size,
        pool_memory: pool_memory
            .unwrap_or(defaults::POOL_MEMORY.min(Bytes(host.memory.get() / 16))),
        ids: ids(settings, max_concurrent_jobs + pool_size),
        box_size: settings
            .size("box_size", page)
            .unwrap_or(defaults::BOX_SIZE),
        tmp_size: settings
            .size("tmp_size", page)
            .unwrap_or(defaults::TMP_SIZE),
        max_inodes: settings
            .integer("max_inodes", 16..=16_777_216)
            .unwrap_or(defaults::MAX_INODES),
        job_cpus: settings.cores("job_cpus", host.cores.max(1)),
    }
}

/// The range of uids, which is that of gids too.
fn ids(settings: &mut Settings, jails: usize) -> RangeInclusive<u32> {
    let mut range = |min_key, max_key, default: (u32, u32)| {
        (
            settings.integer(min_key, ID).unwrap_or(default.0),
            settings.integer(max_key, ID).unwrap_or(default.1),
        )
    };
    let (min, max) = range("runner_uid_min", "runner_uid_max", defaults::IDS);
    let (gid_min, gid_max) = range("runner_gid_min", "runner_gid_max", (min, max));
    let keys = ["runner_uid_min", "runner_uid_max"];
    let needed = u32::try_from(jails)
        .unwrap_or(u32::MAX)
        .saturating_add(defaults::SPARE_JAILS)
        .saturating_mul(defaults::IDS_PER_JAIL)
        .saturating_add(defaults::OTHER_IDS);
    if min > max {
        settings.conflict("runner_uid_max", &keys, Conflict::EmptyRange { min, max });
    } else if max - min + 1 < needed {
        let others = ["runner_uid_min", "max_concurrent_jobs", "pool_size"];
        let spare = defaults::SPARE_JAILS;
        settings.conflict(
            "runner_uid_max",
            &others,
            Conflict::FewIds {
                min,
                max,
                needed,
                spare,
            },
        );
    } else if SPECIAL_IDS.iter().any(|id| (min..=max).contains(id)) {
        settings.conflict("runner_uid_max", &keys, Conflict::SpecialIds { min, max });
    }
    if (gid_min, gid_max) != (min, max) {
        let others = ["runner_gid_min", "runner_uid_min", "runner_uid_max"];
        let conflict = Conflict::OtherGids {
            gid_min,
            gid_max,
            uid_min: min,
            uid_max: max,
        };
        settings.conflict("runner_gid_max", &others, conflict);
    }
    min..=max
}
