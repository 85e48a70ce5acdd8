//! Errors of requests to a provider.

use super::command_line::CommandLineError;

/// The most characters of a prompt.
pub const LONGEST_TEXT: usize = 2_000;

/// Why a request to a provider is refused.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// There is no prompt.
    #[error("no prompts: give at least one")]
    NoPrompts,
    /// There are too many prompts.
    #[error("{count} prompts; allowed: at most {most}")]
    TooManyPrompts {
        /// Their number.
        count: usize,
        /// The greatest number.
        most: usize,
    },
    /// A prompt has no words.
    #[error("prompt {number} has no words")]
    EmptyPrompt {
        /// The number of the prompt, from 1.
        number: usize,
    },
    /// A prompt is too long.
    #[error("prompt {number} has {length} characters; allowed: at most {LONGEST_TEXT}")]
    LongPrompt {
        /// The number of the prompt, from 1.
        number: usize,
        /// Its characters.
        length: usize,
    },
    /// A weight is not a finite number above 0.
    #[error("prompt {number} ({text:?}): the weight is {weight}; allowed: a finite number above 0")]
    Weight {
        /// The number of the prompt, from 1.
        number: usize,
        /// The text of the prompt, shortened.
        text: String,
        /// The weight.
        weight: f64,
    },
    /// A setting is out of range.
    #[error("the setting {name} is {value}; allowed: {low} to {high}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The lowest value.
        low: f64,
        /// The highest value.
        high: f64,
    },
    /// A setting has a value that is not known.
    #[error("the setting {name} is {value:?}; allowed: {allowed}")]
    Word {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// The values that are known.
        allowed: &'static str,
    },
    /// The session is closed.
    #[error("the session is closed")]
    Closed,
    /// Requests arrive faster than the provider takes them.
    #[error("the provider has not taken the last {0} requests yet: try again later")]
    Busy(usize),
    /// A line cannot be split into the words of a command.
    #[error("the command of the music provider: {0}")]
    Command(#[from] CommandLineError),
    /// A network address cannot be used.
    #[error("the address of the music provider is {address:?}: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A command cannot be started.
    #[error("the music provider {program:?} cannot be started: {source}")]
    Start {
        /// The program. Its arguments are left out, because they may contain secrets.
        program: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A thread cannot be started, or another resource of the system is used up.
    #[error("the music provider gets no thread or socket: {0}")]
    System(#[from] std::io::Error),
    /// A key cannot be used. It is not part of the error.
    #[error("the key of the music provider has to be 8 to 1024 visible ASCII characters, without spaces")]
    Key,
    /// The certificates that are to be trusted cannot be read.
    #[error("the certificates that the music provider trusts: {reason}")]
    Certificates {
        /// What is wrong.
        reason: String,
    },
    /// The file with the time that was used today cannot be used.
    #[error(
        "{path}: the time that was used today cannot be read: {reason}; correct the file, or remove it to begin with none"
    )]
    UsedTime {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The built-in vocabulary cannot be read.
    #[error("the vocabulary: {0}")]
    Vocabulary(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ProviderError {
    /// A name that does not change, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoPrompts => "no_prompts",
            Self::TooManyPrompts { .. } => "too_many_prompts",
            Self::EmptyPrompt { .. } => "empty_prompt",
            Self::LongPrompt { .. } => "long_prompt",
            Self::Weight { .. } => "prompt_weight",
            Self::Setting { .. } | Self::Word { .. } => "setting",
            Self::Closed => "closed",
            Self::Busy(_) => "busy",
            Self::Command(_) => "command",
            Self::Address { .. } => "address",
            Self::Start { .. } => "start",
            Self::System(_) => "system",
            Self::Key => "key",
            Self::Certificates { .. } => "certificates",
            Self::UsedTime { .. } => "used_time",
            Self::Vocabulary(_) => "vocabulary",
        }
    }
}
