//! What goes wrong around a node: processes that are killed, disks that are full, clients that stall, limits that are
//! too small. Every test ends with the harness comparing the whole host before and after.

mod builders;
mod clients;
mod configuration;
mod connection;
mod disk;
mod drain;
mod exhaustion;
mod fetcher;
mod front;
mod idle;
mod images;
mod inits;
mod integrity;
mod job;
mod load;
mod many;
mod memory;
mod packages;
mod queue;
mod second;
mod sockets;
mod stderr;
mod stopped;
mod takeover;
mod warden;
