//! Where packages come from.

use crate::config::defaults;
use crate::config::fault::{Conflict, Origin};
use crate::config::settings::Settings;
use crate::supply::{INDEXES_MAX, Proxies, Sources};
use packages::index::{Location, Trust};

/// Indexes and the keys that they have to be signed by, with the proxies of the environment.
pub(super) fn resolve(settings: &mut Settings, proxies: Proxies) -> Sources {
    let list = settings.joined("package_indexes", indexes);
    let one = settings.text("repo_url", |text| url(text).map(|url| vec![url]));
    let origin = |settings: &Settings, key| settings.raw(key).map(|setting| setting.origin.clone());
    let (list_at, one_at) = (
        origin(settings, "package_indexes"),
        origin(settings, "repo_url"),
    );
    let indexes = match (list_at, one_at) {
        (Some(list_at), Some(one_at)) if rank(&list_at) == rank(&one_at) && list != one => {
            settings.conflict("package_indexes", &["repo_url"], Conflict::TwoIndexes);
            list
        }
        // Whichever is said last, as with every key.
        (Some(list_at), Some(one_at)) if rank(&list_at) > rank(&one_at) => list,
        _ => one.or(list),
    };
    Sources {
        indexes: indexes.unwrap_or_else(|| vec![defaults::PACKAGE_INDEX.to_owned()]),
        keys: settings.joined("package_keys", keys).unwrap_or_default(),
        proxies,
    }
}

/// Which source wins over which.
fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::Default => 0,
        Origin::File(..) => 1,
        Origin::Environment(_) => 2,
        Origin::Flag(_) => 3,
    }
}

fn indexes(text: &str) -> Option<Vec<String>> {
    let urls: Vec<String> = parts(text).map(url).collect::<Option<_>>()?;
    (urls.len() <= INDEXES_MAX).then_some(urls)
}

fn url(text: &str) -> Option<String> {
    Some(Location::parse(text).ok()?.to_string())
}

fn keys(text: &str) -> Option<Vec<String>> {
    Trust::new(parts(text)).ok()?;
    Some(parts(text).map(str::to_owned).collect())
}

/// The parts of a list, which is empty where nothing is written.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let written = Some(text).filter(|text| !text.is_empty());
    written
        .into_iter()
        .flat_map(|text| text.split(',').map(str::trim))
}
