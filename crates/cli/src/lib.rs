#![forbid(unsafe_code)]
//! What the command lines of all programs have in common: how they print, log, show progress, describe themselves and end, how
//! they tell a path, find a file by its name, and read a size or a network.

mod ending;
pub mod log;
pub mod names;
pub mod network;
pub mod path;
pub mod size;
#[cfg(unix)]
pub mod stop;

use std::io::{self, IsTerminal, Write};

use clap::{Command, Subcommand};
pub use ending::{Ending, Refused, end};
use indicatif::{ProgressBar, ProgressStyle};

/// Commands by which a program describes itself: to be flattened into its own.
#[derive(Debug, Subcommand)]
pub enum Describe {
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, for `man -l -`
    Man,
}

impl Describe {
    /// Prints the description of `program`.
    ///
    /// # Errors
    /// When standard output takes nothing.
    pub fn print(&self, mut program: Command) -> io::Result<()> {
        print(|out| match self {
            Self::Completions { shell } => {
                let (name, mut script) = (program.get_name().to_owned(), Vec::new());
                clap_complete::generate(*shell, &mut program, name, &mut script);
                out.write_all(&script)
            }
            Self::Man => clap_mangen::Man::new(program).render(out),
        })
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// As `text`, or when standard output takes nothing.
pub fn print<E: From<io::Error>>(text: impl FnOnce(&mut dyn Write) -> Result<(), E>) -> Result<(), E> {
    let mut out = Patient(io::stdout().lock());
    text(&mut out)?;
    Ok(out.flush()?)
}

/// A writer that goes on when nobody reads any more.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// A bar for work of so many steps, drawn by an indicatif `template`. Hidden where nobody looks: when `quiet`, and where
/// standard error is no terminal.
pub fn progress(steps: u64, template: &str, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(steps);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that takes three bytes.
    struct Head(usize);

    impl Write for Head {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_error() {
        let mut out = Patient(Head(3));
        assert!(out.write_all(b"a long text").is_ok() && out.flush().is_ok());
    }

    #[test]
    fn any_other_trouble_is_one() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        assert_eq!(Patient(Full).write(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(Patient(Full).flush().is_err());
    }
}
