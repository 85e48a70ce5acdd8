//! What can be wrong with a vocabulary file.

/// A vocabulary file that cannot be used. The message names the file and, where they are known, line, entry, field, value and what is
/// allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VocabularyError {
    /// The file is not TOML.
    #[error("{file}, line {line}: {reason}")]
    Syntax {
        /// The name of the file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the TOML reader says.
        reason: String,
    },
    /// A field has a value that is not allowed.
    #[error("{file}, entry \"{entry}\": {field} is {value}, allowed: {allowed}")]
    Value {
        /// The name of the file.
        file: String,
        /// The name of the entry, with its table, as in `mood.calm`.
        entry: String,
        /// The name of the field.
        field: String,
        /// The value as the file has it.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A table or a field is not known.
    #[error("{file}, entry \"{entry}\": unknown field \"{field}\", allowed: {allowed}")]
    Field {
        /// The name of the file.
        file: String,
        /// The name of the entry, with its table.
        entry: String,
        /// The name of the field.
        field: String,
        /// The names that are allowed.
        allowed: String,
    },
    /// A field that every entry must have is missing.
    #[error("{file}, entry \"{entry}\": the field \"{field}\" is missing")]
    Missing {
        /// The name of the file.
        file: String,
        /// The name of the entry, with its table.
        entry: String,
        /// The name of the field.
        field: String,
    },
    /// A word has two meanings in one file.
    #[error("{file}, entry \"{entry}\": the word \"{word}\" already stands for \"{other}\"")]
    Duplicate {
        /// The name of the file.
        file: String,
        /// The name of the entry.
        entry: String,
        /// The word.
        word: String,
        /// The entry that it already stands for.
        other: String,
    },
    /// Words are added to an entry that does not exist.
    #[error("{file}, table \"words\": no entry has the name \"{entry}\"; the nearest names are {nearest}")]
    NoEntry {
        /// The name of the file.
        file: String,
        /// The name that was not found.
        entry: String,
        /// Names of entries that look like it.
        nearest: String,
    },
}
