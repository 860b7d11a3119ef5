//! The jobs: good ones, whose answer is known to the byte, and hostile ones of the escape suite.
//!
//! Each carries a number of its own in its source, its argument and its stdin: an answer with the number of another job
//! would be cross-talk.

use capsule_tests::http::Request;
use serde_json::{Value, json};

/// The languages, and how often a good job is of one: compilers and virtual machines take more time.
pub(crate) const LANGUAGES: [(&str, u32); 5] = [
    ("python", 6),
    ("javascript", 3),
    ("java", 2),
    ("c", 3),
    ("c++", 2),
];

/// One in so many jobs is hostile.
const HOSTILE: u32 = 7;

/// One in so many good jobs in Python is long: more than a jail takes before its init reads.
const LONG: u32 = 6;
const LONG_SOURCE: usize = 512 << 10;

/// What numbers of jobs begin with.
const MARK: &str = "nonce-";

/// Lines that a good job prints.
const LINES: usize = 50;

/// A job and what is known of its answer.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) language: &'static str,
    pub(crate) nature: Nature,
    pub(crate) nonce: String,
    pub(crate) body: Value,
}

/// Whether a job means well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nature {
    /// It prints exactly this.
    Good(String),
    /// It is ended by a limit, or ends as it likes.
    Hostile,
}

impl Job {
    /// The next job, good or hostile.
    pub(crate) fn any(random: &mut fastrand::Rng) -> Self {
        if random.u32(..HOSTILE) == 0 {
            Self::hostile(random)
        } else {
            let total: u32 = LANGUAGES.iter().map(|(_, weight)| weight).sum();
            let mut draw = random.u32(..total);
            let drawn = LANGUAGES.iter().find(|(_, weight)| {
                let is_it = draw < *weight;
                draw = draw.saturating_sub(*weight);
                is_it
            });
            Self::good(drawn.map_or("python", |(language, _)| language), random)
        }
    }

    /// A job that prints what it was given.
    pub(crate) fn good(language: &'static str, random: &mut fastrand::Rng) -> Self {
        let nonce = nonce(random);
        let (name, source) = source(language);
        let mut source = source
            .replace("NONCE", &nonce)
            .replace("LINES", &LINES.to_string());
        if language == "python" && random.u32(..LONG) == 0 {
            source += &"#".repeat(LONG_SOURCE);
        }
        let lines: String = (0..LINES).map(|line| format!("{nonce} {line}\n")).collect();
        Self {
            language,
            body: json!({
                "language": language, "version": "*", "args": [format!("{nonce}-a")], "stdin": format!("{nonce}-s"),
                "files": [{"name": name, "content": source}],
            }),
            nature: Nature::Good(format!("{nonce}\n{nonce}-a\n{nonce}-s\n{lines}")),
            nonce,
        }
    }

    fn hostile(random: &mut fastrand::Rng) -> Self {
        let nonce = nonce(random);
        let (language, name, source, way) = HOSTILES[random.usize(..HOSTILES.len())];
        let mut files = vec![json!({"name": name, "content": source})];
        if source.contains("attack.h") {
            files.push(
                json!({"name": "attack.h", "content": include_str!("../escape/programs/attack.h")}),
            );
        }
        Self {
            language,
            nature: Nature::Hostile,
            body: json!({
                "language": language, "version": "*", "args": [way, nonce], "files": files,
                "run_timeout": 1500, "run_memory_limit": 128 << 20,
            }),
            nonce,
        }
    }

    /// As it is sent.
    pub(crate) fn request(&self) -> Request {
        Request::post_json("/api/v2/execute", &self.body)
    }
}

fn nonce(random: &mut fastrand::Rng) -> String {
    format!("{MARK}{:016x}", random.u64(..))
}

/// The number of another job in a text. One that a limit has cut off is the beginning of a number.
pub(crate) fn foreign<'a>(text: &'a str, own: &str) -> Option<&'a str> {
    let number = |(at, mark): (usize, &str)| {
        let digits = text[at + mark.len()..].bytes();
        let digits = digits.take_while(u8::is_ascii_hexdigit).take(16).count();
        &text[at..at + mark.len() + digits]
    };
    let mut found = text.match_indices(MARK).map(number);
    found.find(|found| !own.starts_with(found))
}

/// Language, file, source, way.
type Hostile = (&'static str, &'static str, &'static str, &'static str);

const HOSTILES: [Hostile; 14] = [
    (
        "python",
        "bomb.py",
        include_str!("../escape/programs/bomb.py"),
        "",
    ),
    (
        "python",
        "heap.py",
        include_str!("../escape/programs/heap.py"),
        "",
    ),
    (
        "python",
        "fds.py",
        include_str!("../escape/programs/fds.py"),
        "",
    ),
    (
        "javascript",
        "bomb.js",
        include_str!("../escape/programs/bomb.js"),
        "",
    ),
    (
        "javascript",
        "heap.js",
        include_str!("../escape/programs/heap.js"),
        "",
    ),
    (
        "java",
        "Bomb.java",
        include_str!("../escape/programs/Bomb.java"),
        "",
    ),
    (
        "java",
        "Heap.java",
        include_str!("../escape/programs/Heap.java"),
        "",
    ),
    (
        "c++",
        "bomb.cpp",
        include_str!("../escape/programs/bomb.cpp"),
        "",
    ),
    (
        "c",
        "bomb.c",
        include_str!("../escape/programs/bomb.c"),
        "sessions",
    ),
    (
        "c",
        "bomb.c",
        include_str!("../escape/programs/bomb.c"),
        "orphans",
    ),
    (
        "c",
        "output.c",
        include_str!("../escape/programs/output.c"),
        "out err",
    ),
    (
        "c",
        "output.c",
        include_str!("../escape/programs/output.c"),
        "held",
    ),
    (
        "c",
        "stubborn.c",
        include_str!("../escape/programs/stubborn.c"),
        "stops all",
    ),
    (
        "c",
        "endless.c",
        include_str!("../escape/programs/endless.c"),
        "",
    ),
];

fn source(language: &str) -> (&'static str, &'static str) {
    match language {
        "python" => ("main.py", include_str!("programs/main.py")),
        "javascript" => ("main.js", include_str!("programs/main.js")),
        "java" => ("Main.java", include_str!("programs/Main.java")),
        "c" => ("main.c", include_str!("programs/main.c")),
        _ => ("main.cpp", include_str!("programs/main.cpp")),
    }
}
