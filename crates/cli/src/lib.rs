#![forbid(unsafe_code)]
//! Parts of command line programs: printing, logging, progress, exit codes, manual pages, paths as text, files by their names,
//! sizes, networks, secrets, and times between attempts.

pub mod backoff;
mod exit;
pub mod file_lookup;
pub mod log;
pub mod network;
pub mod path;
pub mod secret;
pub mod size;
#[cfg(unix)]
pub mod stop;

use std::io::{self, IsTerminal, Write};

use clap::{Command, Subcommand};
pub use exit::{ExitReason, UsageError, exit};
use indicatif::{ProgressBar, ProgressStyle};

/// Commands that print a description of the program, to be flattened into its own commands.
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
    /// When standard output cannot be written.
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

/// Writes to standard output. A closed pipe, as with `| head`, is no error.
///
/// # Errors
/// The errors of `text`, and when standard output cannot be written.
pub fn print<E: From<io::Error>>(text: impl FnOnce(&mut dyn Write) -> Result<(), E>) -> Result<(), E> {
    let mut out = IgnoreClosedPipe(io::stdout().lock());
    text(&mut out)?;
    Ok(out.flush()?)
}

/// A writer that discards bytes that are written to a closed pipe.
struct IgnoreClosedPipe<W>(W);

impl<W: Write> Write for IgnoreClosedPipe<W> {
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

/// A progress bar for work of `steps` steps, with an indicatif `template`. It is hidden with `quiet`, and when standard error is no
/// terminal.
pub fn progress_bar(steps: u64, template: &str, quiet: bool) -> ProgressBar {
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

    /// A pipe that is closed after this many bytes.
    struct ShortPipe(usize);

    impl Write for ShortPipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let written = bytes.len().min(self.0);
            self.0 -= written;
            if written == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(written) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let mut out = IgnoreClosedPipe(ShortPipe(3));
        assert!(out.write_all(b"a long text").is_ok() && out.flush().is_ok());
    }

    #[test]
    fn other_errors_are_returned() {
        struct FullDisk;
        impl Write for FullDisk {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        assert_eq!(IgnoreClosedPipe(FullDisk).write(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(IgnoreClosedPipe(FullDisk).flush().is_err());
    }
}
