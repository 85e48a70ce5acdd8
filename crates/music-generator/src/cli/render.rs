//! Renders music to files.

use std::error::Error;
use std::path::Path;

use crowd_cli::{ExitReason, UsageError, progress_bar};
use crowd_media::{AudioSpec, AudioWriter, Container, SampleFormat, Tags, atomic};

use super::{RenderOptions, midi, notes};
use crate::session::Session;
use crate::synth::{QUANTUM, SILENCE};
use crate::types::bar::Bar;
use crate::types::stem::Stem;
use crate::types::target::Target;

/// The file of a stem or of the mix.
struct File {
    writer: AudioWriter,
    buffer: Vec<f32>,
}

impl File {
    fn create(path: &Path, container: Container, format: SampleFormat, rate: u32) -> Result<Self, Box<dyn Error>> {
        let spec = AudioSpec { dither: format != SampleFormat::F32, ..AudioSpec::new(rate, 2, format) };
        Ok(Self { writer: AudioWriter::create(path, container, spec, &Tags::default())?, buffer: Vec::new() })
    }

    fn write(&mut self, frames: &[[f32; 2]]) -> Result<(), Box<dyn Error>> {
        self.buffer.extend(frames.iter().flatten());
        if self.buffer.len() >= 1 << 16 {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        self.writer.write_f32(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn commit(mut self) -> Result<(), Box<dyn Error>> {
        self.flush()?;
        Ok(self.writer.commit()?)
    }
}

fn container(path: &Path) -> Result<Container, UsageError> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let container = extension.parse::<Container>();
    container.map_err(|_| UsageError(format!("{}: give a name that ends with .wav or .flac", path.display())))
}

/// Renders the music that the options describe.
///
/// # Errors
/// A [`UsageError`] when no file is asked for, and errors of the files.
pub fn render(options: &RenderOptions) -> Result<ExitReason, Box<dyn Error>> {
    if options.out.is_none() && options.stems.is_none() && options.midi.is_none() && options.json.is_none() {
        return Err(UsageError("nothing would be written: give a file, --stems, --midi or --json".to_owned()).into());
    }
    if !(options.seconds > 0.0 && options.seconds <= 86_400.0) {
        return Err(UsageError("--seconds: give a length up to 86400".to_owned()).into());
    }
    let rate = options.sample_rate;
    if !(8_000..=192_000).contains(&rate) {
        return Err(UsageError("--sample-rate: give 8000 to 192000".to_owned()).into());
    }
    let (target, explanation) = options.target()?;
    let mut mix = match &options.out {
        Some(path) => Some(File::create(path, container(path)?, SampleFormat::I24, rate)?),
        None => None,
    };
    let mut stems = Vec::new();
    if let Some(folder) = &options.stems {
        std::fs::create_dir_all(folder)?;
        for stem in Stem::ALL {
            let path = folder.join(format!("{}.wav", stem.name()));
            stems.push(File::create(&path, Container::Wav, SampleFormat::F32, rate)?);
        }
    }
    let mut session = Session::new(rate, options.seed, target.clone());
    let bars = write(options, &target, &mut session, &mut mix, &mut stems)?;
    mix.into_iter().chain(stems).try_for_each(File::commit)?;
    if let Some(path) = &options.midi {
        atomic::write(path, &midi::file(&bars)?)?;
    }
    if let Some(path) = &options.json {
        atomic::write(path, notes::json(options.seed, &bars).to_string().as_bytes())?;
    }
    if !options.quiet {
        explanation.iter().for_each(|line| eprintln!("{line}"));
        let bpm = bars.first().map_or(0.0, |bar| bar.bpm);
        let scale = bars.first().map_or("", |bar| &bar.scale_name);
        eprintln!("{:.1} s, {} bars, {bpm} bpm, begins in {scale}, seed {}", options.seconds, bars.len(), options.seed);
    }
    Ok(ExitReason::Done)
}

fn write(
    options: &RenderOptions,
    target: &Target,
    session: &mut Session,
    mix: &mut Option<File>,
    stems: &mut [File],
) -> Result<Vec<Bar>, Box<dyn Error>> {
    let frames = (options.seconds * f64::from(options.sample_rate)) as u64;
    let quanta = frames.div_ceil(QUANTUM as u64);
    let progress = progress_bar(quanta, "{bar:40} {percent} %", options.quiet);
    let density = target.density;
    let mut bars = Vec::new();
    let mut left = frames;
    for quantum in 0..quanta {
        let mut out = SILENCE;
        session.render(&mut out);
        let count = left.min(QUANTUM as u64) as usize;
        if let Some(mix) = mix {
            mix.write(&Session::sum(&out)[..count])?;
        }
        for (file, block) in stems.iter_mut().zip(&out) {
            file.write(&block[..count])?;
        }
        left -= count as u64;
        while let Some(mut bar) = session.take_bar() {
            bar.notes.retain(|note| note.from_density <= density);
            bars.push(bar);
        }
        if quantum % 1_000 == 0 {
            progress.set_position(quantum);
        }
    }
    progress.finish_and_clear();
    Ok(bars)
}
