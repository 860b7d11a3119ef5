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
        assert_eq!(setting.judge(Some(*value)).state, State::Ok, "{setting:?}");
    }
    assert_eq!(applied.len(), SETTINGS.len(), "{applied:?}");
}

#[test]
fn an_open_setting_names_the_file_and_blocks_nothing() {
    let finding = SETTINGS[0].judge(Some(0));
    assert_eq!(finding.state, State::Missing);
    assert!(!finding.blocks);
    assert!(
        finding
            .consequence
            .contains("packaging/host/60-codecapsule.conf")
    );
    assert_eq!(SETTINGS[0].judge(None).state, State::Note);
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
    let listed = format!("oif != \"lo\" meta skuid {first}-{last} jump refused");
    assert_eq!(judge_table(&listed, &(first..=last)).state, State::Ok);
    assert_eq!(
        judge_table(&listed, &(first..=last + 1)).state,
        State::Missing
    );
    assert_eq!(judge_table("", &(first..=last)).state, State::Missing);
}
