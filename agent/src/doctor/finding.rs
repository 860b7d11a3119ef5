//! One thing that was looked at, and what it means.

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// Not there.
    Missing,
    /// Worth knowing.
    Note,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) name: String,
    /// How it is.
    pub(crate) state: State,
    /// Whether no node can run for it.
    pub(crate) blocks: bool,
    /// What was seen.
    pub(crate) detail: String,
    /// What follows; empty where all is well.
    pub(crate) consequence: String,
}

impl Finding {
    /// All is well.
    pub(crate) fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, State::Ok, detail, "")
    }

    /// Worth knowing, and why.
    pub(crate) fn note(
        name: impl Into<String>,
        detail: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Self {
        Self::new(name, State::Note, detail, consequence)
    }

    /// Missing; a node runs without it.
    pub(crate) fn missing(
        name: impl Into<String>,
        detail: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Self {
        Self::new(name, State::Missing, detail, consequence)
    }

    /// Missing; no node runs without it.
    pub(crate) fn blocking(
        name: impl Into<String>,
        detail: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Self {
        Self {
            blocks: true,
            ..Self::missing(name, detail, consequence)
        }
    }

    fn new(
        name: impl Into<String>,
        state: State,
        detail: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            state,
            blocks: false,
            detail: detail.into(),
            consequence: consequence.into(),
        }
    }
}

/// An error with all its causes on one line.
pub(super) fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.replace('\n', "; ")
}
