//! The node daemon.

mod limits;

fn main() {}
