//! Packages on their way to a node: the real command line against a server of the test's own, that serves well or badly,
//! while jobs run, while it is killed, while the disk is full. Every test ends with a look at what is left.

mod bundle;
mod crash;
mod desk;
mod disk;
mod hostile;
mod jails;
mod killed;
mod live;
mod many;
mod piston;
mod proxy;
mod repository;
mod rights;
mod rivals;
mod routes;
mod server;
mod servers;
mod terminal;
