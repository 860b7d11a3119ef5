//! Every unsafe operation of the crate, each wrapped into a safe function that returns `io::Result`.
//!
//! What the kernel offers and `nix` wraps already is used from there directly.
#![expect(
    unsafe_code,
    reason = "the one place where the crate talks to the kernel by hand"
)]

pub(crate) mod fd;
pub(crate) mod features;
pub(crate) mod loop_device;
pub(crate) mod mount;
pub(crate) mod net;
pub(crate) mod process;
pub(crate) mod socket;

pub use fd::inherited;
pub use process::{Forked, fork, signal};
pub use socket::{receive_with_fds, send_with_fds};
