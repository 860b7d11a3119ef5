//! Numbers as JavaScript prints them: clients see them in texts and programs in their arguments.

/// What `String(number)` gives.
pub(super) fn text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn prints_as_javascript() {
        for (number, expected) in [
            (3000.0, "3000"),
            (0.5, "0.5"),
            (-0.0, "0"),
            (-1.5, "-1.5"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (-1.5e300, "-1.5e+300"),
        ] {
            assert_eq!(text(number), expected);
        }
    }
}
