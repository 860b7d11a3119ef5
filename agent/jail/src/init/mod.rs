//! Pid 1 of a jail: makes the inside, then serves one job.
//!
//! Runs in the jail's namespaces, first as root without any byte of a job in reach, then, before the jail is
//! handed to anyone, as [`HostIds::init`](crate::proto::HostIds) with one capability over its own user namespace
//! and a seccomp filter of its own.

mod channels;
mod collect;
mod files;
mod holder;
mod identity;
mod reaper;
mod rootfs;
mod serve;
mod surroundings;

pub(crate) use channels::FIRST_FD;

use crate::proto::{Failure, FromBuilder, Stage, Step, ToBuilder};
use channels::{Builder, Inherited, Stdio};
use holder::Holder;
use nix::sys::prctl;
use serve::Service;
use std::os::unix::net::UnixStream;

/// Uid and gid of init inside the jail.
pub const INIT_ID: u32 = 999;
/// Uid and gid of the program inside the jail.
pub const PROGRAM_ID: u32 = 1000;
/// Where the submitted files are and the stages start.
pub const SUBMISSION: &str = "/box/submission";

/// The whole life of the process, which ends with the status that this returns. Its descriptors from [`FIRST_FD`] on are
/// those that [`host::build`](crate::host::build) placed there.
pub(crate) fn live() -> i32 {
    // It has the builder's name; one that can't be set is no reason to stop.
    prctl::set_name(c"capsule-init").ok();
    let ended_well = Inherited::take().is_ok_and(run);
    i32::from(!ended_well)
}

/// Whether it served its job to the end.
fn run(inherited: Inherited) -> bool {
    let Inherited {
        builder,
        control,
        stdio,
    } = inherited;
    let service = prepare(&builder, control, &stdio).and_then(|service| {
        builder.send(&ToBuilder::Ready)?;
        Ok(service)
    });
    match service {
        Ok(service) => {
            drop((builder, stdio));
            service.run().is_ok()
        }
        Err(failure) => {
            // The builder learns why; when even that fails, the closed channel says enough.
            builder.send(&ToBuilder::Failed(failure)).ok();
            false
        }
    }
}

/// Everything before the job, in the only order that is safe.
fn prepare(builder: &Builder, control: UnixStream, stdio: &[Stdio; 2]) -> Result<Service, Failure> {
    let FromBuilder::Setup(setup) = builder.receive()? else {
        return Err(protocol());
    };
    surroundings::check_and_name(&setup)?;
    rootfs::enter(&setup)?;
    identity::enter_user_namespace(builder)?;
    let mut holders = [
        Holder::spawn(Stage::Compile, builder, stdio)?,
        Holder::spawn(Stage::Run, builder, stdio)?,
    ];
    let FromBuilder::Attached = builder.receive()? else {
        return Err(protocol());
    };
    for holder in &mut holders {
        holder.prepare()?;
    }
    let service = Service::new(control, holders)?;
    identity::confine_init()?;
    Ok(service)
}

fn protocol() -> Failure {
    Failure {
        step: Step::Handshake,
        errno: libc::EPROTO,
    }
}
