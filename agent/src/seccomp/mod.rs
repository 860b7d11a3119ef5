//! `capsule-agent seccomp`: what the filters of a jail answer to a call, by which rule and why. It asks the very data that
//! the filters are compiled from, and nothing of the host.

mod names;
mod question;
mod render;

use clap::{Args, Subcommand, ValueEnum};
use jail::seccomp::{Subject, explain};
use question::{Question, QuestionError};
use std::io::{self, Write};

/// Flags of the subcommand.
#[derive(Clone, Debug, Args)]
pub(crate) struct SeccompFlags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Say what becomes of a system call, by which rule and why
    Explain(ExplainFlags),
    /// Print every rule, in the order of their numbers
    List(ListFlags),
}

/// What is asked.
#[derive(Clone, Debug, Args)]
struct ExplainFlags {
    /// The call, by name or number
    call: String,
    /// Its arguments in order: numbers, names as AF_ALG, several names as CLONE_VM|CLONE_NEWUSER; _ leaves one open
    #[arg(num_args = 0..=6, allow_negative_numbers = true)]
    args: Vec<String>,
    /// Who makes the call
    #[arg(long = "for", value_enum, default_value_t = For::Program)]
    subject: For,
    /// As which kind of call the kernel is asked
    #[arg(long, value_enum, default_value_t = Arch::X86_64)]
    arch: Arch,
}

/// Which rules.
#[derive(Clone, Debug, Args)]
struct ListFlags {
    /// Whose rules
    #[arg(long = "for", value_enum, default_value_t = For::Program)]
    subject: For,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum For {
    /// The submitted program
    Program,
    /// Pid 1 of a jail
    Init,
    /// The process that speaks HTTP
    Front,
    /// The process that downloads packages
    Fetcher,
    /// The process that unpacks packages
    Unpacker,
}

impl From<For> for Subject {
    fn from(subject: For) -> Self {
        match subject {
            For::Program => Self::Program,
            For::Init => Self::Init,
            For::Front => Self::Front,
            For::Fetcher => Self::Fetcher,
            For::Unpacker => Self::Unpacker,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arch {
    /// The machine's own
    #[value(name = "x86_64")]
    X86_64,
    /// Its 64-bit calls with 32-bit pointers
    X32,
    /// Its 32-bit calls (int 0x80)
    I386,
}

/// Answers to stdout.
///
/// # Errors
/// [`QuestionError`] when the call or an argument can't be understood.
pub(crate) fn run(flags: &SeccompFlags) -> Result<(), QuestionError> {
    let text = match &flags.command {
        Command::Explain(flags) => {
            let question = Question::parse(&flags.call, &flags.args, flags.arch)?;
            let subject = flags.subject.into();
            render::explanation(subject, &question, &explain(subject, &question.call))
        }
        Command::List(flags) => render::rules(flags.subject.into()),
    };
    // A reader that went away has seen enough.
    write!(io::stdout(), "{text}").ok();
    Ok(())
}

#[cfg(test)]
mod tests;
