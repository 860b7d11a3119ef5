//! All that a program may see differ between a start ahead of its job and a cold one, beside clocks that count from the start
//! of the process (docs/architecture.md, "Warm starts"). Anything else that differs is a fault.

/// What one line of a program's output may have in place of another.
#[derive(Debug)]
pub(crate) struct Allowed {
    /// Part of the names of the programs that see it.
    of: &'static str,
    /// How the line begins in a cold start.
    pub(crate) cold: &'static str,
    /// How it begins in one ahead of the job.
    warm: &'static str,
}

const fn fact(of: &'static str, name: &'static str) -> Allowed {
    Allowed {
        of,
        cold: name,
        warm: name,
    }
}

const ALLOWED: &[Allowed] = &[
    // The command line as the kernel has it: no process can set another one for itself without a capability. What an interpreter
    // tells of it, argv and the like, is as in a cold start.
    fact(".py", "cmdline: "),
    fact("js", "cmdline: "),
    fact("js", "report command line: "),
    fact(".java", "cmdline: "),
    fact(".java", "command line: "),
    // Of node's own modules one more is loaded: the loader reads by `fs`.
    fact("js", "loaded: "),
    // Java: the last line of a stack trace that reaches the bottom is our launcher's in place of the JDK's, and our launcher is on
    // the class path. A job of several files has both in a cold start too.
    fact("Facts", "stack: "),
    Allowed {
        of: ".java",
        cold: "\tat jdk.compiler/com.sun.tools.javac.launcher.Main.main(",
        warm: "\tat codecapsule.Launcher.main(",
    },
    fact(".java", "parent loader app: "),
    fact(".java", "launcher: "),
    // With which modules a program of one file is started, and one of several files is not.
    fact("FactsSeveral.java", "arguments: "),
    // What the compiler loaded ahead left to collect.
    fact(".java", "collections: "),
];

/// What allows a line of a program to be another one.
pub(crate) fn differs(program: &str, cold: &str, warm: &str) -> Option<&'static Allowed> {
    let fits = |row: &&Allowed| {
        program.contains(row.of) && cold.starts_with(row.cold) && warm.starts_with(row.warm)
    };
    ALLOWED.iter().find(fits)
}

/// What may differ for some program among these.
pub(crate) fn of<'a>(programs: &'a [&'a str]) -> impl Iterator<Item = &'static Allowed> + use<'a> {
    let concerns = |row: &&Allowed| programs.iter().any(|program| program.contains(row.of));
    ALLOWED.iter().filter(concerns)
}
