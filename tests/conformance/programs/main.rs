//! Ordinary programs in every language, as people write them, against a node as it is deployed.

mod exits;
mod packages;
mod signals;
mod suite;
mod versions;
mod worker;

#[test]
fn python() {
    suite::run("python");
}

#[test]
fn javascript() {
    suite::run("javascript");
}

#[test]
fn java() {
    suite::run("java");
}

#[test]
fn c() {
    suite::run("c");
}

#[test]
fn cpp() {
    suite::run("c++");
}
