//! How packages come to this node. A short-lived process for each step; what is root reads no index, no archive and nothing
//! that a package says of itself:
//!
//! - [`fetch`]: downloads indexes and archives, as an account without rights; network code is nowhere else.
//! - [`unpack`]: compares an archive with the signed index, unpacks it and checks what is in it, as another one, without a network.
//! - [`install`]: is root, starts the two ([`steps`], [`worker`]), and makes what was unpacked a package. [`Supply`] is for whoever
//!   installs, removes or lists packages: the command line ([`cli`]), or the [`office`], which the warden starts for the routes.
//! - [`desk`]: takes the requests of clients from the front to an office.
//!
//! What fetcher and unpacker are told and answer is in [`order`], what desk and office say to each other in [`talk`].

pub(crate) mod cli;
mod desk;
mod error;
mod fetch;
mod install;
mod office;
mod order;
mod steps;
mod talk;
mod unpack;
mod wish;
mod worker;

pub(crate) use desk::Desk;
pub(crate) use error::SupplyError;
pub(crate) use fetch::main as fetch_main;
pub(crate) use install::{Listed, Stage, Supply};
pub(crate) use office::{OFFICE, Office, Outcome, office_main};
pub(crate) use order::{Proxies, Sources};
#[cfg(fuzzing)]
pub(crate) use talk::Request;
pub(crate) use talk::{Change, DeskError};
pub(crate) use unpack::{UNPACK, unpack_main};
pub(crate) use wish::Wish;

/// Command name of the process that downloads.
pub(crate) const FETCH: &str = "fetch-package";

/// The most indexes that one node has: each may have a warning in an answer of bounded length.
pub(crate) const INDEXES_MAX: usize = 6;
