//! `pkg-info.json` and `.env`: what a package in Piston's format says of itself.

use crate::error::InfoFault;
use crate::overrides::LimitOverrides;
use nodejs_semver::Version;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Variables that a shell sets for itself; a cached environment may hold them, and Piston leaves them out.
const SHELL_OWN: [&str; 4] = ["PWD", "SHLVL", "_", "OLDPWD"];

/// A language by `pkg-info.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Name of the language.
    pub language: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// Limits that this language needs.
    pub limit_overrides: LimitOverrides,
}

/// `pkg-info.json` as written.
#[derive(Debug, Deserialize)]
struct RawInfo {
    language: String,
    version: String,
    #[serde(default)]
    build_platform: String,
    aliases: Option<Vec<String>>,
    provides: Option<Vec<RawProvided>>,
    limit_overrides: Option<BTreeMap<String, i64>>,
    #[serde(flatten)]
    other: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct RawProvided {
    language: String,
    aliases: Option<Vec<String>>,
    limit_overrides: Option<BTreeMap<String, i64>>,
    #[serde(flatten)]
    other: BTreeMap<String, serde_json::Value>,
}

/// `pkg-info.json`, checked.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) platform: String,
    pub(crate) provides: Vec<Described>,
    pub(crate) ignored_keys: Vec<String>,
}

impl Info {
    /// Reads the description of the package in the folder `name`/`version`.
    pub(crate) fn parse(text: &[u8], name: &str, version: &str) -> Result<Self, InfoFault> {
        let raw: RawInfo = serde_json::from_slice(text)?;
        if raw.language != name || raw.version != version {
            return Err(InfoFault::Folder {
                found: format!("{}/{}", raw.language, raw.version),
                folder: format!("{name}/{version}"),
            });
        }
        // Answers show the version as written, so it has to be written as it is meant.
        let version = full_version(&raw.version).ok_or(InfoFault::Version(raw.version))?;
        let mut ignored_keys: Vec<String> = raw.other.into_keys().collect();
        let provides = match raw.provides.filter(|languages| !languages.is_empty()) {
            None => vec![RawProvided {
                language: raw.language.clone(),
                aliases: raw.aliases,
                limit_overrides: raw.limit_overrides,
                other: BTreeMap::new(),
            }],
            Some(languages) => {
                // As in Piston, what stands beside `provides` is for none of its languages.
                ignored_keys.extend(raw.aliases.map(|_| "aliases".to_owned()));
                ignored_keys.extend(raw.limit_overrides.map(|_| "limit_overrides".to_owned()));
                ignored_keys.extend(languages.iter().flat_map(RawProvided::unknown_keys));
                languages
            }
        };
        ignored_keys.sort();
        Ok(Self {
            name: raw.language,
            version,
            platform: raw.build_platform,
            provides: provides
                .into_iter()
                .map(RawProvided::check)
                .collect::<Result<_, _>>()?,
            ignored_keys,
        })
    }
}

impl RawProvided {
    fn unknown_keys(&self) -> impl Iterator<Item = String> {
        self.other
            .keys()
            .map(|key| format!("provides.{}.{key}", self.language))
    }

    fn check(self) -> Result<Described, InfoFault> {
        let aliases = self.aliases.unwrap_or_default();
        if let Some(name) = aliases
            .iter()
            .chain([&self.language])
            .find(|name| !is_name(name))
        {
            return Err(InfoFault::Name(name.clone()));
        }
        let mut limit_overrides = LimitOverrides::default();
        for (key, value) in self.limit_overrides.unwrap_or_default() {
            limit_overrides
                .set(&key, value)
                .map_err(|source| InfoFault::Override {
                    language: self.language.clone(),
                    source,
                })?;
        }
        Ok(Described {
            language: self.language,
            aliases,
            limit_overrides,
        })
    }
}

/// The version that a text is in its usual spelling; `None` where it is none, or spelled otherwise.
pub(crate) fn full_version(text: &str) -> Option<Version> {
    Version::parse(text)
        .ok()
        .filter(|version| version.to_string() == text)
}

/// Names go into answers, log lines and an environment variable (`PISTON_LANGUAGE`).
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && !name.contains(char::is_control)
}

/// Reads `.env`: a `KEY=value` per line, split at the first `=`. The error is the number of the line that is none.
pub(crate) fn parse_env(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut env = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() {
            continue;
        }
        match line.split_once('=') {
            Some((key, value)) if !key.is_empty() && !line.contains('\0') => {
                if !SHELL_OWN.contains(&key) {
                    env.push((key.to_owned(), value.to_owned()));
                }
            }
            _ => return Err(index + 1),
        }
    }
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overrides::{Cap, OverrideFault};

    #[test]
    fn a_package_of_one_language() {
        let text = br#"{"language":"python","version":"3.11.0","build_platform":"docker-debian","author":"x",
            "aliases":["py"],"limit_overrides":{"run_memory_limit":1024}}"#;
        let info = Info::parse(text, "python", "3.11.0").unwrap();
        assert_eq!(info.platform, "docker-debian");
        assert_eq!(info.ignored_keys, ["author"]);
        assert_eq!(info.provides.len(), 1);
        assert_eq!(info.provides[0].aliases, ["py"]);
        assert_eq!(
            info.provides[0].limit_overrides.run_memory_limit,
            Some(Cap::At(1024))
        );
    }

    #[test]
    fn a_package_of_several() {
        let text = br#"{"language":"gcc","version":"12.2.0","limit_overrides":{"run_timeout":1},"provides":[
            {"language":"c","aliases":["gcc"]},
            {"language":"c++","limit_overrides":{"compile_timeout":20000},"colour":"red"}]}"#;
        let info = Info::parse(text, "gcc", "12.2.0").unwrap();
        assert_eq!(info.platform, "");
        assert_eq!(
            info.ignored_keys,
            ["limit_overrides", "provides.c++.colour"]
        );
        assert_eq!(info.provides[0].limit_overrides, LimitOverrides::default());
        assert!(info.provides[1].limit_overrides.compile_timeout.is_some());
        assert!(info.provides[1].aliases.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let parse = |text: &str| Info::parse(text.as_bytes(), "a", "1.0.0").unwrap_err();
        assert!(matches!(parse("{"), InfoFault::Json(_)));
        assert!(matches!(parse(r#"{"language":"a"}"#), InfoFault::Json(_)));
        assert!(matches!(
            parse(r#"{"language":"b","version":"1.0.0"}"#),
            InfoFault::Folder { .. }
        ));
        let empty = r#"{"language":"a","version":"1.0.0","aliases":[""]}"#;
        assert!(matches!(parse(empty), InfoFault::Name(name) if name.is_empty()));
        let unknown = r#"{"language":"a","version":"1.0.0","limit_overrides":{"runtime":5}}"#;
        assert!(matches!(
            parse(unknown),
            InfoFault::Override { source: OverrideFault::UnknownKey(key), .. } if key == "runtime"
        ));
        for version in ["v1.0.0", "1.0", "01.0.0", "1.0.0rc1", "latest"] {
            let text = format!(r#"{{"language":"a","version":"{version}"}}"#);
            assert!(
                matches!(
                    Info::parse(text.as_bytes(), "a", version),
                    Err(InfoFault::Version(_))
                ),
                "{version}"
            );
        }
    }

    #[test]
    fn environment_lines_are_split_once() {
        let env = parse_env(
            "PATH=/a:/b\nOPTS=-Da=b\n\nEMPTY=\nPWD=/x\nSHLVL=1\n_=/usr/bin/env\nOLDPWD=/\n",
        )
        .unwrap();
        let pairs: Vec<_> = env
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(pairs, [("PATH", "/a:/b"), ("OPTS", "-Da=b"), ("EMPTY", "")]);
        assert_eq!(parse_env("A=1\nnonsense\n"), Err(2));
        assert_eq!(parse_env("=1"), Err(1));
    }
}
