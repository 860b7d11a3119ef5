//! The same program outside any jail: its steps started directly, without a shell.

use crate::error::{BenchError, RunError};
use crate::workload::{Workload, shortened};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A command line in steps, and the folder in which it runs.
#[derive(Debug)]
pub(crate) struct Bare {
    text: String,
    steps: Vec<Vec<String>>,
    folder: TempDir,
}

impl Bare {
    /// Prepares a folder for a command such as `gcc main.c -lm && ./a.out`.
    pub(crate) fn new(command: &str) -> Result<Self, BenchError> {
        let steps = steps(command)
            .ok_or_else(|| BenchError::Workload(format!("{command:?} has an empty step")))?;
        let folder = tempfile::tempdir().map_err(|source| BenchError::ReadFile {
            path: "the folder for temporary files".into(),
            source,
        })?;
        Ok(Self {
            text: command.to_owned(),
            steps,
            folder,
        })
    }

    /// The command as it was given.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Runs every step and checks the output of the last. The file is written before the clock starts.
    pub(crate) fn run(&self, workload: &mut Workload, number: u64) -> Result<Duration, RunError> {
        let spawn = |command: &str| {
            let command = command.to_owned();
            move |source| RunError::Spawn { command, source }
        };
        let path = self.folder.path().join(&workload.file);
        std::fs::write(&path, workload.source(number)).map_err(spawn(&workload.file))?;
        let start = Instant::now();
        let mut stdout = Vec::new();
        for step in &self.steps {
            let output = self.step(step).map_err(spawn(&step[0]))?;
            if !output.status.success() {
                return Err(failed("bare", &output));
            }
            stdout = output.stdout;
        }
        let took = start.elapsed();
        workload.check(&String::from_utf8_lossy(&stdout))?;
        Ok(took)
    }

    fn step(&self, step: &[String]) -> std::io::Result<Output> {
        Command::new(&step[0])
            .args(&step[1..])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
    }
}

/// A command that did not end with success.
pub(crate) fn failed(stage: &'static str, output: &Output) -> RunError {
    let end = match (output.status.code(), output.status.signal()) {
        (Some(code), _) => format!("code {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    };
    RunError::Stage {
        stage,
        end,
        stderr: shortened(&String::from_utf8_lossy(&output.stderr)),
    }
}

/// Splits at `&&` and at blanks; `None` where a step is empty.
fn steps(command: &str) -> Option<Vec<Vec<String>>> {
    let steps: Vec<Vec<String>> = command
        .split("&&")
        .map(|step| step.split_whitespace().map(str::to_owned).collect())
        .collect();
    steps.iter().all(|step| !step.is_empty()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ProgramArgs;

    fn workload(expect: &str) -> (Workload, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("data.txt");
        std::fs::write(&file, "hello\n").unwrap();
        let args = ProgramArgs {
            language: "text".into(),
            version_selector: "*".into(),
            file: Some(file),
            expect: Some(expect.into()),
            unique: false,
            timeout: Duration::from_secs(1),
        };
        (Workload::from_args(&args).unwrap(), dir)
    }

    #[test]
    fn a_command_splits_into_steps() {
        assert_eq!(
            steps("gcc main.c -lm && ./a.out").unwrap(),
            [vec!["gcc", "main.c", "-lm"], vec!["./a.out"]]
        );
        assert!(steps("a &&").is_none());
        assert!(steps("").is_none());
    }

    #[test]
    fn the_output_of_the_last_step_counts() {
        let (mut workload, _dir) = workload("hello\n");
        let bare = Bare::new("true && cat data.txt").unwrap();
        bare.run(&mut workload, 1).unwrap();
    }

    #[test]
    fn a_failing_step_and_a_wrong_output_are_errors() {
        let (mut workload, _dir) = workload("other\n");
        let run = |command: &str, workload: &mut Workload| {
            Bare::new(command).unwrap().run(workload, 1).unwrap_err()
        };
        assert!(matches!(
            run("false && cat data.txt", &mut workload),
            RunError::Stage { .. }
        ));
        assert!(matches!(
            run("cat data.txt", &mut workload),
            RunError::Wrong { .. }
        ));
        assert!(matches!(
            run("no-such-command", &mut workload),
            RunError::Spawn { .. }
        ));
    }
}
