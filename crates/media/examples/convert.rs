//! Converts any file to WAV or FLAC: `cargo run --release -p crowd-media --example convert -- in.mp3 out.flac 24`

use std::path::PathBuf;
use std::time::Instant;

use crowd_media::{AudioFormat, Container, SampleFormat, open, probe, write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(from), Some(to)) = (args.next().map(PathBuf::from), args.next().map(PathBuf::from)) else {
        return Err(
            "give a file to read, a file to write (.wav or .flac), and optionally a sample format (16, 24, 32f)".into(),
        );
    };
    let container: Container = to.extension().unwrap_or_default().to_string_lossy().parse()?;
    let depth: SampleFormat = args.next().unwrap_or_else(|| "16".into()).to_string_lossy().parse()?;
    let tags = probe(&from)?.tags;
    let audio = open(&from, &Default::default())?;
    let begun = Instant::now();
    write(&to, &audio, AudioFormat::new(container, depth)?, &tags)?;
    let (seconds, bytes) = (begun.elapsed().as_secs_f64(), std::fs::metadata(&to)?.len());
    println!("{:.0} s of music in {seconds:.2} s, {bytes} bytes", audio.seconds());
    Ok(())
}
