//! Splits a line into the words of a command, as a shell does, without a shell.
//!
//! Words are separated by spaces. `'...'` keeps everything as it is. In `"..."` a backslash keeps the next `"` or `\`, and elsewhere
//! the next character, whatever it is. Nothing is replaced: a character that would have another meaning in a shell is refused unless it
//! is quoted, so that no command depends on that meaning.

/// Why a line cannot be split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// It has no words.
    #[error("it is empty: give a program and its arguments")]
    Empty,
    /// A quote is not closed.
    #[error("the quote {quote} at character {at} is not closed")]
    Unclosed {
        /// The quote.
        quote: char,
        /// Its place, from 1.
        at: usize,
    },
    /// The line ends with a backslash.
    #[error("it ends with a backslash, which needs a character after it")]
    Backslash,
    /// A character would need a shell.
    #[error("{character:?} at character {at} has a meaning in a shell, and no shell is used: put it in single quotes")]
    NeedsShell {
        /// The character.
        character: char,
        /// Its place, from 1.
        at: usize,
    },
    /// A character cannot be part of an argument.
    #[error("character {at} is a null character")]
    Null {
        /// Its place, from 1.
        at: usize,
    },
}

/// Splits a line into words. The first is the program.
///
/// ```
/// use music_generator::provider::command_line::split;
///
/// assert_eq!(split(r#"python3 'my adapter.py' --model "small one""#)?, ["python3", "my adapter.py", "--model", "small one"]);
/// assert!(split("adapter | tee log").is_err());
/// # Ok::<(), music_generator::provider::command_line::CommandLineError>(())
/// ```
///
/// # Errors
/// The line has no words, an open quote, or a character that would need a shell.
pub fn split(line: &str) -> Result<Vec<String>, CommandLineError> {
    let mut words = Vec::new();
    // None between words.
    let mut word: Option<String> = None;
    let mut quote: Option<(char, usize)> = None;
    let mut characters = (1..).zip(line.chars()).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\0' {
            return Err(CommandLineError::Null { at });
        }
        match (quote, character) {
            (Some((open, _)), _) if open == character => quote = None,
            (Some(('\'', _)), _) => word.get_or_insert_default().push(character),
            (_, '\\') => {
                let keeps = quote.is_none()
                    || characters.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\' | '$' | '`'));
                if keeps {
                    let (_, next) = characters.next().ok_or(CommandLineError::Backslash)?;
                    word.get_or_insert_default().push(next);
                } else {
                    word.get_or_insert_default().push('\\');
                }
            }
            (_, '$' | '`') => return Err(CommandLineError::NeedsShell { character, at }),
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some((character, at));
                word.get_or_insert_default();
            }
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' | '[' | '\n') => {
                return Err(CommandLineError::NeedsShell { character, at });
            }
            (None, '~' | '#') if word.is_none() => return Err(CommandLineError::NeedsShell { character, at }),
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    if let Some((quote, at)) = quote {
        return Err(CommandLineError::Unclosed { quote, at });
    }
    words.extend(word);
    if words.first().is_none_or(String::is_empty) { Err(CommandLineError::Empty) } else { Ok(words) }
}
