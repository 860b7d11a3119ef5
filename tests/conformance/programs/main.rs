//! Ordinary programs in every language, as people write them, against a node as it is deployed.

mod exits;
mod program;
mod signals;
mod suite;
mod worker;

#[test]
fn python() {
    suite::run("python", include_str!("data/python.toml"));
}

#[test]
fn javascript() {
    suite::run("javascript", include_str!("data/javascript.toml"));
}

#[test]
fn java() {
    suite::run("java", include_str!("data/java.toml"));
}

#[test]
fn c() {
    suite::run("c", include_str!("data/c.toml"));
}

#[test]
fn cpp() {
    suite::run("c++", include_str!("data/cpp.toml"));
}
