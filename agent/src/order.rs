//! What a process of the node hands a helper or a builder that it starts: an order as JSON, on a descriptor, and a second
//! descriptor for what that one has to say (and hear, where it is a socket).

use crate::config::LogFormat;
use crate::logging;
use jail::host::{Child, Urgency, start_helper};
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use tracing::level_filters::LevelFilter;

/// The helper's descriptors: its order, and where it may say something: why it failed, or what it was asked.
const ORDER_FD: i32 = 3;
const SAY_FD: i32 = 4;

/// How a helper writes its log lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Log {
    level: String,
    format: LogFormat,
}

impl Log {
    pub(crate) fn new(level: LevelFilter, format: LogFormat) -> Self {
        Self {
            level: level.to_string(),
            format,
        }
    }

    pub(crate) fn start(&self) {
        let level = self.level.parse().unwrap_or(LevelFilter::INFO);
        logging::start(level, self.format);
    }
}

/// Starts a helper with an order.
pub(crate) fn give(
    role: &str,
    urgency: Urgency,
    order: &impl Serialize,
    say: Option<BorrowedFd<'_>>,
) -> io::Result<Child> {
    let file = in_memory(&serde_json::to_vec(order)?)?;
    let fds: Vec<_> = [file.as_fd()].into_iter().chain(say).collect();
    start_helper(role, urgency, &fds)
}

/// Text for another process as a file of which the other one reads all: unlike a pipe it holds any length.
pub(crate) fn in_memory(text: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"order", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text)?;
    file.rewind()?;
    Ok(file)
}

/// In the helper: its order.
pub(crate) fn take<T: DeserializeOwned>() -> io::Result<T> {
    let mut text = String::new();
    File::from(jail::sys::inherited(ORDER_FD)?).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

/// In the helper: where it may say something. Once.
pub(crate) fn listener() -> io::Result<File> {
    Ok(jail::sys::inherited(SAY_FD)?.into())
}

/// In the helper: says why it failed, in one sentence for whoever started it.
pub(crate) fn say_failure(sentence: &str) -> io::Result<()> {
    listener()?.write_all(sentence.as_bytes())
}
