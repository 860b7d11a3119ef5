//! The helper itself: makes the view, then obeys orders until there are no more.

use super::protocol::{Answer, Looped, Order, Program, Ran};
use super::view;
use crate::error::BenchError;
use crate::workload::shortened;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where programs run: a tmpfs, as in a jail.
const BOX: &str = "/box";

/// Serves stdin and stdout.
pub(crate) fn serve(store: &Path) -> Result<(), BenchError> {
    view::enter(store)?;
    say(&Answer::Ready)?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(BenchError::Helper)?;
        let order = serde_json::from_str(&line).map_err(|_| BenchError::HelperEnded)?;
        say(&obey(order).unwrap_or_else(Answer::Failed))?;
    }
    Ok(())
}

fn say(answer: &Answer) -> Result<(), BenchError> {
    let mut line = serde_json::to_vec(answer).expect("an answer has string keys only");
    line.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(&line)
        .and_then(|()| stdout.flush())
        .map_err(BenchError::Helper)
}

fn obey(order: Order) -> Result<Answer, String> {
    match order {
        Order::Run(program) => {
            let folder = prepare(&program, "one")?;
            run(&program, &folder).map(Answer::Ran)
        }
        Order::Loop {
            program,
            threads,
            time,
        } => repeat(&program, threads, time).map(Answer::Looped),
    }
}

/// A folder with the program's file and nothing else.
fn prepare(program: &Program, name: &str) -> Result<PathBuf, String> {
    let folder = Path::new(BOX).join(name);
    let fresh = match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir(&folder),
    };
    fresh
        .and_then(|()| std::fs::write(folder.join(&program.file), &program.source))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// All steps in the folder; the clocks run from the first start to the last end.
fn run(program: &Program, folder: &Path) -> Result<Ran, String> {
    let (start, cpu) = (Instant::now(), cpu_of_children()?);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    for step in &program.steps {
        let (name, arguments) = step.split_first().ok_or("a step has no command")?;
        let output = Command::new(name)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", &program.path)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{name}: {error}"))?;
        stderr.extend(output.stderr);
        if !output.status.success() {
            let said = shortened(&String::from_utf8_lossy(&stderr));
            return Err(format!("{}: {}: {said}", step.join(" "), output.status));
        }
        stdout = output.stdout;
    }
    let took = start.elapsed();
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    if stdout != program.expected {
        let got = shortened(&stdout);
        return Err(format!("expected {:?}, got {got:?}", program.expected));
    }
    Ok(Ran {
        took,
        cpu: cpu_of_children()?.saturating_sub(cpu),
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// What all children that were waited for have used.
fn cpu_of_children() -> Result<Duration, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let used = usage.user_time() + usage.system_time();
    let microseconds = u64::try_from(used.num_microseconds()).unwrap_or_default();
    Ok(Duration::from_micros(microseconds))
}

fn repeat(program: &Program, threads: usize, time: Duration) -> Result<Looped, String> {
    let start = Instant::now();
    let work = |number: usize| {
        let folder = prepare(program, &format!("loop-{number}"))?;
        let mut runs = 0;
        while start.elapsed() < time {
            run(program, &folder)?;
            runs += 1;
        }
        Ok(runs)
    };
    let runs: Result<Vec<u64>, String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        let ended = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|end| end.unwrap_or_else(|_| Err("a thread of the loop failed".to_owned())))
            .collect()
    });
    Ok(Looped {
        runs: runs?.iter().sum(),
        took: start.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(steps: &[&[&str]], expected: &str) -> Program {
        let words = |step: &&[&str]| step.iter().map(ToString::to_string).collect();
        Program {
            file: "data.txt".into(),
            source: "hello\n".into(),
            steps: steps.iter().map(words).collect(),
            path: "/usr/bin:/bin".into(),
            expected: expected.into(),
        }
    }

    fn run_here(program: &Program) -> Result<Ran, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(&program.file), &program.source).unwrap();
        run(program, folder.path())
    }

    #[test]
    fn the_last_step_is_compared_and_all_are_timed() {
        let ran = run_here(&program(
            &[&["sleep", "0.02"], &["cat", "data.txt"]],
            "hello\n",
        ));
        assert!(ran.unwrap().took >= Duration::from_millis(20));
    }

    #[test]
    fn processor_time_is_that_of_the_commands() {
        let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; cat data.txt";
        let ran = run_here(&program(&[&["sh", "-c", busy]], "hello\n")).unwrap();
        assert!(ran.cpu > Duration::from_millis(5), "{ran:?}");
    }

    #[test]
    fn what_goes_wrong_is_named() {
        let why = |steps: &[&[&str]]| run_here(&program(steps, "other\n")).unwrap_err();
        assert!(why(&[&["cat", "data.txt"]]).contains("expected \"other\\n\", got \"hello\\n\""));
        assert!(why(&[&["cat", "absent"], &["true"]]).contains("cat absent: exit status: 1: cat:"));
        assert!(why(&[&["/no/such/command"]]).starts_with("/no/such/command: No such file"));
        assert!(why(&[&[]]).contains("no command"));
    }
}
