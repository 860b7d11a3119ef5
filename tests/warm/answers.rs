//! Two answers to one request, line by line.

use crate::allowed::{self, Allowed};
use serde_json::Value;

/// What an answer has of clocks and of what the kernel counts, which no two runs have alike, and what is the two streams again.
const LEFT_OUT: [&str; 4] = ["cpu_time", "wall_time", "memory", "output"];
/// A line that begins so must be another one in each run.
const FRESH: &str = "fresh ";
/// Of a longer list of lines that differ the first say enough.
const SHOWN: usize = 3;

/// How two answers differ.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    pub(crate) wrong: Vec<String>,
    pub(crate) allowed: Vec<&'static Allowed>,
}

/// Whether a program says something that must be another thing in each run.
pub(crate) fn says_fresh(answer: &Value) -> bool {
    let stdout = answer["run"]["stdout"].as_str().unwrap_or_default();
    stdout.lines().any(|line| line.starts_with(FRESH))
}

/// What one answer to a program has that the other has not.
pub(crate) fn compare(program: &str, cold: &Value, warm: &Value) -> Differences {
    let mut found = Differences::default();
    let (mut cold, mut warm) = (cold.clone(), warm.clone());
    for stream in ["stdout", "stderr"] {
        let (cold, warm) = (text(&mut cold, stream), text(&mut warm, stream));
        compare_lines(program, &cold, &warm, &mut found);
    }
    for answer in [&mut cold, &mut warm] {
        let run = answer["run"]
            .as_object_mut()
            .expect("a job has a run stage");
        run.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    }
    if cold != warm {
        found
            .wrong
            .push(format!("the answer is {warm} instead of {cold}"));
    }
    found
}

fn text(answer: &mut Value, stream: &str) -> String {
    match answer["run"][stream].take() {
        Value::String(text) => text,
        other => panic!("{stream} is {other}"),
    }
}

fn compare_lines(program: &str, cold: &str, warm: &str, found: &mut Differences) {
    let (cold, warm): (Vec<&str>, Vec<&str>) = (cold.lines().collect(), warm.lines().collect());
    let mut wrong = Vec::new();
    if warm.len() != cold.len() {
        wrong.push(format!("{} lines instead of {}", warm.len(), cold.len()));
    }
    for (cold, warm) in cold.iter().zip(&warm) {
        let (cold, warm) = (without_addresses(cold), without_addresses(warm));
        let (cold, warm) = (cold.as_str(), warm.as_str());
        let is_fresh = cold.starts_with(FRESH) && name(cold) == name(warm);
        match allowed::differs(program, cold, warm) {
            _ if is_fresh && cold == warm => wrong.push(format!("not fresh: {warm}")),
            _ if is_fresh || cold == warm => {}
            Some(row) => found.allowed.push(row),
            None => wrong.push(format!("{warm:?} instead of {cold:?}")),
        }
    }
    found.wrong.extend(wrong.into_iter().take(SHOWN));
}

/// What a line is about.
fn name(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(name, _)| name)
}

/// A line with no more of an address or a hash made of one than that it is there (`0x1500d7d06020`, `@53ca01a2`).
fn without_addresses(line: &str) -> String {
    let mut pieces = line.split_inclusive(['x', '@']);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let rest = piece.trim_start_matches(is_hex);
        let is_address = text.ends_with('@') || text.ends_with("0x");
        text.push_str(if is_address { rest } else { piece });
    }
    text
}
