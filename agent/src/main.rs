//! The node daemon.

mod catalog;
mod limits;

fn main() {}
