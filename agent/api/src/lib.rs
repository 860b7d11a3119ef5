//! Wire types of the node's HTTP API: what travels as JSON between a node and whoever talks to it.
//!
//! The types say the form, not the rules: a node checks what it reads itself (a request that does not fit these
//! types still gets Piston's words as an answer), so these are for writing requests and reading answers. The order
//! of the fields is the order of the keys in the answer, which is Piston's.

mod execute;
mod listing;

pub use execute::{ExecuteRequest, ExecuteResponse, Limit, SourceFile, StageResult, Status};
pub use listing::{ErrorBody, PackageInfo, PackageName, RuntimeInfo};
