//! Stretches a file: `cargo run --release --example stretch -- in.mp3 out.wav --speed 1.083 --method wsola`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use crowd_engine::{Frames, Rate, SampleRate, StretchMethod, Track, export};
use crowd_media::{Audio, DecodeOptions, SampleFormat, Samples, wav};

/// Changes the speed of a piece of music (WAV, FLAC, MP3, Ogg, AAC...). The output is a WAV of exactly length / speed frames.
#[derive(Parser)]
struct Args {
    /// The music
    input: PathBuf,
    /// The WAV file to write: stereo, 32-bit float, at the music's own sample rate
    output: PathBuf,
    /// The speed: 1.083 is 8.3 % faster
    #[arg(long, default_value_t = 1.083)]
    speed: f64,
    /// playback_rate (pitch follows), wsola or hq (pitch stays)
    #[arg(long, default_value = "hq")]
    method: StretchMethod,
}

fn run(args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    let speed = Rate::new(args.speed)?;
    let audio = crowd_media::open(&args.input, &DecodeOptions::default())?;
    let rate = SampleRate::new(audio.sample_rate)?;
    let track = Track::from_audio(audio, rate)?;
    let (start, made) = (Instant::now(), AtomicU64::new(0));
    let time_map = export::TimeMap::whole(&track, speed);
    let frames = time_map.frames().0 as f64;
    let out = export::export_with_progress(&track, args.method, &time_map, |Frames(more)| {
        let made = made.fetch_add(more, Ordering::Relaxed) + more;
        eprint!("\r{:3.0} %", 100.0 * made as f64 / frames);
    });
    let took = start.elapsed().as_secs_f64();
    wav::write(&args.output, &Audio::new(Samples::F32(out), rate.get(), 2)?, SampleFormat::F32)?;
    let (path, method, seconds) = (args.output.display(), args.method, frames / f64::from(rate.get()));
    eprintln!("\r{path}: {seconds:.3} s at {speed} by {method}, {:.0} x real time", seconds / took);
    Ok(())
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stretch: {error}");
            ExitCode::FAILURE
        }
    }
}
