//! How a stage script is started.

use crate::error::ScriptFault;

/// The longest `#!` line, which is what the kernel reads of one (`BINPRM_BUF_SIZE`), in bytes.
const LINE_MAX: usize = 256;

/// How much of a script has to be read to know its interpreter, in bytes.
pub(crate) const HEAD: usize = LINE_MAX + 1;

/// The command for the script that is at `path` inside the jail and begins with `head`; the files or arguments of the
/// job come after it. The interpreter is named outright instead of leaving that to the kernel, so that the file needs no
/// execute bit; a script without a `#!` line is bash's, as in Piston, which starts all of them that way.
pub(crate) fn command(path: String, head: &[u8]) -> Result<Vec<String>, ScriptFault> {
    let Some(line) = head.strip_prefix(b"#!") else {
        return Ok(vec!["/bin/bash".to_owned(), path]);
    };
    let line = match line.iter().position(|&b| b == b'\n') {
        Some(end) => &line[..end],
        None if head.len() >= HEAD => return Err(ScriptFault::LineTooLong(LINE_MAX)),
        None => line,
    };
    let line = std::str::from_utf8(line)
        .map_err(|_| ScriptFault::Interpreter)?
        .trim_matches([' ', '\t']);
    if !line.starts_with('/') || line.contains(|c: char| c.is_control() && c != '\t') {
        return Err(ScriptFault::Interpreter);
    }
    // As the kernel has it: all that follows the interpreter is one argument.
    let mut argv = match line.split_once([' ', '\t']) {
        Some((interpreter, argument)) => {
            vec![
                interpreter.to_owned(),
                argument.trim_start_matches([' ', '\t']).to_owned(),
            ]
        }
        None => vec![line.to_owned()],
    };
    argv.push(path);
    Ok(argv)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(head: &[u8]) -> Result<Vec<String>, ScriptFault> {
        command("/p/run".to_owned(), head)
    }

    #[test]
    fn the_interpreter_is_the_scripts_own() {
        assert_eq!(argv(b"#!/bin/sh\nexec x").unwrap(), ["/bin/sh", "/p/run"]);
        assert_eq!(argv(b"#! /bin/sh \n").unwrap(), ["/bin/sh", "/p/run"]);
        assert_eq!(
            argv(b"#!/usr/bin/env bash\n").unwrap(),
            ["/usr/bin/env", "bash", "/p/run"]
        );
        assert_eq!(
            argv(b"#!/bin/bash -e -u").unwrap(),
            ["/bin/bash", "-e -u", "/p/run"]
        );
    }

    #[test]
    fn bash_runs_what_names_none() {
        assert_eq!(
            argv(b"exec python3 \"$@\"\n").unwrap(),
            ["/bin/bash", "/p/run"]
        );
        assert_eq!(argv(b"").unwrap(), ["/bin/bash", "/p/run"]);
    }

    #[test]
    fn a_line_that_the_kernel_would_not_take_is_refused() {
        assert_eq!(argv(b"#!\n"), Err(ScriptFault::Interpreter));
        assert_eq!(argv(b"#!python3\n"), Err(ScriptFault::Interpreter));
        assert_eq!(argv(b"#!/bin/bash\r\n"), Err(ScriptFault::Interpreter));
        let long = [b"#!/".as_slice(), &[b'a'; 300]].concat();
        assert_eq!(argv(&long[..HEAD]), Err(ScriptFault::LineTooLong(256)));
    }
}
