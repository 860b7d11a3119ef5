//! One job: from a request's bytes to the answer.

pub(crate) mod error;
pub(crate) mod request;
