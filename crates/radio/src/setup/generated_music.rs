//! Generated music: what plays when nothing else can, and the music of the demo.

use std::path::Path;

use crowd_media::{AudioSpec, AudioWriter, Container, SampleFormat, Tags};
use music_generator::prompt::blend::{WeightedPrompt, blend};
use music_generator::prompt::vocabulary::Vocabulary;
use music_generator::session::Session;
use music_generator::synth::{QUANTUM, SILENCE};
use music_generator::types::config::Config;

use crate::error::Error;

/// It begins and ends with a fade, because it is repeated.
const FADE_SECONDS: u64 = 2;
/// A session begins with silence and single notes, which are left out.
const LEAD_IN_SECONDS: u64 = 4;

/// A piece of generated music.
#[derive(Clone, Copy, Debug)]
pub struct GeneratedMusic {
    /// The title in the tags.
    pub title: &'static str,
    /// What kind of music, in words.
    pub prompt: &'static str,
    /// The seed; the same one gives the same music.
    pub seed: u64,
    /// The length.
    pub seconds: u64,
}

impl GeneratedMusic {
    /// What plays when nothing else can.
    pub const FILLER: Self = Self { title: "Interlude", prompt: "calm ambient", seed: 1, seconds: 60 };

    /// Generates the piece and writes it as FLAC.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn write(&self, path: &Path, sample_rate: u32) -> Result<(), Error> {
        let generator = |error: &dyn std::fmt::Display| Error::Invalid(format!("the music generator: {error}"));
        let vocabulary = Vocabulary::built_in().map_err(|error| generator(&error))?;
        let prompts = [WeightedPrompt { text: self.prompt.to_owned(), weight: 1.0 }];
        let blended = blend(&vocabulary, &prompts, &Config::default(), None).map_err(|error| generator(&error))?;
        let mut session = Session::new(sample_rate, self.seed, blended.target);
        let mut spec = AudioSpec::new(sample_rate, 2, SampleFormat::I16);
        spec.dither = true;
        let mut tags = Tags::default();
        tags.title = Some(self.title.to_owned());
        tags.artist = Some("music-generator".to_owned());
        let mut writer = AudioWriter::create(path, Container::Flac, spec, &tags)?;
        let rate = u64::from(sample_rate);
        let (lead_in, frames) = (LEAD_IN_SECONDS * rate, self.seconds * rate);
        let mut stems = SILENCE;
        for quantum in 0..(lead_in + frames) / QUANTUM as u64 {
            session.render(&mut stems);
            let Some(first) = (quantum * QUANTUM as u64).checked_sub(lead_in) else { continue };
            let mut block = Session::sum(&stems);
            for (frame, at) in block.iter_mut().zip(first..) {
                let gain = at.min(frames.saturating_sub(at)) as f32 / (FADE_SECONDS * rate) as f32;
                *frame = frame.map(|sample| sample * gain.min(1.0));
            }
            writer.write_f32(block.as_flattened())?;
        }
        Ok(writer.commit()?)
    }
}
