//! The node daemon.

mod catalog;
mod config;
mod limits;

fn main() {}
