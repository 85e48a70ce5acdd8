//! `crowd-radio import-old`.

use std::error::Error as StdError;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use crowd_cli::{ExitReason, UsageError, print};
use serde::Serialize;

use super::buffer::FOLDER;
use super::values::PROGRAM;
use crate::buffer::{Imported, RollingBuffer, import};
use crate::error::Error;
use crate::import_old::{Report, read};

const EXAMPLES: &str = "\
Examples:
  crowd-radio import-old ~/old-radio
      Tell what is in the folder, and what in it is inconsistent. Nothing is written.
  crowd-radio import-old ~/old-radio --out station.toml
      Write a configuration that does the same too.
  crowd-radio import-old ~/old-radio --data data --out station.toml
      Copy its generated chunks into the buffer of a new station too.
  crowd-radio import-old ~/old-radio --json
      Print all of it as one object.

Exit status: 0 when all is consistent, 1 when something is not, 2 for a wrong command line.";

/// Reads the folder of an older program, which stays as it is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportOld {
    /// Folder of the older program. Its files are in it or one folder below
    #[arg(value_name = "DIR")]
    from: PathBuf,
    /// Folder for everything that the station makes, as of run. The generated chunks are copied into its buffer
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Write a configuration that does what the older program did into this new file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found and done.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    report: &'a Report,
    imported: Option<&'a Imported>,
    written: Option<String>,
}

impl ImportOld {
    /// Reads the folder, copies chunks and writes the configuration, as far as the flags ask for it.
    ///
    /// # Errors
    /// [`UsageError`] before anything is done; those of reading the folder, of copying and of writing.
    pub fn run(&self) -> Result<ExitReason, Box<dyn StdError>> {
        let place = self.from.display();
        if !self.from.is_dir() {
            return Err(UsageError(format!("{place}: there is no such folder")).into());
        }
        if let Some(out) = self.out.as_ref().filter(|out| out.symlink_metadata().is_ok()) {
            return Err(UsageError(format!("{}: the file exists: give another name", out.display())).into());
        }
        let Some(mut report) = read(&self.from)? else {
            let wanted = Report::looked_for();
            return Err(
                UsageError(format!("{place}: it has no files of an older program: {wanted} were looked for")).into()
            );
        };
        if self.data.is_some() && report.buffer.as_ref().is_none_or(|buffer| buffer.chunks == 0) {
            return Err(UsageError(format!("{place}: it has no generated chunks: leave out --data")).into());
        }
        let station_file = self.out.as_ref().map(|out| Ok::<_, Error>((out, report.station_file()?))).transpose()?;
        let imported = self.data.as_ref().map(|data| copy_chunks(&mut report, data)).transpose()?;
        if let Some((out, text)) = &station_file {
            write_new(out, text)?;
        }
        let written = station_file.map(|(out, _)| out.display().to_string());
        self.show(&report, imported.as_ref(), written)?;
        Ok(if report.problems.is_empty() { ExitReason::Done } else { ExitReason::Failed })
    }

    fn show(
        &self,
        report: &Report,
        imported: Option<&Imported>,
        written: Option<String>,
    ) -> Result<(), Box<dyn StdError>> {
        if self.json {
            let text = serde_json::to_string_pretty(&Outcome { report, imported, written })?;
            print(|out| writeln!(out, "{text}"))?;
            return Ok(());
        }
        print(|out| {
            write!(out, "{report}")?;
            if let Some(Imported { chunks, played, .. }) = imported {
                writeln!(out, "\n{chunks} chunks copied, {played} of them played before")?;
            }
            written.iter().try_for_each(|file| writeln!(out, "\n{file} was written"))
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))?;
        let place = self.from.display();
        report.problems.iter().for_each(|problem| eprintln!("{PROGRAM}: {place}: {problem}"));
        Ok(())
    }
}

/// Copies the chunks as `buffer import` does. What is inconsistent and not known yet is added to the report.
fn copy_chunks(report: &mut Report, data: &Path) -> Result<Imported, Error> {
    let config = &report.settings.config;
    let (Some(old), Some(settings)) = (&report.buffer, &config.buffer) else { return Ok(Imported::default()) };
    let mut buffer = RollingBuffer::open(&data.join(FOLDER), settings.settings()?)?;
    let imported = import(&mut buffer, Path::new(&old.folder), config.stream.loudness_lufs)?;
    for problem in &imported.problems {
        if !report.problems.contains(problem) {
            report.problems.push(problem.clone());
        }
    }
    Ok(imported)
}

/// Writes a file that must not exist.
fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = crowd_media::atomic::AtomicFile::create(path)?;
    file.write_all(text.as_bytes()).map_err(|error| Error::io(path, "write", error))?;
    Ok(file.commit_new()?)
}
