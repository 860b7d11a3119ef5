//! Log lines of warden and front, on stderr. Nothing a user submitted or a program wrote is ever in one.

use crate::config::LogFormat;
use tracing::level_filters::LevelFilter;

/// Starts logging. Once per process.
pub(crate) fn start(level: LevelFilter, format: LogFormat) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false);
    match format {
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Json => lines.json().init(),
    }
}
