//! The program's arguments.

use super::{Refusal, number};
use serde_json::Value;

/// More arguments than any command line that people write.
const MAX_ARGS: usize = 4096;

/// Linux hands no longer single argument to a program: 32 pages less the NUL.
const MAX_ARG: usize = 131_071;

/// All arguments together, each with its NUL: half of what Linux hands over under the usual 8 MiB of stack, so that
/// the environment and the file names of a stage fit beside them.
const MAX_ALL: usize = 1 << 20;

/// Null is none, a string is its characters, other things are no list.
pub(super) fn check(value: Value) -> Result<Vec<String>, Refusal> {
    let args = match value {
        Value::Null => Vec::new(),
        Value::String(text) => characters(&text)?,
        Value::Array(items) => list(items)?,
        _ => return Err(Refusal::Args),
    };
    for (index, arg) in args.iter().enumerate() {
        if arg.contains('\0') {
            return Err(Refusal::ArgNul { index });
        }
        if arg.len() > MAX_ARG {
            return Err(Refusal::ArgTooLong {
                index,
                limit: MAX_ARG,
            });
        }
    }
    if args.iter().map(|arg| arg.len() + 1).sum::<usize>() > MAX_ALL {
        return Err(Refusal::ArgsTooLong { limit: MAX_ALL });
    }
    Ok(args)
}

fn characters(text: &str) -> Result<Vec<String>, Refusal> {
    if text.chars().nth(MAX_ARGS).is_some() {
        return Err(Refusal::TooManyArgs { limit: MAX_ARGS });
    }
    Ok(text.chars().map(String::from).collect())
}

fn list(items: Vec<Value>) -> Result<Vec<String>, Refusal> {
    if items.len() > MAX_ARGS {
        return Err(Refusal::TooManyArgs { limit: MAX_ARGS });
    }
    let texts = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| text(item).ok_or(Refusal::Arg { index }));
    texts.collect()
}

/// What JavaScript makes of a value that is used as a string; arrays and objects give nothing of use there.
fn text(item: Value) -> Option<String> {
    match item {
        Value::String(text) => Some(text),
        Value::Number(number) => number.as_f64().map(number::text),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null => Some("null".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn takes_what_piston_takes() {
        assert_eq!(check(Value::Null).unwrap(), Vec::<String>::new());
        assert_eq!(
            check(json!("aé\u{1f600}")).unwrap(),
            ["a", "é", "\u{1f600}"]
        );
        assert_eq!(
            check(json!(["", "$HOME", 5, -0.5, 1e21, true, null])).unwrap(),
            ["", "$HOME", "5", "-0.5", "1e+21", "true", "null"]
        );
    }

    #[test]
    fn refuses_with_the_place() {
        let message = |value| check(value).unwrap_err().to_string();
        assert_eq!(message(json!(5)), "args must be an array of strings");
        assert_eq!(message(json!(false)), "args must be an array of strings");
        assert_eq!(
            message(json!({"0": "a"})),
            "args must be an array of strings"
        );
        assert_eq!(
            message(json!(["a", ["b"]])),
            "args[1] must be a string or a number"
        );
        assert_eq!(
            message(json!(["a\0b"])),
            "args[0] cannot contain a NUL byte"
        );
        assert_eq!(message(json!("a\0")), "args[1] cannot contain a NUL byte");
        assert_eq!(
            message(json!(["x".repeat(MAX_ARG + 1)])),
            "args[0] cannot be longer than 131071 bytes"
        );
        assert_eq!(
            message(json!(vec!["x".repeat(MAX_ARG); 9])),
            "args cannot be longer than 1048576 bytes in all"
        );
        assert_eq!(
            message(json!(vec![""; MAX_ARGS + 1])),
            "args cannot have more than 4096 entries"
        );
        assert_eq!(
            message(json!("x".repeat(MAX_ARGS + 1))),
            "args cannot have more than 4096 entries"
        );
    }
}
