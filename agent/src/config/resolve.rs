//! From the merged layers to a configuration that holds together.

mod capacity;
mod limits;
mod sources;

use super::fault::{ConfigFaults, Origin, Problem};
use super::layer::Layer;
use super::settings::Settings;
use super::{
    Address, Config, HostFacts, ImagePolicy, LogFormat, Runtimes, Socket, address, defaults,
    overrides, version_map,
};
use crate::supply::Proxies;
use tracing::level_filters::LevelFilter;

/// Checks every value, and that they hold together on a host like `host`.
pub(super) fn resolve(
    layer: Layer,
    host: HostFacts,
    proxies: Proxies,
) -> Result<Config, ConfigFaults> {
    let mut settings = Settings::new(layer);
    networking(&mut settings);
    let limits = limits::general(&mut settings);
    let limit_overrides = overrides::resolve(&mut settings);
    let node = limits::node(&mut settings, host, &limits, &limit_overrides);
    let longest = limits::longest_job(&limits, &limit_overrides, node.job_time_ceiling);
    let admission = capacity::admission(&mut settings, host, longest);
    let jails = capacity::jails(&mut settings, host, admission.max_concurrent_jobs);
    let config = Config {
        bind_address: settings
            .joined("bind_address", address::list)
            .unwrap_or_else(|| vec![Address::Tcp(defaults::BIND_ADDRESS)]),
        socket: socket(&mut settings),
        data_directory: settings
            .path("data_directory")
            .unwrap_or_else(|| defaults::DATA_DIRECTORY.into()),
        state_directory: settings
            .path("state_directory")
            .unwrap_or_else(|| defaults::STATE_DIRECTORY.into()),
        runtimes: runtimes(&mut settings),
        admin_token_file: settings.path("admin_token_file"),
        trust_local_clients: settings
            .flag("trust_local_clients")
            .unwrap_or(defaults::TRUST_LOCAL_CLIENTS),
        user: settings
            .text("user", account)
            .unwrap_or_else(|| defaults::USER.to_owned()),
        cgroup: settings
            .text("cgroup", cgroup_name)
            .unwrap_or_else(|| defaults::CGROUP.to_owned()),
        sources: sources::resolve(&mut settings, proxies),
        log_level: settings
            .text("log_level", level)
            .unwrap_or(defaults::LOG_LEVEL),
        log_format: settings
            .text("log_format", log_format)
            .unwrap_or(defaults::LOG_FORMAT),
        limits,
        limit_overrides,
        version_map: version_map::resolve(&mut settings),
        node,
        admission,
        jails,
    };
    settings.finish(config)
}

fn runtimes(settings: &mut Settings) -> Runtimes {
    let interval = settings.interval("verify_interval");
    let images = settings
        .text("runtime_images", image_policy)
        .unwrap_or(defaults::RUNTIME_IMAGES);
    Runtimes {
        images,
        // Without a seal there is nothing to compare with.
        verify_interval: interval
            .unwrap_or(Some(defaults::VERIFY_INTERVAL))
            .filter(|_| images != ImagePolicy::Off),
    }
}

fn image_policy(text: &str) -> Option<ImagePolicy> {
    match text {
        "auto" => Some(ImagePolicy::Auto),
        "require" => Some(ImagePolicy::Require),
        "off" => Some(ImagePolicy::Off),
        _ => None,
    }
}

/// Piston can give programs a network. Nobody may believe that this node does.
fn networking(settings: &mut Settings) {
    let disabled = settings.flag("disable_networking");
    if disabled == Some(false) {
        let origin = settings
            .raw("disable_networking")
            .map_or(Origin::Default, |setting| setting.origin.clone());
        settings.fault("disable_networking".to_owned(), origin, Problem::Networking);
    }
}

fn socket(settings: &mut Settings) -> Socket {
    let (user, group) = settings.text("socket_owner", owner).unwrap_or_else(|| {
        (
            defaults::SOCKET_OWNER.0.to_owned(),
            defaults::SOCKET_OWNER.1.to_owned(),
        )
    });
    Socket {
        mode: settings
            .text("socket_mode", mode)
            .unwrap_or(defaults::SOCKET_MODE),
        user,
        group,
    }
}

/// Three octal digits, or four of which the first is 0.
fn mode(text: &str) -> Option<u32> {
    let octal = text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let mode = u32::from_str_radix(text, 8).ok()?;
    (octal && (3..=4).contains(&text.len()) && mode <= 0o777).then_some(mode)
}

/// `ACCOUNT:GROUP`.
fn owner(text: &str) -> Option<(String, String)> {
    let (user, group) = text.split_once(':')?;
    (is_name(user) && is_name(group)).then(|| (user.to_owned(), group.to_owned()))
}

/// Root is refused: the front reads what strangers send.
fn account(text: &str) -> Option<String> {
    (is_name(text) && text != "root" && text != "0").then(|| text.to_owned())
}

/// Of an account or a group.
fn is_name(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 32 && text.chars().all(letters)
}

/// One path component that can't be `.` or `..` or look like one of the kernel's own files (`cpu.max`).
fn cgroup_name(text: &str) -> Option<String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!text.is_empty() && text.len() <= 64 && text.chars().all(letters)).then(|| text.to_owned())
}

/// Piston's names, and TRACE.
fn level(text: &str) -> Option<LevelFilter> {
    match text.to_ascii_uppercase().as_str() {
        "NONE" => Some(LevelFilter::OFF),
        "ERROR" => Some(LevelFilter::ERROR),
        "WARN" => Some(LevelFilter::WARN),
        "INFO" => Some(LevelFilter::INFO),
        "DEBUG" => Some(LevelFilter::DEBUG),
        "TRACE" => Some(LevelFilter::TRACE),
        _ => None,
    }
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}
