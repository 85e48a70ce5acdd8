//! The music that plays when nothing else can.

use std::path::Path;

use crowd_media::Tags;
use crowd_media::{AudioSpec, AudioWriter, Container, SampleFormat};
use music_generator::prompt::blend::{WeightedPrompt, blend};
use music_generator::prompt::vocabulary::Vocabulary;
use music_generator::session::Session;
use music_generator::synth::{QUANTUM, SILENCE};
use music_generator::types::config::Config;

use crate::error::Error;

const PROMPT: &str = "calm ambient";
const SEED: u64 = 1;
const SECONDS: u64 = 60;
/// It begins and ends with a fade, because it is repeated.
const FADE_SECONDS: u64 = 2;
/// The tail of a generated piece begins with silence.
const LEAD_IN_SECONDS: u64 = 4;

/// Generates a minute of music and writes it as FLAC.
///
/// # Errors
/// When the disk is full or the folder cannot be written.
pub fn write_filler(path: &Path, sample_rate: u32) -> Result<(), Error> {
    let generator = |error: &dyn std::fmt::Display| Error::Invalid(format!("the music generator: {error}"));
    let vocabulary = Vocabulary::built_in().map_err(|error| generator(&error))?;
    let prompts = [WeightedPrompt { text: PROMPT.to_owned(), weight: 1.0 }];
    let blended = blend(&vocabulary, &prompts, &Config::default(), None).map_err(|error| generator(&error))?;
    let mut session = Session::new(sample_rate, SEED, blended.target);
    let mut spec = AudioSpec::new(sample_rate, 2, SampleFormat::I16);
    spec.dither = true;
    let mut tags = Tags::default();
    tags.title = Some("Interlude".to_owned());
    let mut writer = AudioWriter::create(path, Container::Flac, spec, &tags)?;
    let rate = u64::from(sample_rate);
    let (lead_in, frames) = (LEAD_IN_SECONDS * rate, SECONDS * rate);
    let mut stems = SILENCE;
    for quantum in 0..(lead_in + frames) / QUANTUM as u64 {
        session.render(&mut stems);
        let Some(first) = (quantum * QUANTUM as u64).checked_sub(lead_in) else { continue };
        let mut block = Session::sum(&stems);
        for (frame, at) in block.iter_mut().zip(first..) {
            let gain = at.min(frames - at) as f32 / (FADE_SECONDS * rate) as f32;
            *frame = frame.map(|sample| sample * gain.min(1.0));
        }
        writer.write_f32(block.as_flattened())?;
    }
    Ok(writer.commit()?)
}
