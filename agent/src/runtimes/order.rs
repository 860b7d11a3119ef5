//! What the warden hands a helper: an order as JSON, on a descriptor.

use crate::config::LogFormat;
use crate::logging;
use jail::host::{Child, Urgency, start_helper};
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use tracing::level_filters::LevelFilter;

/// The helper's descriptors: its order, and where it may say why it failed.
const ORDER_FD: i32 = 3;
const FAILURE_FD: i32 = 4;

/// How a helper writes its log lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Log {
    level: String,
    format: LogFormat,
}

impl Log {
    pub(super) fn new(level: LevelFilter, format: LogFormat) -> Self {
        Self {
            level: level.to_string(),
            format,
        }
    }

    pub(super) fn start(&self) {
        let level = self.level.parse().unwrap_or(LevelFilter::INFO);
        logging::start(level, self.format);
    }
}

/// Starts a helper with an order.
pub(super) fn give(
    role: &str,
    urgency: Urgency,
    order: &impl Serialize,
    failure: Option<BorrowedFd<'_>>,
) -> io::Result<Child> {
    let mut file = File::from(memfd_create(c"order", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(&serde_json::to_vec(order)?)?;
    file.rewind()?;
    let fds: Vec<_> = [file.as_fd()].into_iter().chain(failure).collect();
    start_helper(role, urgency, &fds)
}

/// In the helper: its order.
pub(super) fn take<T: DeserializeOwned>() -> io::Result<T> {
    let mut text = String::new();
    File::from(jail::sys::inherited(ORDER_FD)?).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

/// In the helper: says why it failed, in one sentence for whoever started it.
pub(super) fn say_failure(sentence: &str) -> io::Result<()> {
    File::from(jail::sys::inherited(FAILURE_FD)?).write_all(sentence.as_bytes())
}
