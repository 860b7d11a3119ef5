//! File contents as Node's `Buffer.from` decodes them: nothing is an error, what can't be read ends the data or is
//! passed over.

use serde_json::Value;

/// How a file's content is written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The text itself.
    Utf8,
    /// Base64, of the usual or the URL alphabet.
    Base64,
    /// Two hexadecimal digits per byte.
    Hex,
    /// A name that is no encoding: the content is taken as text, but the file does not count as a program.
    Unknown,
}

impl Encoding {
    /// Reads the field. What is false in JavaScript counts as not given.
    pub(super) fn named(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(false) => Self::Utf8,
            Value::Number(number) if number.as_f64() == Some(0.0) => Self::Utf8,
            Value::String(name) => match name.as_str() {
                "" | "utf8" => Self::Utf8,
                "base64" => Self::Base64,
                "hex" => Self::Hex,
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    /// The bytes that a content stands for.
    pub(super) fn decode(self, content: String) -> Vec<u8> {
        match self {
            Self::Utf8 | Self::Unknown => content.into_bytes(),
            Self::Base64 => base64(content.as_bytes()),
            Self::Hex => hex(content.as_bytes()),
        }
    }
}

/// Passes over foreign characters, stops at the first `=`, drops left-over bits.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for sextet in text
        .iter()
        .take_while(|&&c| c != b'=')
        .filter_map(|&c| sextet(c))
    {
        bits = (bits << 6 | u32::from(sextet)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., byte] = (bits >> held).to_be_bytes();
            bytes.push(byte);
        }
    }
    bytes
}

fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Stops at the first pair that is no byte.
fn hex(text: &[u8]) -> Vec<u8> {
    let digit = |c: u8| {
        char::from(c)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    text.chunks_exact(2)
        .map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_as_node_does() {
        for (text, expected) in [
            ("YQ==YQ==", "a"),
            ("=bad", ""),
            ("Y Q = =", "a"),
            ("Y", ""),
            ("YQ", "a"),
            ("YR", "a"),
            ("YWJ", "ab"),
            ("YWJj\nZGVm", "abcdef"),
            ("Y*Q==", "a"),
            ("YWJjY", "abc"),
            ("é YQ==", "a"),
            ("YWJj=ZGVm", "abc"),
            ("aGVs\0bG8=", "hello"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected.as_bytes(), "{text}");
        }
        assert_eq!(base64(b"-_-_"), [0xfb, 0xff, 0xbf]);
        assert_eq!(base64(b"+/+/"), [0xfb, 0xff, 0xbf]);
        for (text, expected) in [
            ("0001ff", &[0, 1, 0xff][..]),
            ("abc", &[0xab]),
            ("AbCD", &[0xab, 0xcd]),
            ("zz00", &[]),
            ("00zz11", &[0]),
            ("00é11", &[0]),
            ("0x10", &[]),
        ] {
            assert_eq!(hex(text.as_bytes()), expected, "{text}");
        }
    }
}
