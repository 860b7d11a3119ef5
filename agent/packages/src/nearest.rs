//! What somebody who wrote an unknown name most likely meant.

/// The known name that is most like `name`, if one is like it at all; capital letters or small ones make no difference.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .map(|known| (distance(&name, &known.to_ascii_lowercase()), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .map(|(_, known)| known)
}

/// How many letters have to be put in, taken out or replaced to make `a` into `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    // A name of any length may stand in the environment; one that long is like none of ours.
    if a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let known = ["run_timeout", "max_concurrent_jobs", "cgroup"];
        let near = |name| nearest(name, known.into_iter());
        assert_eq!(near("run_timeuot"), Some("run_timeout"));
        assert_eq!(near("MAX_CONCURENT_JOBS"), Some("max_concurrent_jobs"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(&"x".repeat(1000)), None);
        assert_eq!(
            (
                distance("kitten", "sitting"),
                distance("", "abc"),
                distance("abc", "")
            ),
            (3, 3, 3)
        );
    }
}
