//! The sandbox: namespaces, cgroups, seccomp and the init that runs inside.

mod bytes;

pub use bytes::Bytes;
