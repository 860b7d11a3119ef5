//! The program: see the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    capsule_agent::main()
}
