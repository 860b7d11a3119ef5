//! Pid 1 of a jail: makes the inside, then serves one job.
//!
//! Runs in the jail's namespaces, first as root without any byte of a job in reach, then, before the jail is
//! handed to anyone, as [`HostIds::init`](crate::proto::HostIds) with one capability over its own user namespace
//! and a seccomp filter of its own.

mod channels;
mod files;
mod holder;
mod identity;
mod reaper;
mod rootfs;
mod serve;
mod surroundings;

pub use channels::FIRST_FD;

use crate::proto::{Failure, FromBuilder, Stage, Step, ToBuilder};
use channels::Inherited;
use holder::Holder;
use std::process::ExitCode;

/// Uid and gid of init inside the jail.
pub const INIT_ID: u32 = 999;
/// Uid and gid of the program inside the jail.
pub const PROGRAM_ID: u32 = 1000;
/// Where the submitted files are and the stages start.
pub const SUBMISSION: &str = "/box/submission";

/// Entry point of the process. Its descriptors from [`FIRST_FD`] on are those that
/// [`host::build`](crate::host::build) placed there.
#[must_use]
pub fn main() -> ExitCode {
    match Inherited::take() {
        Ok(inherited) => run(inherited),
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(inherited: Inherited) -> ExitCode {
    let holders = match prepare(&inherited) {
        Ok(holders) => holders,
        Err(failure) => {
            // The builder learns why; when even that fails, the closed channel says enough.
            return match inherited.builder.send(&ToBuilder::Failed(failure)) {
                Ok(()) | Err(_) => ExitCode::FAILURE,
            };
        }
    };
    let Inherited {
        builder,
        control,
        stdio,
    } = inherited;
    drop((builder, stdio));
    match serve::serve(control, holders) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Everything before the job, in the only order that is safe.
fn prepare(inherited: &Inherited) -> Result<[Holder; 2], Failure> {
    let builder = &inherited.builder;
    let FromBuilder::Setup(setup) = builder.receive()? else {
        return Err(protocol());
    };
    surroundings::check_and_name(&setup)?;
    rootfs::enter(&setup)?;
    identity::enter_user_namespace(builder)?;
    let mut holders = [
        Holder::spawn(Stage::Compile, inherited)?,
        Holder::spawn(Stage::Run, inherited)?,
    ];
    let FromBuilder::Attached = builder.receive()? else {
        return Err(protocol());
    };
    for holder in &mut holders {
        holder.prepare()?;
    }
    identity::confine_init()?;
    builder.send(&ToBuilder::Ready)?;
    Ok(holders)
}

fn protocol() -> Failure {
    Failure {
        step: Step::Handshake,
        errno: libc::EPROTO,
    }
}
