use super::super::finding::State;
use super::*;
use crate::config::{Config, Flags, HostFacts};

const SYSCTL: &str = include_str!("../../../../packaging/host/60-codecapsule.conf");
const MODPROBE: &str = include_str!("../../../../packaging/host/codecapsule.conf");
const NFT: &str = include_str!("../../../../packaging/host/codecapsule.nft");

/// Keys and values of the file that operators apply.
fn applied() -> Vec<(&'static str, i64)> {
    let lines = SYSCTL.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| {
            let key = key.trim().trim_start_matches('-');
            (key, value.trim().parse().expect("values are numbers"))
        })
        .collect()
}

#[test]
fn the_file_of_settings_closes_each_and_no_other() {
    let applied = applied();
    for setting in SETTINGS {
        let (_, value) = applied
            .iter()
            .find(|(key, _)| *key == setting.key)
            .unwrap_or_else(|| panic!("{} is not in the file", setting.key));
        assert_eq!(
            setting.judge(Some(*value), || true).state,
            State::Ok,
            "{setting:?}"
        );
    }
    assert_eq!(applied.len(), SETTINGS.len(), "{applied:?}");
}

#[test]
fn an_open_setting_names_the_file_and_blocks_nothing() {
    let finding = SETTINGS[0].judge(Some(0), || true);
    assert_eq!(finding.state, State::Missing);
    assert!(!finding.blocks);
    assert!(
        finding
            .consequence
            .contains("packaging/host/60-codecapsule.conf")
    );
}

#[test]
fn a_kernel_without_a_switch_is_open_where_it_has_the_thing() {
    let judge = |key: &str, has_io_uring| {
        let setting = SETTINGS.iter().find(|setting| setting.key == key).unwrap();
        setting.judge(None, || has_io_uring)
    };
    let open = judge("kernel.io_uring_disabled", true);
    assert_eq!(open.state, State::Missing);
    assert!(open.consequence.contains("no switch"), "{open:?}");
    assert_eq!(judge("kernel.io_uring_disabled", false).state, State::Note);
    assert_eq!(
        judge("kernel.yama.ptrace_scope", false).state,
        State::Missing
    );
    assert_eq!(judge("net.core.bpf_jit_harden", true).state, State::Note);
}

#[test]
fn a_file_of_modules_is_masked_by_one_of_its_name_in_an_earlier_folder() {
    let (etc, usr) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |folder: &tempfile::TempDir, name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
    };
    write(&etc, "a.conf", "");
    write(&usr, "a.conf", "install esp4 /bin/false\n");
    write(&usr, "b.conf", "install esp6 /bin/false\n");
    write(&usr, "c.txt", "install ah4 /bin/false\n");
    let refused = refused_in(&[etc.path(), usr.path()]);
    assert_eq!(refused, BTreeSet::from(["esp6".to_owned()]));
}

#[test]
fn the_file_of_modules_refuses_each_and_no_other() {
    let members = FAMILIES.iter().flat_map(|(_, members)| *members);
    let wanted: BTreeSet<String> = members.map(|member| (*member).to_owned()).collect();
    assert_eq!(refusals(MODPROBE), wanted);
}

#[test]
fn modules_are_refused_only_by_an_install_line() {
    let offered = files(
        "kernel/net/ipv4/esp4.ko.xz: kernel/net/xfrm/xfrm_algo.ko.xz\nkernel/net/key/af_key.ko:\n",
    );
    let judge = |refused: &str, present: &str| {
        let modules = Modules {
            refused: refusals(refused),
            present: first_words(present),
            offered: offered.clone(),
        };
        modules.judge("ipsec modules", &["esp4", "af_key", "xfrm_user"])
    };
    let open = judge("install esp4 /bin/false\nblacklist af_key\n", "");
    assert_eq!(open.state, State::Missing);
    assert_eq!(open.detail, "af_key can be loaded");
    let both = "install esp4 /bin/false\ninstall af-key /bin/true\n";
    assert_eq!(judge(both, "").state, State::Ok);
    let loaded = judge(both, "esp4 28672 0 - Live 0x0\n");
    assert_eq!(loaded.detail, "esp4 in the kernel");
    assert_eq!(
        Modules::default().judge("x", &["esp4"]).detail,
        "none that can be loaded"
    );
}

#[test]
fn the_packet_filter_is_about_the_default_range() {
    let host = HostFacts {
        cores: 2,
        memory: jail::Bytes::mib(8192),
    };
    let nothing = std::iter::empty::<(String, String)>();
    let config = Config::load(&Flags::default(), nothing, |_| Ok(String::new()), host).unwrap();
    let (first, last) = (*config.jails.ids.start(), *config.jails.ids.end());
    assert!(NFT.contains(&format!("define jobs = {first}-{last}\n")));
    let loaded = |change: fn(&str) -> String| change(LISTED).into_bytes();
    let state = |listed: &[u8], ids: &RangeInclusive<u32>| packets::judge(listed, ids).state;
    let ids = first..=last;
    assert_eq!(state(&loaded(str::to_owned), &ids), State::Ok);
    assert_eq!(
        state(&loaded(str::to_owned), &(first..=last + 1)),
        State::Missing
    );
    assert_eq!(state(b"", &ids), State::Missing);
    // One that only counts, one that sees nothing, one that sees other packets, one that drops some only.
    for weak in [
        loaded(|text| text.replace(r#"{"drop": null}"#, r#"{"accept": null}"#)),
        loaded(|text| text.replace(r#""type": "filter", "hook": "output", "#, "")),
        loaded(|text| text.replace(r#""hook": "output""#, r#""hook": "input""#)),
        loaded(|text| text.replace(r#""oif"}}, "right": "lo""#, r#""oif"}}, "right": "eth0""#)),
        loaded(|text| {
            text.replace(
                r#"{"counter": "to_network"}, {"drop": null}"#,
                r#"{"counter": "to_network"}"#,
            )
        }),
    ] {
        assert_eq!(state(&weak, &ids), State::Missing);
    }
}

/// What `nft --json list table inet codecapsule` prints of the file, its counters and sets left out.
const LISTED: &str = r#"{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "codecapsule", "handle": 2}},
{"chain": {"family": "inet", "table": "codecapsule", "name": "output", "handle": 1, "type": "filter", "hook": "output", "prio": 0, "policy": "accept"}},
{"chain": {"family": "inet", "table": "codecapsule", "name": "refused", "handle": 2}},
{"rule": {"family": "inet", "table": "codecapsule", "chain": "output", "handle": 5, "expr": [{"match": {"op": "!=", "left": {"meta": {"key": "oif"}}, "right": "lo"}}, {"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": {"range": [2100000000, 2100065535]}}}, {"jump": {"target": "refused"}}]}},
{"rule": {"family": "inet", "table": "codecapsule", "chain": "refused", "handle": 7, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "169.254.169.254"}}, {"counter": "to_metadata"}, {"drop": null}]}},
{"rule": {"family": "inet", "table": "codecapsule", "chain": "refused", "handle": 10, "expr": [{"counter": "to_network"}, {"drop": null}]}}]}"#;
