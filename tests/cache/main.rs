//! The cache of what compile stages came to: what is taken from it is what compiling would have given, and nothing else ever is.
//!
//! Whether a job compiled is told by programs that carry something of their compilation with them (a time, a random number), and
//! by the counts in its metrics.

mod counted;
mod gcc;
mod limits;
mod shell;
