//! Everything that can be wrong with a request. The text is what the client reads as `message`.

use super::NameFault;
use super::number::text;

/// What is wrong with a request. The first texts are Piston's, to the letter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// `language` is missing, empty or no string.
    #[error("language is required as a string")]
    Language,
    /// `version` is missing, empty or no string.
    #[error("version is required as a string")]
    Version,
    /// `files` is missing or no array.
    #[error("files is required as an array")]
    Files,
    /// A file without content.
    #[error("files[{index}].content is required as a string")]
    Content {
        /// Which file.
        index: usize,
    },
    /// No runtime of that language and version.
    #[error("{language}-{version} runtime is unknown")]
    UnknownRuntime {
        /// The language asked for.
        language: String,
        /// The version selector asked for.
        version: String,
    },
    /// Nothing to run.
    #[error("files must include at least one utf8 encoded file")]
    NoSource,
    /// A limit that is no number.
    #[error("If specified, {field} must be a number")]
    LimitNotANumber {
        /// The field's name.
        field: &'static str,
    },
    /// A limit above what the runtime allows.
    #[error("{field} cannot exceed the configured limit of {}", text(*.limit))]
    LimitTooHigh {
        /// The field's name.
        field: &'static str,
        /// What the runtime allows, in the field's unit.
        limit: f64,
    },
    /// A limit below zero.
    #[error("{field} must be non-negative")]
    LimitNegative {
        /// The field's name.
        field: &'static str,
    },
    /// The body is not JSON.
    #[error("request body is not valid JSON: {0}")]
    NotJson(serde_json::Error),
    /// The body is JSON, but a single value.
    #[error("request body must be a JSON object")]
    NotAnObject,
    /// The body holds arrays in arrays past any use.
    #[error("request body cannot be nested more than {limit} levels deep")]
    TooDeep {
        /// How deep it may be.
        limit: usize,
    },
    /// The body holds more values than any request needs.
    #[error("request body cannot hold more than {limit} values")]
    TooManyValues {
        /// How many it may hold.
        limit: usize,
    },
    /// More files than a job may have.
    #[error("files cannot have more than {limit} entries")]
    TooManyFiles {
        /// How many it may have.
        limit: usize,
    },
    /// More folders than a job may have.
    #[error("the names in files cannot make more than {limit} folders")]
    TooManyFolders {
        /// How many it may have.
        limit: usize,
    },
    /// A file name that can't be used.
    #[error("files[{index}].name {fault}")]
    FileName {
        /// Which file.
        index: usize,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// A file that another one needs as its folder.
    #[error("files[{index}].name is also the folder of another file")]
    FileIsFolder {
        /// Which file.
        index: usize,
    },
    /// `stdin` is no string.
    #[error("stdin must be a string: send numbers and other data as text")]
    Stdin,
    /// `compile_cache` is no boolean.
    #[error("compile_cache must be a boolean if provided")]
    CompileCache,
    /// `args` is neither list nor string.
    #[error("args must be an array of strings")]
    Args,
    /// More arguments than a job may have.
    #[error("args cannot have more than {limit} entries")]
    TooManyArgs {
        /// How many it may have.
        limit: usize,
    },
    /// The arguments are too long together.
    #[error("args cannot be longer than {limit} bytes in all")]
    ArgsTooLong {
        /// How long they may be.
        limit: usize,
    },
    /// An argument is longer than the kernel hands to a program.
    #[error("args[{index}] cannot be longer than {limit} bytes")]
    ArgTooLong {
        /// Which argument.
        index: usize,
        /// How long it may be.
        limit: usize,
    },
    /// An argument that has no text form.
    #[error("args[{index}] must be a string or a number")]
    Arg {
        /// Which argument.
        index: usize,
    },
    /// An argument that the kernel would cut short.
    #[error("args[{index}] cannot contain a NUL byte")]
    ArgNul {
        /// Which argument.
        index: usize,
    },
}
