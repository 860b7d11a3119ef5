//! The harness of the end-to-end tests: starts a real node on a place of its own, speaks HTTP to it, stops it, and
//! compares the host before and after. What a node leaves behind fails the test that started it.
//!
//! Needs root, a built `capsule-agent` and a built store of runtimes; without one of them a test fails with a
//! sentence that says so, it never passes by skipping.
//!
//! One node runs at a time on a machine: the next [`Node::start`] waits until the last one is gone and compared.

mod each;
pub mod host;
pub mod http;
mod launch;
mod node;
mod options;
mod prerequisites;
pub mod processes;
pub mod program;
mod site;
pub mod wait;

pub use each::each;
pub use launch::{StartError, nodes_have_own_groups};
pub use node::Node;
pub use options::NodeOptions;
pub use prerequisites::{agent_binary, has_landlock, repository, require_root, store};
