//! `enhance-server`: streams a mastered version of any track within a second.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use crowd_cli::log::{self, LogTimes};
use crowd_cli::path::display_text;
use crowd_cli::{ExitReason, UsageError, file_lookup, print};
use crowd_library::ContentIndex;
use enhance_server::analysis::{Analysis, Kind};
use enhance_server::cli::{Analyse, Cli, Command, Render};
use enhance_server::master::{Settled, settle_by_all};
use enhance_server::preset::Treatment;
use enhance_server::rendition::{Order, Rendition};
use enhance_server::turns::Turn;
use enhance_server::{Error, measure::Measurements, render, serve};
use serde::Serialize;
use serde_json::json;

const PROGRAM: &str = "enhance-server";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let cli = Cli::read();
    let result = match cli.command {
        None => {
            let log = log::start("ENHANCE_SERVER_LOG", LogTimes::OfDay, cli.serve.json, cli.serve.verbose);
            return log.exit(PROGRAM, serve::serve(&cli.serve).map(|()| ExitReason::Done));
        }
        Some(Command::Render(options)) => write(&options).map(ExitReason::of_files),
        Some(Command::Analyse(options)) => analyse(&options).map(ExitReason::of_files),
        Some(Command::Describe(what)) => {
            what.print(Cli::full_command()).map(|()| ExitReason::Done).map_err(Failure::from)
        }
    };
    crowd_cli::exit(PROGRAM, result)
}

fn rendition(path: &Path, order: &Order) -> Result<Rendition, Failure> {
    let found =
        file_lookup::find(path).map_err(|e| Error::Io { path: path.to_owned(), doing: "open", source: e.into() })?;
    Ok(Rendition::new(ContentIndex::default().open(&found)?, order)?)
}

/// Says what is wrong with a file, and whether that is nothing.
fn told(path: &Path, warnings: &[String]) -> bool {
    warnings.iter().for_each(|warning| eprintln!("{PROGRAM}: {}: {warning}", path.display()));
    warnings.is_empty()
}

/// Writes a rendition; tells whether the file it is made of is whole.
fn write(options: &Render) -> Result<bool, Failure> {
    let rendition = rendition(&options.input, &options.order().map_err(UsageError)?)?;
    let frames = rendition.layout.frames();
    let bar = crowd_cli::progress_bar(frames, "{wide_bar} {percent} % {eta}", options.quiet);
    let progress = |frames| bar.set_position(frames);
    let warnings = if options.to_stdout() {
        render::to_stdout(&rendition, progress)?
    } else {
        render::to_file(&rendition, &options.output, options.overwrite, progress)?
    };
    bar.finish_and_clear();
    let whole = told(&options.input, &warnings);
    if !options.json {
        return Ok(whole);
    }
    let told = json!({
        "output": display_text(&options.output),
        "frames": frames,
        "sample_rate": rendition.rate.get(),
        "format": rendition.format,
        "bits": rendition.depth.to_string(),
        "settled": rendition.settled(),
        "warnings": warnings,
    });
    print(|out| writeln!(out, "{told:#}"))?;
    Ok(whole)
}

/// What `analyse` tells as JSON.
#[derive(Serialize)]
struct Analysed {
    #[serde(flatten)]
    analysis: Analysis,
    settled: Settled,
}

/// Measures a file; tells whether it is whole.
fn analyse(options: &Analyse) -> Result<bool, Failure> {
    let treatment = Treatment { preset: options.preset, intensity: options.intensity };
    let order = Order { treatment, kind: options.analysis, ..Order::default() };
    let rendition = rendition(&options.file, &order)?;
    let turn = Turn::alone();
    let measurements = Measurements::default();
    let analysis = measurements.analysis(&rendition.music, options.analysis, &turn)?;
    let settled = match options.analysis {
        Kind::Quick => measurements.settle(&rendition.music, &treatment, Kind::Quick, &turn)?,
        Kind::Full => settle_by_all(&rendition.music, &analysis, &treatment, &turn)?,
    };
    let whole = told(&options.file, &analysis.warnings);
    if options.json {
        let text = serde_json::to_string_pretty(&Analysed { analysis, settled })?;
        print(|out| writeln!(out, "{text}"))?;
    } else {
        let mastered = format!("{} {}", options.preset, options.intensity);
        print(|out| writeln!(out, "{analysis}{mastered:<15} {settled}"))?;
    }
    Ok(whole)
}
