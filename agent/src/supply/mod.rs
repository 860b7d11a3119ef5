//! How packages come to this node. A short-lived process for each step, none of which is root and reads what anybody may
//! have made:
//!
//! - [`fetch`]: downloads indexes and archives, as an account without rights; network code is nowhere else.
//!
//! What they are told and answer is in [`order`].

mod fetch;
mod order;

pub(crate) use fetch::main as fetch_main;
pub(crate) use order::{Proxies, Sources};

/// Command name of the process that downloads.
pub(crate) const FETCH: &str = "fetch-package";

/// The most indexes that one node has: each may have a warning in an answer of bounded length.
pub(crate) const INDEXES_MAX: usize = 6;
