//! What the music is to be: the sum of all prompts and settings.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Mode;
use super::instrument::Instrument;
use super::stem::Stem;

/// A style, with rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// Lofi hip-hop.
    Lofi,
    /// Ragas over a drone, with tabla and lofi drums.
    IndianLofi,
    /// Ambient, without a pulse.
    Ambient,
    /// Score for a story.
    Cinematic,
    /// Minimal techno and house.
    House,
    /// Solo piano.
    Piano,
}

impl Style {
    /// All styles.
    pub const ALL: [Self; 6] = [Self::Lofi, Self::IndianLofi, Self::Ambient, Self::Cinematic, Self::House, Self::Piano];

    /// Its place in [`Style::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A noise of a place, a medium or the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[rustfmt::skip]
#[allow(missing_docs, reason = "the names are the words of musicians")]
pub enum Noise {
    Vinyl, Hiss, Rain, Thunder, Ocean, River, Wind, Fire, Birds, Cafe, City, Train,
}

impl Noise {
    /// All noises.
    #[rustfmt::skip]
    pub const ALL: [Self; 12] = [
        Self::Vinyl, Self::Hiss, Self::Rain, Self::Thunder, Self::Ocean, Self::River, Self::Wind, Self::Fire, Self::Birds, Self::Cafe,
        Self::City, Self::Train,
    ];

    /// Its place in [`Noise::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How the whole mix is coloured by an era or a medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Medium {
    /// Depth of wow and flutter, 1 is that of the style.
    pub wow: f32,
    /// The lowest frequency in hertz; 0 when nothing is cut.
    pub low_cut: f32,
    /// The highest frequency in hertz; 20,000 when nothing is cut.
    pub high_cut: f32,
    /// Bits of a sampler; 24 when nothing is reduced.
    pub bits: u8,
    /// Whether it is mono.
    pub mono: bool,
}

impl Default for Medium {
    fn default() -> Self {
        Self { wow: 1.0, low_cut: 0.0, high_cut: 20_000.0, bits: 24, mono: false }
    }
}

/// What the music is to be. Prompts and settings are blended into one of these; composer, instruments and mix follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The share of each style, in the order of [`Style::ALL`]; the sum is 1.
    pub styles: [f32; Style::ALL.len()],
    /// From sad (-1) to happy (1).
    pub valence: f32,
    /// From calm (-1) to excited (1).
    pub arousal: f32,
    /// How much happens, 0 to 1.
    pub density: f32,
    /// How bright the sound is, 0 to 1.
    pub brightness: f32,
    /// The tempo in quarter notes a minute; none when the style chooses it.
    pub bpm: Option<f64>,
    /// A factor of the tempo of the style.
    pub tempo_factor: f64,
    /// The place of an off-beat sixteenth in its eighth, 0.5 (straight) to 0.667; none when the style chooses it.
    pub swing: Option<f32>,
    /// Quarter notes in a bar; none when the style chooses it.
    pub beats_per_bar: Option<u8>,
    /// The tonic as a pitch class; none when the seed chooses it.
    pub tonic: Option<u8>,
    /// The mode; none when it follows from the valence.
    pub mode: Option<Mode>,
    /// The name of a raga in the vocabulary.
    pub raga: Option<String>,
    /// How much the music varies, 0 to 3.
    pub temperature: f32,
    /// Instruments that were named, with their gain in decibels.
    pub instruments: BTreeMap<Instrument, f32>,
    /// Instruments that must not sound.
    pub excluded: BTreeSet<Instrument>,
    /// A change of the level of each stem in decibels, -12 to 12, in the order of [`Stem::ALL`].
    pub stem_gains_db: [f32; Stem::COUNT],
    /// Stems that are silent, in the order of [`Stem::ALL`].
    pub muted: [bool; Stem::COUNT],
    /// Noises, with their level, 0 to 1.
    pub noises: BTreeMap<Noise, f32>,
    /// The colour of the mix.
    pub medium: Medium,
    /// A change of the reverb's level, in decibels.
    pub reverb_db: f32,
}

impl Default for Target {
    /// Lofi, neutral.
    fn default() -> Self {
        Self {
            styles: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            valence: 0.0,
            arousal: 0.0,
            density: 0.5,
            brightness: 0.5,
            bpm: None,
            tempo_factor: 1.0,
            swing: None,
            beats_per_bar: None,
            tonic: None,
            mode: None,
            raga: None,
            temperature: 1.1,
            instruments: BTreeMap::new(),
            excluded: BTreeSet::new(),
            stem_gains_db: [0.0; Stem::COUNT],
            muted: [false; Stem::COUNT],
            noises: BTreeMap::new(),
            medium: Medium::default(),
            reverb_db: 0.0,
        }
    }
}

impl Target {
    /// The style with the largest share.
    pub fn style(&self) -> Style {
        let mut best = Style::Lofi;
        for style in Style::ALL {
            if self.styles[style.index()] > self.styles[best.index()] {
                best = style;
            }
        }
        best
    }
}
