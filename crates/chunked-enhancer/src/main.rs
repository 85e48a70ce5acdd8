//! `enhance-server`: streams a mastered version of any track, starting within a second.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use crowd_cli::log::{self, LogTimes};
use crowd_cli::path::display_text;
use crowd_cli::{ExitReason, UsageError, file_lookup, print};
use crowd_library::ContentIndex;
use enhance_server::analysis::{Analysis, AnalysisKind};
use enhance_server::cli::{Analyse, Cli, Command, Render};
use enhance_server::master::{ResolvedTreatment, resolve_by_all};
use enhance_server::permits::Permit;
use enhance_server::preset::Treatment;
use enhance_server::rendition::{Rendition, RenditionRequest};
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
        Some(Command::Render(options)) => render_file(&options).map(ExitReason::of_files),
        Some(Command::Analyse(options)) => analyse(&options).map(ExitReason::of_files),
        Some(Command::Describe(what)) => {
            what.print(Cli::full_command()).map(|()| ExitReason::Done).map_err(Failure::from)
        }
    };
    crowd_cli::exit(PROGRAM, result)
}

fn rendition(path: &Path, request: &RenditionRequest) -> Result<Rendition, Failure> {
    let path =
        file_lookup::find(path).map_err(|e| Error::Io { path: path.to_owned(), doing: "open", source: e.into() })?;
    Ok(Rendition::new(ContentIndex::default().open(&path)?, request)?)
}

/// Prints the faults of a file. Returns whether there are none.
fn print_warnings(path: &Path, warnings: &[String]) -> bool {
    warnings.iter().for_each(|warning| eprintln!("{PROGRAM}: {}: {warning}", path.display()));
    warnings.is_empty()
}

/// Writes a rendition. Returns whether its source is undamaged.
fn render_file(options: &Render) -> Result<bool, Failure> {
    let rendition = rendition(&options.input, &options.rendition_request().map_err(UsageError)?)?;
    let frames = rendition.layout.frames();
    let bar = crowd_cli::progress_bar(frames, "{wide_bar} {percent} % {eta}", options.quiet);
    let progress = |frames| bar.set_position(frames);
    let warnings = if options.to_stdout() {
        render::to_stdout(&rendition, progress)?
    } else {
        render::to_file(&rendition, &options.output, options.overwrite, progress)?
    };
    bar.finish_and_clear();
    let undamaged = print_warnings(&options.input, &warnings);
    if !options.json {
        return Ok(undamaged);
    }
    let report = json!({
        "output": display_text(&options.output),
        "frames": frames,
        "sample_rate": rendition.rate.get(),
        "format": rendition.format,
        "bits": rendition.sample_format.to_string(),
        "settled": rendition.resolved(),
        "warnings": warnings,
    });
    print(|out| writeln!(out, "{report:#}"))?;
    Ok(undamaged)
}

/// The JSON that `analyse` prints.
#[derive(Serialize)]
struct AnalyseReport {
    #[serde(flatten)]
    analysis: Analysis,
    settled: ResolvedTreatment,
}

/// Measures a file. Returns whether it is undamaged.
fn analyse(options: &Analyse) -> Result<bool, Failure> {
    let treatment = Treatment { preset: options.preset, intensity: options.intensity };
    let request = RenditionRequest { treatment, analysis: options.analysis, ..RenditionRequest::default() };
    let rendition = rendition(&options.file, &request)?;
    let permit = Permit::standalone();
    let measurements = Measurements::default();
    let analysis = measurements.analysis(&rendition.music, options.analysis, &permit)?;
    let resolved = match options.analysis {
        AnalysisKind::Quick => measurements.resolve(&rendition.music, &treatment, AnalysisKind::Quick, &permit)?,
        AnalysisKind::Full => resolve_by_all(&rendition.music, &analysis, &treatment, &permit)?,
    };
    let undamaged = print_warnings(&options.file, &analysis.warnings);
    if options.json {
        let text = serde_json::to_string_pretty(&AnalyseReport { analysis, settled: resolved })?;
        print(|out| writeln!(out, "{text}"))?;
    } else {
        let mastered = format!("{} {}", options.preset, options.intensity);
        print(|out| writeln!(out, "{analysis}{mastered:<15} {resolved}"))?;
    }
    Ok(undamaged)
}
