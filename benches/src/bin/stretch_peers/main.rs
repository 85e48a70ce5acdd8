//! Measures hits, chords and the stereo image after the tempo is changed with keylock: with the engine's methods and with the
//! programs `soundstretch`, `rubberband`, `sox` and `ffmpeg`, where they are installed, on the same 16-bit WAV files.
//!
//! ```text
//! stretch_peers                      prints the tables
//! stretch_peers --json               prints all results as JSON
//! stretch_peers --keep DIR           keeps the WAV files in DIR
//! stretch_peers --music FILE         measures the cost with this file instead of the synthetic signals
//! stretch_peers --program NAME='COMMAND {in} {out} {speed}'    measures another program too
//! ```
//!
//! The cost is the processor time for a second of output, relative to SoundTouch's in the same run. For the engine's methods it is
//! the time of the thread, with the track in memory. For programs it is user and system time, without the time that this program
//! needs to read and write such a file.
#![forbid(unsafe_code)]

mod measure;
mod ours;
mod programs;
mod signals;
mod table;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Parser;
use crowd_engine::{Pcm, SampleRate, StretchMethod, Track};
use crowd_engine_benches::{RATE, processor_seconds};
use crowd_media::{Audio, DecodeOptions, SampleFormat, Samples, wav};
use serde::Serialize;

use measure::{Hits, Tones};
use ours::Evenness;
use programs::Program;
use signals::{Signal, Sound};

/// The number of runs, of which the shortest counts.
const RUNS: usize = 3;
/// The length of a run, in seconds, from which on there is only one run.
const LONG: f64 = 5.0;
/// The seconds of music with which the cost is measured.
const COST_SECONDS: usize = 180;

/// Measures hits, chords and the stereo image after the tempo is changed with keylock
#[derive(Parser)]
struct Args {
    /// A file of music to measure the cost with, instead of the synthetic signals
    #[arg(long, value_name = "FILE")]
    music: Option<PathBuf>,
    /// Another program to measure: NAME='COMMAND {in} {out} {speed}' ({percent} is 8.3 where the speed is 1.083); repeatable
    #[arg(long, value_name = "NAME=COMMAND")]
    program: Vec<Program>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Keep the WAV files in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The speeds to measure
    #[arg(long, value_delimiter = ',', default_values_t = [0.917, 1.083, 1.25])]
    speeds: Vec<f64>,
}

/// The results of all measurements.
#[derive(Serialize)]
struct Report {
    rows: Vec<Row>,
    evenness: Vec<(String, Evenness)>,
    changes: Vec<Change>,
    /// The memory of one more stretcher of each method, in KiB.
    memory: Vec<(String, f64)>,
    /// The seconds of processor time for the onset detection of a second of music, when it is loaded.
    onsets: f64,
    missing: Vec<String>,
}

/// The results of one stretcher at one speed.
#[derive(Serialize)]
struct Row {
    engine: String,
    speed: f64,
    hits: Hits,
    drums: Hits,
    tones: Tones,
    chord: Tones,
    /// The excess length of the output of the signal with hits, in milliseconds.
    length_ms: f64,
    /// The seconds of processor time for a second of output.
    cost: f64,
    /// The cost relative to that of SoundTouch.
    ratio: Option<f64>,
}

/// The delays of hits shortly ([`ours::AFTER_CHANGE_MS`]) after the speed changed from 0.917 to 1.083 or back.
#[derive(Serialize)]
struct Change {
    method: String,
    /// In milliseconds.
    worst_ms: [f64; ours::AFTER_CHANGE_MS.len()],
}

/// A stretcher to measure.
enum Engine {
    /// No stretcher: the source itself, for comparison.
    Source,
    Ours(StretchMethod),
    Program(Program),
}

impl Engine {
    fn name(&self) -> String {
        match self {
            Self::Source => "source".into(),
            Self::Ours(method) => method.to_string(),
            Self::Program(program) => program.name.clone(),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let temporary = tempfile::tempdir()?;
    let folder = args.keep.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let report = run(&args, folder)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        table::print(&report);
    }
    Ok(())
}

fn run(args: &Args, folder: &Path) -> Result<Report, Box<dyn Error>> {
    let memory = ours::kibibytes()?;
    let mut signals = signals::all();
    let mut sources = Vec::new();
    for signal in &mut signals {
        let path = folder.join(format!("{}.wav", signal.name));
        write(&path, &signal.frames)?;
        // The source is rounded to 16 bits, as the files are.
        let source = Source::open(&path)?;
        signal.frames.clone_from(&source.frames);
        sources.push(source);
    }
    let music = cost_source(args.music.as_deref(), &signals, folder)?;
    let programs = Program::known().chain(args.program.iter().cloned());
    let (programs, missing): (Vec<_>, Vec<_>) = programs.partition(Program::is_installed);
    let ours = StretchMethod::ALL.iter().map(|method| Engine::Ours(*method));
    let engines: Vec<_> = ours.chain(programs.into_iter().map(Engine::Program)).collect();
    let mut rows = vec![row(&Engine::Source, 1.0, &signals, &sources, &music, folder)?];
    for speed in &args.speeds {
        let from = rows.len();
        for engine in &engines {
            eprintln!("{} at {speed}", engine.name());
            rows.push(row(engine, *speed, &signals, &sources, &music, folder)?);
        }
        let one = rows[from..].iter().find(|row| row.engine == programs::SOUNDTOUCH).map(|row| row.cost);
        rows[from..].iter_mut().for_each(|row| row.ratio = one.map(|one| row.cost / one));
    }
    let (mut evenness, mut changes) = (Vec::new(), Vec::new());
    for method in StretchMethod::ALL {
        for frames in ours::BLOCKS {
            evenness.push((method.to_string(), ours::evenness(&music.track, *method, 1.083, frames)?));
        }
        changes.push(change(*method, &signals[0], &sources[0])?);
    }
    let missing = missing.into_iter().map(|program| match program.package {
        Some(package) => format!("{} (apt-get install {package})", program.name),
        None => program.name,
    });
    Ok(Report { rows, evenness, changes, memory, onsets: music.onsets, missing: missing.collect() })
}

fn row(
    engine: &Engine,
    speed: f64,
    signals: &[Signal; 4],
    sources: &[Source],
    music: &Source,
    folder: &Path,
) -> Result<Row, Box<dyn Error>> {
    let mut outs = Vec::new();
    for source in sources {
        outs.push(stretch(engine, source, speed, folder)?);
    }
    let [hits, tones, chord, drums] = signals;
    let follows = matches!(engine, Engine::Ours(method) if !method.keeps_pitch());
    let pitch = if follows { speed } else { 1.0 };
    let too_long = outs[0].len() as f64 - hits.frames.len() as f64 / speed;
    Ok(Row {
        engine: engine.name(),
        speed,
        hits: measure::hits(hits, &outs[0], speed),
        drums: measure::hits(drums, &outs[3], speed),
        tones: measure::tones(tones, &outs[1], pitch)?,
        chord: measure::tones(chord, &outs[2], pitch)?,
        length_ms: too_long / f64::from(RATE) * 1e3,
        cost: cost(engine, music, speed, folder)?,
        ratio: None,
    })
}

/// A file, its frames, and a track with them.
struct Source {
    path: PathBuf,
    frames: Sound,
    track: Track,
    /// The seconds of processor time to make the track, for each second of music.
    onsets: f64,
    /// The seconds of processor time to read and write the file.
    copying: f64,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let before = ours::thread_seconds();
        let audio = crowd_media::open(path, &DecodeOptions::default())?;
        wav::write(&path.with_extension("copy"), &audio, SampleFormat::I16)?;
        let copying = ours::thread_seconds() - before;
        std::fs::remove_file(path.with_extension("copy"))?;
        let frames: Sound = audio.to_f32().as_chunks().0.into();
        let seconds = audio.seconds();
        let pcm = match audio.samples {
            Samples::I16(samples) => Pcm::I16(samples.into()),
            Samples::F32(samples) => Pcm::F32(samples.into()),
        };
        let before = ours::thread_seconds();
        let track = Track::new(pcm, SampleRate::new(audio.sample_rate)?, 2)?;
        let onsets = (ours::thread_seconds() - before) / seconds;
        Ok(Self { path: path.into(), frames, track, onsets, copying })
    }
}

fn output(engine: &Engine, source: &Source, speed: f64, folder: &Path) -> PathBuf {
    let stem = source.path.file_stem().unwrap_or_default().to_string_lossy();
    folder.join(format!("{stem}-{}-{speed}.wav", engine.name()))
}

/// Stretches a source through a 16-bit file.
fn stretch(engine: &Engine, source: &Source, speed: f64, folder: &Path) -> Result<Sound, Box<dyn Error>> {
    let path = output(engine, source, speed, folder);
    match engine {
        Engine::Source => return Ok(source.frames.clone()),
        Engine::Ours(method) => write(&path, &ours::stretch(&source.track, *method, speed)?)?,
        Engine::Program(program) => program.run(&source.path, &path, speed)?,
    }
    let audio = crowd_media::open(&path, &DecodeOptions::default())?;
    Ok(audio.to_f32().as_chunks().0.into())
}

/// Seconds of processor time for a second of output.
fn cost(engine: &Engine, music: &Source, speed: f64, folder: &Path) -> Result<f64, Box<dyn Error>> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let took = match engine {
            Engine::Source => 0.0,
            Engine::Ours(method) => ours::seconds(&music.track, *method, speed)?,
            Engine::Program(program) => {
                let (_, before) = processor_seconds()?;
                program.run(&music.path, &output(engine, music, speed, folder), speed)?;
                processor_seconds()?.1 - before - music.copying
            }
        };
        least = least.min(took);
        if took > LONG {
            break;
        }
    }
    Ok(least / (music.frames.len() as f64 / speed / f64::from(RATE)))
}

/// The music with which the cost is measured: the chord and the drums, or the given file.
fn cost_source(music: Option<&Path>, signals: &[Signal; 4], folder: &Path) -> Result<Source, Box<dyn Error>> {
    let path = folder.join("cost.wav");
    let frames: Sound = if let Some(music) = music {
        let audio = crowd_media::open(music, &DecodeOptions::default())?.to_stereo().resampled(RATE)?;
        audio.to_f32().as_chunks().0.into()
    } else {
        let [_, _, chord, drums] = signals;
        let mix = chord.frames.iter().zip(&drums.frames).map(|(a, b)| [0, 1].map(|side| a[side] + b[side]));
        mix.cycle().take(COST_SECONDS * RATE as usize).collect()
    };
    write(&path, &frames)?;
    Source::open(&path)
}

fn write(path: &Path, frames: &[[f32; 2]]) -> Result<(), Box<dyn Error>> {
    let audio = Audio::new(Samples::F32(frames.as_flattened().to_vec()), RATE, 2)?;
    Ok(wav::write(path, &audio, SampleFormat::I16)?)
}

fn change(method: StretchMethod, signal: &Signal, source: &Source) -> Result<Change, Box<dyn Error>> {
    let (out, due) = ours::change(&source.track, method, &signal.hits, [0.917, 1.083])?;
    let late = measure::late(signal, &out, &due);
    let worst_ms = ours::AFTER_CHANGE_MS.map(|(from, until)| {
        let hits = due.iter().zip(&late).filter(|(due, _)| due.ms_after_change > from && due.ms_after_change <= until);
        hits.fold(0.0, |worst: f64, (_, late)| worst.max(late.abs()))
    });
    Ok(Change { method: method.to_string(), worst_ms })
}
