//! Hostile programs against a real node: each attack has a stated outcome, and the host is compared before and after.
//!
//! [`attacks`] is the table of those that one request can carry; the other files need more than that: several jobs at
//! once, a look from outside, a runtime of their own with a compile stage. [`incidents`] holds the map from published
//! break-outs to the tests.

mod arena;
mod attack;
mod attacks;
mod crowd;
mod disk;
mod incidents;
mod leaked;
mod probe;
mod requests;
mod staged;
mod sweep;

use attack::run;

#[test]
fn the_kernels_doors_are_closed() {
    run(attacks::KERNEL);
}

#[test]
fn nothing_of_the_host_is_in_reach() {
    run(attacks::REACH);
}

#[test]
fn memory_is_limited_by_every_road() {
    run(attacks::MEMORY);
}

#[test]
fn processes_are_limited_and_end() {
    run(attacks::PROCESSES);
}

#[test]
fn output_is_limited() {
    run(attacks::OUTPUT);
}

#[test]
fn compilers_read_nothing_of_the_host() {
    run(attacks::COMPILERS);
}
