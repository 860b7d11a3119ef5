//! The bare side of `bench`: the very programs of the store's packages, outside any jail.
//!
//! Packages are made for one path. So a process of ours, this program executed anew, makes a mount namespace of its own
//! in which the store is where programs look for it (`view`), and starts from there what it is told to (`server`).
//! It is a small process with nothing else to do: what its children use is what getrusage(2) says, and forking costs it
//! next to nothing.

mod protocol;
mod server;
mod view;

pub(crate) use protocol::{Looped, Program, Ran};
pub(crate) use server::serve;

use crate::error::BenchError;
use protocol::{Answer, Order};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The process with the view. It ends with its owner.
#[derive(Debug)]
pub(crate) struct Outside {
    child: Child,
    /// `None` once it was told to end.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Outside {
    /// Starts it on this store, and waits until the view is made. Needs root.
    pub(crate) fn start(store: &Path) -> Result<Self, BenchError> {
        let this = std::env::current_exe().map_err(BenchError::Helper)?;
        let mut child = Command::new(this)
            .arg("outside")
            .arg("--store")
            .arg(store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BenchError::Helper)?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(BenchError::HelperEnded);
        };
        let mut outside = Self {
            child,
            orders: Some(orders),
            answers: BufReader::new(answers),
        };
        match outside.answer()? {
            Answer::Ready => Ok(outside),
            other => Err(unexpected(&other)),
        }
    }

    /// Runs it once.
    pub(crate) fn run(&mut self, program: &Program) -> Result<Ran, BenchError> {
        match self.ask(&Order::Run(program.clone()))? {
            Answer::Ran(ran) => Ok(ran),
            other => Err(unexpected(&other)),
        }
    }

    /// Starts it again and again for so long, in so many threads.
    pub(crate) fn repeat(
        &mut self,
        program: &Program,
        threads: usize,
        time: Duration,
    ) -> Result<Looped, BenchError> {
        let order = Order::Loop {
            program: program.clone(),
            threads,
            time,
        };
        match self.ask(&order)? {
            Answer::Looped(looped) => Ok(looped),
            other => Err(unexpected(&other)),
        }
    }

    fn ask(&mut self, order: &Order) -> Result<Answer, BenchError> {
        let mut line = serde_json::to_vec(order).expect("an order has string keys only");
        line.push(b'\n');
        let pipe = self.orders.as_mut().ok_or(BenchError::HelperEnded)?;
        pipe.write_all(&line).map_err(BenchError::Helper)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer, BenchError> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        if read.map_err(BenchError::Helper)? == 0 {
            return Err(BenchError::HelperEnded);
        }
        serde_json::from_str(&line).map_err(|_| BenchError::HelperEnded)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // At the end of its orders it ends, and with it the view.
        drop(self.orders.take());
        drop(self.child.wait());
    }
}

fn unexpected(answer: &Answer) -> BenchError {
    match answer {
        Answer::Failed(why) => BenchError::Bare(why.clone()),
        _ => BenchError::HelperEnded,
    }
}
