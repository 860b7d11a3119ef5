//! The sandbox: namespaces, cgroups, seccomp and the init that runs inside.
//!
//! # Theory of operation
//!
//! The processes of one jail, who they are and what joins them:
//!
//! ```text
//!  warden (root)            makes and destroys jails, owns their cgroups
//!    └─ builder (root)      makes one jail after the other                     host/
//!  warden
//!    └─ init                pid 1 of the jail, uid `HostIds::init`, one capability set of its own
//!         ├─ compile holder waits in the compile stage's cgroup, becomes the compiler    init/holder
//!         └─ run holder     waits in the run stage's cgroup, becomes the program
//! ```
//!
//! - builder ⇄ init: the setup channel, closed when the jail is ready.
//! - front ⇄ init: the control channel; its other end is handed to whoever leases the jail.
//! - init ⇄ holder: one stage channel each, closed by exec.
//! - front ⇄ program: three pipes per stage, owned by the program's uid.
//!
//! Init is a copy of its builder, which is the agent's own binary, executed anew: no memory of the daemon is in the jail.
//! Init makes the mounts with real privilege, then enters the user namespace, then drops what it does not need:
//! nothing inside owns the mounts. Holders exist because moving a process into a cgroup waits for an RCU grace
//! period (about 10 ms on an idle machine): they are moved ahead of the job. A holder keeps init's uid until its
//! go, so that compile-time code can't touch the run holder.
//!
//! `host/` runs outside, `init/` inside; `sys/` is the only place with unsafe code.

mod bytes;
pub mod cgroup;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod host;
pub mod init;
pub mod landlock;
pub mod probe;
pub mod proto;
pub mod seccomp;
pub mod sys;

pub use bytes::Bytes;
