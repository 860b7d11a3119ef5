//! How packages come to a node and leave it.

mod desk;
mod office;
mod talk;

pub(crate) use desk::Desk;
pub(crate) use office::{Office, Outcome, office_main};
pub(crate) use talk::{Change, SupplyError};

/// Command name of the process that lists and changes packages.
pub(crate) const OFFICE: &str = "change-packages";
