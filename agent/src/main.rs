//! The node daemon.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "called once the node is put together")
)]
mod catalog;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "called once the node is put together")
)]
mod config;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "called once the node is put together"
    )
)]
mod http;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "called once the node is put together")
)]
mod job;
mod limits;

fn main() {}
