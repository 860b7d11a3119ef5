//! What the processes that bring packages are told and what they answer: JSON, one line each, on stdin and stdout.
//!
//! Who is told believes its order, which root wrote. Who told believes an answer as far as it checks it: a process that met
//! the network may say anything.

use packages::sealed::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest order, in bytes.
pub(crate) const ORDER_MAX: u64 = 64 << 10;

/// The longest answer of one line but a list, in bytes.
pub(crate) const ANSWER_MAX: usize = 4 << 10;

/// The longest list, in bytes.
pub(crate) const LIST_MAX: usize = 2 << 20;

/// The longest sentence about a failure, in bytes. What it is to do comes first in it.
pub(crate) const SENTENCE_MAX: usize = 1000;

/// The longest warning, in bytes: with one for each index and every character escaped they fit into an answer.
pub(crate) const WARNING_MAX: usize = 250;

/// Where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sources {
    /// URLs of indexes. The highest version of all counts, and of equal ones the first index's.
    pub(crate) indexes: Vec<String>,
    /// Public keys of minisign, the base64 line of each. With one, every index has to be signed by one of them.
    pub(crate) keys: Vec<String>,
    /// What leads to servers.
    pub(crate) proxies: Proxies,
}

/// Proxies, as the usual variables name them. Passwords may be in them: they are not printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxies {
    /// `HTTPS_PROXY`: the way to https servers.
    pub(crate) https: Option<String>,
    /// `HTTP_PROXY`: the way to http servers.
    pub(crate) http: Option<String>,
    /// `NO_PROXY`: hosts, with commas between them, that are reached without.
    pub(crate) none: Option<String>,
}

impl Proxies {
    /// Those of an environment. Small letters do as well; capital ones count where there are both, and empty ones are none.
    pub(crate) fn from_environment(env: &[(String, String)]) -> Self {
        let find = |name: &str| {
            let is_set = |wanted: &str| {
                let found = env.iter().find(|(name, _)| name == wanted);
                found
                    .map(|(_, value)| value.trim())
                    .filter(|v| !v.is_empty())
            };
            is_set(name)
                .or_else(|| is_set(&name.to_lowercase()))
                .map(str::to_owned)
        };
        Self {
            https: find("HTTPS_PROXY"),
            http: find("HTTP_PROXY"),
            none: find("NO_PROXY"),
        }
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("https", &self.https.is_some())
            .field("http", &self.http.is_some())
            .field("none", &self.none)
            .finish()
    }
}

/// Who a process is to be, and what it is to do. One that is started as root becomes that account before anything else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order<T> {
    /// A uid that no other living process has. Never 0.
    pub(crate) uid: u32,
    /// A gid of its own. Never 0.
    pub(crate) gid: u32,
    /// What it is to do.
    pub(crate) wish: T,
}

/// What the fetcher is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum FetchOrder {
    /// List everything that the indexes offer.
    List {
        /// Where from.
        sources: Sources,
    },
    /// Download the archive of the highest version that matches to descriptor 3, which may hold a part of it, and leave the
    /// index that names it, with its signature, in descriptor 4 (`packages::index::Fetched`).
    Download {
        /// Where from.
        sources: Sources,
        /// Of the package.
        name: String,
        /// Of its version, as node-semver reads it.
        selector: String,
    },
}

impl FetchOrder {
    /// Where from.
    pub(crate) fn sources(&self) -> &Sources {
        match self {
            Self::List { sources } | Self::Download { sources, .. } => sources,
        }
    }
}

/// A line of the fetcher's: any number of progress, then one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FetchLine {
    /// How far it is, ten times a second at most.
    #[serde(rename = "progress")]
    Progress(Progress),
    /// What came of it.
    #[serde(untagged)]
    Answer(FetchAnswer),
}

/// How much of an archive is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Bytes that are there, with those that were there before.
    pub(crate) done: u64,
    /// Bytes that there are to be by what the server says, if it says so.
    pub(crate) of: Option<u64>,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FetchAnswer {
    /// What there is.
    Listed {
        /// In the order of the indexes, each package once.
        offers: Vec<Offer>,
        /// How many of them, from the first, are of indexes before one that can't be read: no other can be fetched.
        sure: usize,
        /// In one sentence, what can't be read.
        unread: Option<String>,
        /// What is wrong with indexes, a sentence each.
        warnings: Vec<String>,
    },
    /// The archive is there. Who unpacks it believes the signed index and none of this.
    Downloaded {
        /// Of the package.
        name: String,
        /// Of the package.
        version: String,
        /// The archive's digest by the index, which it has.
        sha256: String,
        /// What is wrong with indexes, a sentence each.
        warnings: Vec<String>,
    },
    /// Nothing came of it.
    Failed(FetchFailure),
}

/// A package that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
}

/// Why nothing came of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FetchFailure {
    /// What kind of reason.
    pub(crate) kind: FailureKind,
    /// The reason and what to do: one line of printable ASCII, [`SENTENCE_MAX`] bytes at most.
    pub(crate) sentence: String,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FailureKind {
    /// Every index was read, and none has it. What Piston answers to a package that does not exist.
    NotFound,
    /// A server or file can't be read, and without it nothing can be said.
    Unreachable,
    /// An index is not signed by a configured key.
    Signature,
    /// What should be an index is none.
    Index,
    /// The archive is another one than the index speaks of.
    Checksum {
        /// What the index says.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// An index or archive is longer than any may be.
    TooLong,
    /// Something of this machine: its disk, its proxies, its rights.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(env: &[(&str, &str)]) -> Proxies {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Proxies::from_environment(&env.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn proxies_are_read_as_other_programs_read_them() {
        let both = environment(&[
            ("https_proxy", "http://small:1"),
            ("HTTPS_PROXY", "http://capital:1"),
            ("http_proxy", "http://plain:1"),
            ("HTTP_PROXY", " "),
            ("NO_PROXY", "a,b"),
        ]);
        assert_eq!(both.https.as_deref(), Some("http://capital:1"));
        assert_eq!(both.http.as_deref(), Some("http://plain:1"));
        assert_eq!(both.none.as_deref(), Some("a,b"));
        assert_eq!(environment(&[("PATH", "/bin")]), Proxies::default());
    }

    #[test]
    fn passwords_are_not_printed() {
        let proxies = environment(&[("HTTPS_PROXY", "http://me:secret@proxy:1")]);
        assert!(!format!("{proxies:?}").contains("secret"));
    }

    #[test]
    fn lines_have_the_agreed_form() {
        let text = |line: &FetchLine| serde_json::to_string(line).unwrap();
        let progress = FetchLine::Progress(Progress { done: 5, of: None });
        assert_eq!(text(&progress), r#"{"progress":{"done":5,"of":null}}"#);
        let failed = FetchLine::Answer(FetchAnswer::Failed(FetchFailure {
            kind: FailureKind::NotFound,
            sentence: "no".to_owned(),
        }));
        assert_eq!(
            text(&failed),
            r#"{"Failed":{"kind":"NotFound","sentence":"no"}}"#
        );
        for line in [progress, failed] {
            assert_eq!(
                serde_json::from_str::<FetchLine>(&text(&line)).unwrap(),
                line
            );
        }
        assert!(serde_json::from_str::<FetchLine>(r#"{"progress":{}}"#).is_err());
    }

    #[test]
    fn an_order_with_something_unknown_is_refused() {
        let text = r#"{"uid":1,"gid":1,"wish":{"List":{"sources":{"indexes":[],"keys":[],"proxies":{"https":null,"http":null,"none":null}}}}}"#;
        let order: Order<FetchOrder> = serde_json::from_str(text).unwrap();
        assert_eq!(order.wish.sources(), &Sources::default());
        let more = text.replace("\"keys\"", "\"insecure\":true,\"keys\"");
        assert!(serde_json::from_str::<Order<FetchOrder>>(&more).is_err());
    }
}
