//! What other versions of an interpreter or of a stage script write differently, taken out of both sides.
//!
//! - Lines of blanks, `^` and `~` only: CPython 3.11 marks the place of an error in cases where 3.10 doesn't, and
//!   gcc 12 marks other ranges than 10.
//! - `chmod: cannot access 'a.out'`: written by Piston's compile script after the compiler has failed.
//! - Quotation marks: gcc writes ‘x’ in a UTF-8 locale and 'x' without one, as in Piston.

/// The text without all of that.
pub(crate) fn text(text: &str) -> String {
    let text = text.replace(['‘', '’'], "'");
    text.split_inclusive('\n')
        .filter(|line| !is_mark(line) && !line.starts_with("chmod: cannot access"))
        .collect()
}

fn is_mark(line: &str) -> bool {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line).trim();
    !line.is_empty() && line.chars().all(|c| matches!(c, '^' | '~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_the_scripts_line_go() {
        assert_eq!(text("a\n    ~~^^\nb\n"), "a\nb\n");
        assert_eq!(text("      |        ^~~~\nx"), "x");
        assert_eq!(
            text("chmod: cannot access 'a.out': No such file or directory\n"),
            ""
        );
        assert_eq!(text("‘x’ undeclared"), "'x' undeclared");
        assert_eq!(text("\n\n"), "\n\n");
    }
}
