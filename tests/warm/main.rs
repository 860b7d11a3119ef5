//! Programs that are started ahead of their jobs (docs/architecture.md, "Warm starts") beside the same programs started cold: a
//! job must not be able to tell which one it is, nor to meet anything of another one.
//!
//! [`corpus`] holds the programs, [`allowed`] is what may differ, [`equal`] runs each both ways. The other files are about what
//! comes from outside while a program waits.

mod allowed;
mod answers;
mod corpus;
mod damage;
mod equal;
mod jails;
mod kept;
mod waiting;
