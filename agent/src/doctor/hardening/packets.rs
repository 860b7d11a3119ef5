//! The packet filter of packaging/host: whether what the host sends for uids of jobs is dropped.

use super::super::finding::Finding;
use super::host;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::process::Command;

/// The file of packaging/host, as installed.
const FILE: &str = "codecapsule.nft";

/// Where system administration programs lie, whatever path the caller has.
const SYSTEM_PATH: &str = "/usr/sbin:/sbin:/usr/bin:/bin";

/// Whether packets of these uids are dropped on the host. Asks nft(8), since the kernel's own answer is a protocol.
pub(in crate::doctor) fn packet_filter(ids: &RangeInclusive<u32>) -> Finding {
    // Asking would load it.
    if !fs::exists("/sys/module/nf_tables").unwrap_or(false) {
        return unfiltered("no packet filter is loaded");
    }
    let answer = Command::new("nft")
        .args(["--json", "list", "table", "inet", "codecapsule"])
        .env("PATH", SYSTEM_PATH)
        .output();
    match answer {
        Ok(output) => judge(&output.stdout, ids),
        Err(error) if error.kind() == io::ErrorKind::NotFound => unfiltered("nft is not installed"),
        Err(error) => unfiltered(&format!("nft: {error}")),
    }
}

/// `listed`: the table as nft lists it (libnftables-json(5)); nothing where there is none or this is not root.
pub(super) fn judge(listed: &[u8], ids: &RangeInclusive<u32>) -> Finding {
    let range = format!("{}-{}", ids.start(), ids.end());
    let Ok(listed) = serde_json::from_slice::<Value>(listed) else {
        return unfiltered("no table inet codecapsule, or not to be seen without root");
    };
    let table = Table(listed["nftables"].as_array().map_or(&[][..], Vec::as_slice));
    if !table
        .outputs()
        .any(|chain| table.drops_those_of(chain, ids))
    {
        return unfiltered(&format!(
            "table inet codecapsule drops nothing of {range} on its way out: correct its line `define jobs`, or load it again"
        ));
    }
    Finding::ok(
        host("packets of jobs"),
        format!("those of {range} are dropped"),
    )
}

/// What is in one table.
struct Table<'a>(&'a [Value]);

impl<'a> Table<'a> {
    /// Names of the chains that see what the host sends: one without a hook sees nothing by itself.
    fn outputs(&self) -> impl Iterator<Item = &'a str> {
        let chains = self.0.iter().map(|entry| &entry["chain"]);
        chains
            .filter(|chain| chain["type"] == "filter" && chain["hook"] == "output")
            .filter_map(|chain| chain["name"].as_str())
    }

    /// What the rules of a chain consist of, each a list of matches and statements.
    fn rules(&self, chain: &str) -> impl Iterator<Item = &'a [Value]> {
        let rules = self.0.iter().map(|entry| &entry["rule"]);
        rules
            .filter(move |rule| rule["chain"] == chain)
            .filter_map(|rule| rule["expr"].as_array().map(Vec::as_slice))
    }

    /// Whether a rule of this chain drops what these uids send anywhere but to loopback.
    fn drops_those_of(&self, chain: &str, ids: &RangeInclusive<u32>) -> bool {
        let jobs = json!({"op": "==", "left": {"meta": {"key": "skuid"}}, "right": {"range": [ids.start(), ids.end()]}});
        let away = |key| json!({"op": "!=", "left": {"meta": {"key": key}}, "right": "lo"});
        let known = [jobs.clone(), away("oif"), away("oifname")];
        self.rules(chain).any(|rule| {
            let matches: Vec<_> = rule.iter().filter_map(|part| part.get("match")).collect();
            matches.contains(&&jobs)
                && matches.iter().all(|one| known.contains(one))
                && rule
                    .iter()
                    .any(|part| is_drop(part) || self.leads_to_drop(part))
        })
    }

    /// Whether this goes to a chain that drops whatever gets there.
    fn leads_to_drop(&self, part: &Value) -> bool {
        let target = part["jump"]["target"].as_str();
        let target = target.or_else(|| part["goto"]["target"].as_str());
        let drops = |rule: &[Value]| {
            rule.iter().all(|part| part.get("match").is_none()) && rule.iter().any(is_drop)
        };
        target.is_some_and(|chain| self.rules(chain).any(drops))
    }
}

fn is_drop(part: &Value) -> bool {
    part.get("drop").is_some()
}

fn unfiltered(detail: &str) -> Finding {
    Finding::missing(
        host("packets of jobs"),
        detail,
        format!(
            "what gets out of a jail reaches the network and the cloud's metadata: apply packaging/host/{FILE}"
        ),
    )
}
