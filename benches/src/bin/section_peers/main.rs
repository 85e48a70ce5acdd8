//! Compares `section-export` with programs that a DJ would use in a script: the same excerpts of the same tracks with `ffmpeg`,
//! `sox` and `rubberband`, where they are installed.
//!
//! ```text
//! section_peers LIBRARY              prints the table; LIBRARY is the output of the example dj_library
//! section_peers LIBRARY --keep DIR   keeps the excerpts in DIR
//! ```
//!
//! The times are those for cutting and stretching the excerpts of LIBRARY, the shortest of several runs: the elapsed time, with as
//! many excerpts at once as there are processors, and the processor time of all programs. The quality is measured with synthetic
//! tracks of clicks over steady tones.
#![forbid(unsafe_code)]

mod clicks;
mod measure;
mod programs;

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Parser;
use crowd_engine_benches::processor_seconds;
use serde::Deserialize;

use measure::Quality;
use programs::Program;

/// The tempo of all excerpts, in BPM.
const TARGET: f64 = 122.0;
/// The largest difference between the tempo of a track and [`TARGET`], in BPM.
const DELTA: &str = "4";
const METHODS: [&str; 3] = ["playback_rate", "wsola", "hq"];

/// Compares section-export with other programs
#[derive(Parser)]
struct Args {
    /// The library whose excerpts are timed: the output of the example dj_library
    library: PathBuf,
    /// The program section-export [default: the one in the folder of this program]
    #[arg(long, value_name = "FILE")]
    section_export: Option<PathBuf>,
    /// Number of runs, of which the shortest time counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// Keep the excerpts in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// The report of section-export.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "parts")]
    excerpts: Vec<Excerpt>,
}

#[derive(Deserialize)]
struct Excerpt {
    audio: PathBuf,
    bpm: f64,
    ini_cue: f64,
    end_cue: f64,
    /// Absent when no excerpt was cut.
    #[serde(rename = "part_file")]
    file: Option<PathBuf>,
}

impl Excerpt {
    fn speed(&self) -> f64 {
        TARGET / self.bpm
    }
}

/// A library, and the program section-export.
struct Library<'a> {
    program: &'a Path,
    folder: &'a Path,
}

impl Library<'_> {
    /// Runs section-export with the options that name the library and these options.
    fn export(&self, excerpts: &Path, options: &[&str]) -> Result<Report, Box<dyn Error>> {
        let report = excerpts.join("report.json");
        std::fs::create_dir_all(excerpts)?;
        let mut command = Command::new(self.program);
        command.args(["--quiet", "--bpm", &TARGET.to_string(), "--delta", DELTA]).args(options);
        let given: [(&str, OsString); 4] = [
            ("--audio-dir", self.folder.join("audio").into()),
            ("--rekordbox-xml", self.folder.join("rekordbox.xml").into()),
            ("--parts-dir", excerpts.into()),
            ("--report", report.clone().into()),
        ];
        command.args(given.iter().flat_map(|(name, value)| [(*name).into(), value.clone()]));
        let out = command.arg(self.folder.join("struct")).stdout(Stdio::null()).output();
        let out = out.map_err(|error| {
            format!("{}: {error}: build it with cargo build --release -p section-export", self.program.display())
        })?;
        if !out.status.success() {
            return Err(format!("section-export: {} ({})", String::from_utf8_lossy(&out.stderr), out.status).into());
        }
        Ok(serde_json::from_slice(&std::fs::read(report)?)?)
    }
}

/// The elapsed time and the processor time, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    processor: f64,
}

/// The lowest cost of several runs.
fn least(runs: usize, mut run: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Cost, Box<dyn Error>> {
    let mut least = Cost { wall: f64::INFINITY, processor: f64::INFINITY };
    for _ in 0..runs.max(1) {
        let (start, (_, before)) = (Instant::now(), processor_seconds()?);
        run()?;
        let wall = start.elapsed().as_secs_f64();
        let processor = processor_seconds()?.1 - before;
        least = Cost { wall: least.wall.min(wall), processor: least.processor.min(processor) };
    }
    Ok(least)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let temporary = tempfile::tempdir()?;
    let folder = args.keep.as_deref().unwrap_or(temporary.path());
    let beside = std::env::current_exe()?.with_file_name("section-export");
    let program = args.section_export.as_deref().unwrap_or(&beside);
    let tracks = clicks::write(&folder.join("clicks"))?;
    let music = Library { program, folder: &args.library };
    let made = Library { program, folder: &folder.join("clicks") };

    let excerpts = music.export(&folder.join("plan"), &["--dry-run"])?.excerpts;
    let seconds: f64 = excerpts.iter().map(|excerpt| (excerpt.end_cue - excerpt.ini_cue) / excerpt.speed()).sum();
    println!("{} excerpts, {seconds:.0} s in all, to {TARGET} BPM\n", excerpts.len());
    println!("| | wall | processor | {} |", Quality::HEAD.join(" | "));
    println!("|---|---:|---:|{}", "---:|".repeat(Quality::HEAD.len()));
    let row = |name: &str, cost: Option<Cost>, quality: &Quality| {
        let second = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.2} s"));
        let cost = [cost.map(|cost| cost.wall), cost.map(|cost| cost.processor)].map(second);
        println!("| {name} | {} | {} |", cost.join(" | "), quality.cells().join(" | "));
    };

    for method in METHODS {
        let out = folder.join(method);
        let options = ["--force", "--stretch-method", method];
        let cost = least(args.runs, || music.export(&out, &options).map(|_| ()))?;
        let done = made.export(&out.join("clicks"), &options)?.excerpts;
        let files: Vec<PathBuf> = done.iter().filter_map(|excerpt| excerpt.file.clone()).collect();
        if method == METHODS[0] {
            row("(the source)", None, &measure::source(&tracks, &done)?);
        }
        row(&format!("`section-export`, {method}"), Some(cost), &measure::excerpts(&tracks, &done, &files, method)?);
    }
    let planned = made.export(&folder.join("plan"), &["--dry-run"])?.excerpts;
    let (programs, missing): (Vec<_>, Vec<_>) = Program::ALL.iter().partition(|program| program.is_installed());
    for program in programs {
        let out = folder.join(program.name.replace(' ', "-").replace('`', ""));
        let cost = least(args.runs, || program.cut_all(&excerpts, &out).map(|_| ()))?;
        let files = program.cut_all(&planned, &out.join("clicks"))?;
        row(program.name, Some(cost), &measure::excerpts(&tracks, &planned, &files, program.name)?);
    }
    println!();
    for program in missing {
        println!("SKIPPED, not installed: {} (apt-get install {})", program.name, program.packages);
    }
    let out = folder.join("again");
    music.export(&out, &[])?;
    let again = least(args.runs, || music.export(&out, &[]).map(|_| ()))?;
    println!("section-export again, with nothing changed: {:.3} s", again.wall);
    Ok(())
}
