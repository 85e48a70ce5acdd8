//! The files that a story is read from.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::Error;
use crate::story::{Story, StoryPlan, StoryWords};

/// The largest story and the largest table that are read, in bytes.
const LARGEST: u64 = 4 << 20;

/// The story, and what it sounds like.
#[derive(Debug, Args)]
pub struct StoryFile {
    /// The story, as JSON: its context and panels
    pub story: PathBuf,
    /// Table (TOML) that adds to the built-in one, or replaces entries of it: what tones, genres and others sound like
    #[arg(long, value_name = "FILE")]
    pub words: Option<PathBuf>,
}

impl StoryFile {
    /// Reads the files.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the name of the file and what is wrong in it; [`Error::Io`].
    pub fn read(&self) -> Result<(Story, StoryPlan), Error> {
        let invalid = |path: &Path, error: Error| match error {
            Error::Invalid(text) => Error::Invalid(format!("{}: {text}", path.display())),
            other => other,
        };
        let words = match &self.words {
            None => StoryWords::built_in()?,
            Some(path) => {
                let text = String::from_utf8(read(path)?)
                    .map_err(|_| Error::Invalid(format!("{}: it is not UTF-8", path.display())))?;
                StoryWords::read(&text).map_err(|error| invalid(path, error))?
            }
        };
        let story = Story::read(&read(&self.story)?).map_err(|error| invalid(&self.story, error))?;
        let plan = StoryPlan::new(&story, &words).map_err(|error| invalid(&self.story, error))?;
        Ok((story, plan))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let length = std::fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.len();
    if length > LARGEST {
        let most = LARGEST >> 20;
        return Err(Error::Invalid(format!("{}: {length} bytes are too many: at most {most} MiB", path.display())));
    }
    std::fs::read(path).map_err(|error| Error::io(path, "read", error))
}
