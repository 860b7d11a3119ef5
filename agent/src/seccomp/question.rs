//! A call as people write it.

use super::{Arch, names};
use jail::seccomp::{Call, NATIVE, X32_BIT, calls};
use packages::nearest;
use thiserror::Error;

/// `AUDIT_ARCH_I386` of <linux/audit.h>.
const I386: u32 = 0x4000_0003;

/// What can't be understood.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum QuestionError {
    #[error(
        "no system call is named {name}{}: give a name of x86-64 Linux or a number",
        offer(alike)
    )]
    UnknownCall {
        name: String,
        alike: Option<&'static str>,
    },
    #[error(
        "the argument {text} is neither a number nor a name that is known here{}: give it as a number, or _ to leave it open",
        offer(alike)
    )]
    UnknownArgument {
        text: String,
        alike: Option<&'static str>,
    },
}

fn offer(alike: &Option<&str>) -> String {
    alike.map_or_else(String::new, |alike| format!(" (did you mean {alike}?)"))
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The call as a filter sees it.
    pub(super) call: Call,
    /// Its name.
    pub(super) name: String,
}

impl Question {
    pub(super) fn parse(call: &str, args: &[String], arch: Arch) -> Result<Self, QuestionError> {
        let (name, number) = named(call)?;
        let mut known = [None; 6];
        for (place, text) in known.iter_mut().zip(args) {
            *place = argument(text)?;
        }
        let (arch, number) = match arch {
            Arch::X86_64 => (NATIVE, number),
            Arch::X32 => (NATIVE, number | X32_BIT),
            Arch::I386 => (I386, number),
        };
        Ok(Self {
            call: Call {
                arch,
                number,
                args: known,
            },
            name,
        })
    }
}

/// Name and number of a call given by either.
fn named(text: &str) -> Result<(String, u32), QuestionError> {
    let asked = number(text).and_then(|number| u32::try_from(number).ok());
    let known = calls().find(|(name, number)| asked == Some(*number) || *name == text);
    match (known, asked) {
        (Some((name, number)), _) => Ok((name.to_owned(), number)),
        (None, Some(number)) => Ok(("a call without a name".to_owned(), number)),
        (None, None) => Err(QuestionError::UnknownCall {
            name: text.to_owned(),
            alike: nearest(text, calls().map(|(name, _)| name)),
        }),
    }
}

/// A number, some names joined by |, or `_` for any value.
fn argument(text: &str) -> Result<Option<u64>, QuestionError> {
    if text == "_" {
        return Ok(None);
    }
    let mut value = 0;
    for part in text.split('|') {
        value |= number(part).or_else(|| names::value(part)).ok_or_else(|| {
            QuestionError::UnknownArgument {
                text: part.to_owned(),
                alike: nearest(part, names::VALUES.iter().map(|(name, _)| *name)),
            }
        })?;
    }
    Ok(Some(value))
}

/// Decimal, negative too (as the kernel gets it, in two's complement), or hexadecimal with 0x.
fn number(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok();
    }
    text.parse()
        .or_else(|_| text.parse::<i64>().map(i64::cast_unsigned))
        .ok()
}
