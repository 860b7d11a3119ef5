//! How a stage script is started.

use crate::error::ScriptFault;

/// The longest `#!` line, which is what the kernel reads of one (`BINPRM_BUF_SIZE`), in bytes.
const LINE_MAX: usize = 256;

/// How much of a script has to be read to know its interpreter, in bytes.
pub(crate) const HEAD: usize = LINE_MAX + 1;

/// Sources a package's `environment` in its folder, as Piston does when it installs the package: without arguments and input,
/// whatever it prints and however it ends. Then the stage is started where the shell was, in that environment but with
/// what the node sets, and in the shell's place. The shell's arguments are the folder and the stage's command.
const SOURCE: &str = r#"capsule=("$PWD" "$HOME" "$PISTON_LANGUAGE" "$CAPSULE_MEMORY_LIMIT" "$@")
set --
cd "${capsule[4]}"
source ./environment </dev/null >/dev/null 2>&1
cd "${capsule[0]}"
export HOME="${capsule[1]}" PISTON_LANGUAGE="${capsule[2]}" CAPSULE_MEMORY_LIMIT="${capsule[3]}"
unset OLDPWD
exec "${capsule[@]:5}""#;

/// The command that starts `stage` in what the file `environment` makes of a shell's variables. `folder` is the package's
/// inside the jail. Piston has root source that file on the host; here it runs as a program of the job, in each stage.
pub(crate) fn in_environment(folder: &str, stage: Vec<String>) -> Vec<String> {
    let shell = ["/bin/bash", "-c", SOURCE, "bash", folder];
    shell.map(str::to_owned).into_iter().chain(stage).collect()
}

/// The command for the script that is at `path` inside the jail and begins with `head`; the files or arguments of the
/// job come after it. The interpreter is named outright instead of leaving that to the kernel, so that the file needs no
/// execute bit; a script without a `#!` line is bash's, as in Piston, which starts all of them that way. One that looks
/// for bash gets the base's too: a package that brings a bash along does not mean it for its own scripts.
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
    if line == "/usr/bin/env bash" {
        return Ok(vec!["/bin/bash".to_owned(), path]);
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
    use std::fs;
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    use tempfile::TempDir;

    fn argv(head: &[u8]) -> Result<Vec<String>, ScriptFault> {
        command("/p/run".to_owned(), head)
    }

    #[test]
    fn the_interpreter_is_the_scripts_own() {
        assert_eq!(argv(b"#!/bin/sh\nexec x").unwrap(), ["/bin/sh", "/p/run"]);
        assert_eq!(argv(b"#! /bin/sh \n").unwrap(), ["/bin/sh", "/p/run"]);
        assert_eq!(
            argv(b"#!/usr/bin/env dash\n").unwrap(),
            ["/usr/bin/env", "dash", "/p/run"]
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
        assert_eq!(
            argv(b"#!/usr/bin/env bash\n").unwrap(),
            ["/bin/bash", "/p/run"]
        );
    }

    /// The stage is a shell that tells what it got. The file does what files of packages do, and some things that
    /// none should.
    #[test]
    fn a_stage_starts_in_the_environment_of_its_package() {
        let (package, job) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let environment = r#"export PATH=$PWD/bin:$PATH SPACED="a  b" COUNT=$# HOME=/wrong PISTON_LANGUAGE=wrong
            hidden=1; read -r line; echo noise; echo noise >&2; capsule_of_mine=1; cd /; set -eu; shift || :"#;
        fs::write(package.path().join("environment"), environment).unwrap();
        let tell = r#"pwd; echo "$SPACED|$COUNT|$HOME|$PISTON_LANGUAGE|$CAPSULE_MEMORY_LIMIT|${hidden-none}|${OLDPWD-none}"
            echo "$PATH"; cat; printf '%s\n' "$@""#;
        let stage = ["/bin/bash", "-c", tell, "stage", "-x", "a  b", ""].map(str::to_owned);
        let folder = package.path().to_str().unwrap();
        let argv = in_environment(folder, stage.to_vec());
        let mut child = Command::new(&argv[0])
            .args(&argv[1..])
            .current_dir(job.path())
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/tmp")])
            .envs([("PISTON_LANGUAGE", "c++"), ("CAPSULE_MEMORY_LIMIT", "5")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"input\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let (out, err) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert_eq!(err, "");
        let here = job.path().display();
        assert_eq!(
            out,
            format!(
                "{here}\na  b|0|/tmp|c++|5|none|none\n{folder}/bin:/usr/bin:/bin\ninput\n-x\na  b\n\n"
            )
        );
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
