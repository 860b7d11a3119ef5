//! Bytes to the wire form: UTF-8 as lenient as Node's, JSON as strict as `JSON.parse`, size and depth bounded
//! before anything is built in memory.

use super::Refusal;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Arrays and objects inside each other. The API itself needs 3; parsing goes deeper on the stack with each.
const MAX_DEPTH: usize = 64;

/// Values in a body, as every one takes some hundred bytes once parsed, a two-byte `0,` too. The API itself needs
/// no more than 1000 files of 4 values each and 4096 arguments.
const MAX_VALUES: usize = 16_384;

/// A body as the client sent it: fields by name, nothing checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Map<String, Value>);

impl Wire {
    /// Takes a field out; a field that is not there is null, as the API makes no difference between the two.
    pub(super) fn take(&mut self, field: &str) -> Value {
        self.0.get_mut(field).map_or(Value::Null, Value::take)
    }
}

/// Reads a body. An empty body and an array have no fields, as in Express.
pub(crate) fn parse(body: &[u8]) -> Result<Wire, Refusal> {
    if body.is_empty() {
        return Ok(Wire::default());
    }
    let text = String::from_utf8_lossy(body);
    let text = scan(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
    match serde_json::from_str(&text).map_err(Refusal::NotJson)? {
        Value::Object(fields) => Ok(Wire(fields)),
        Value::Array(_) => Ok(Wire::default()),
        _ => Err(Refusal::NotAnObject),
    }
}

/// One pass that counts depth and values, and writes `\ufffd` for escapes of lone surrogates: JavaScript strings can
/// hold them and Node writes them out as U+FFFD, the parser here knows only whole characters.
fn scan(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let bytes = text.as_bytes();
    let (mut in_string, mut depth, mut values) = (false, 0_usize, 0_usize);
    let mut fixed = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let mut width = 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => match escape(bytes, at) {
                Escape::Whole(length) => width = length,
                Escape::LoneSurrogate => {
                    width = 6;
                    fixed.push_str(&text[copied..at]);
                    fixed.push_str("\\ufffd");
                    copied = at + width;
                }
            },
            b'[' | b'{' if !in_string => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            b',' if !in_string => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Refusal::TooDeep { limit: MAX_DEPTH });
        }
        if values > MAX_VALUES {
            return Err(Refusal::TooManyValues { limit: MAX_VALUES });
        }
        at += width;
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(text));
    }
    fixed.push_str(&text[copied..]);
    Ok(Cow::Owned(fixed))
}

/// What a backslash begins.
enum Escape {
    /// An escape, or a pair of them that makes one character, of so many bytes.
    Whole(usize),
    /// Half a character.
    LoneSurrogate,
}

fn escape(bytes: &[u8], at: usize) -> Escape {
    match code_unit(bytes, at) {
        Some(0xD800..=0xDBFF) => match code_unit(bytes, at + 6) {
            Some(0xDC00..=0xDFFF) => Escape::Whole(12),
            _ => Escape::LoneSurrogate,
        },
        Some(0xDC00..=0xDFFF) => Escape::LoneSurrogate,
        Some(_) => Escape::Whole(6),
        None => Escape::Whole(2),
    }
}

/// The number of a `\uXXXX` escape at this place, if there is one.
fn code_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(body: &str) -> Value {
        parse(body.as_bytes()).unwrap().take("a")
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        assert_eq!(field(r#"{"a":"\ud800"}"#), "\u{fffd}");
        assert_eq!(
            field(r#"{"a":"x\uDFFFy\ud800\ud800z"}"#),
            "x\u{fffd}y\u{fffd}\u{fffd}z"
        );
        assert_eq!(field(r#"{"a":"\ud83d\ude00\ude00"}"#), "\u{1f600}\u{fffd}");
        assert_eq!(field(r#"{"a":"\\ud800\""}"#), "\\ud800\"");
        assert_eq!(field(r#"{"a":"\ud800\\udc00"}"#), "\u{fffd}\\udc00");
    }

    #[test]
    fn reads_as_json_parse_does() {
        assert_eq!(field(r#"{"a":1,"a":2}"#), 2);
        assert_eq!(field(r#"{"__proto__":{"a":1}}"#), Value::Null);
        assert_eq!(field("\u{feff} {\"a\":true}\n"), true);
        assert_eq!(field("[1]"), Value::Null);
        assert_eq!(field(""), Value::Null);
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap().take("a"), "\u{fffd}");
        for body in ["5", "null", "\"x\""] {
            assert!(matches!(parse(body.as_bytes()), Err(Refusal::NotAnObject)));
        }
        for body in [
            "hello",
            "{",
            " ",
            "{}x",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":\"\\u12\"}",
            "[NaN]",
        ] {
            assert!(
                matches!(parse(body.as_bytes()), Err(Refusal::NotJson(_))),
                "{body}"
            );
        }
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(matches!(
            parse(nested(MAX_DEPTH + 1).as_bytes()),
            Err(Refusal::TooDeep { .. })
        ));
        let list = |n: usize| format!("[0{}]", ",0".repeat(n - 1));
        assert!(parse(list(MAX_VALUES).as_bytes()).is_ok());
        assert!(matches!(
            parse(list(MAX_VALUES + 1).as_bytes()),
            Err(Refusal::TooManyValues { .. })
        ));
        let text = format!("[\"{}\"]", ",[{".repeat(MAX_VALUES));
        assert!(parse(text.as_bytes()).is_ok());
    }
}
