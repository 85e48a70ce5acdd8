//! Where the music is.

use std::collections::VecDeque;

use serde::Serialize;

use crate::types::bar::{Bar, ChordSpan};
use crate::types::ticks::Ticks;

/// What sounds at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Status {
    /// The next frame to be rendered.
    pub frame: u64,
    /// That frame in seconds.
    pub seconds: f64,
    /// The tempo in quarter notes a minute.
    pub bpm: f64,
    /// Quarter notes since the start.
    pub beat: f64,
    /// The number of the bar, from 0.
    pub bar: u64,
    /// The main style.
    pub style: &'static str,
    /// The section of the form, as in `A` or `break`.
    pub section: &'static str,
    /// The scale of the section, as in `D dorian`.
    pub scale: String,
    /// The chord, as in `Am9`; empty when there is none.
    pub chord: String,
    /// What was not understood in the prompts, a sentence for each prompt.
    pub not_understood: Vec<String>,
}

/// The bars that sound now and next, without their notes.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    bars: VecDeque<BarHead>,
}

#[derive(Clone, Debug)]
struct BarHead {
    number: u64,
    end: Ticks,
    section: &'static str,
    scale: String,
    chords: Vec<ChordSpan>,
}

impl Score {
    /// Adds the bar that follows.
    pub fn push(&mut self, bar: &Bar) {
        self.bars.push_back(BarHead {
            number: bar.number,
            end: bar.start + bar.length,
            section: bar.section,
            scale: bar.scale_name.clone(),
            chords: bar.chords.clone(),
        });
    }

    /// Forgets the bars that end before this beat.
    pub fn advance(&mut self, beat: f64) {
        while self.bars.len() > 1 && self.bars.front().is_some_and(|bar| bar.end.to_beats() <= beat) {
            self.bars.pop_front();
        }
    }

    /// Writes bar, section, scale and chord into a status with a beat.
    pub fn describe(&self, status: &mut Status) {
        let Some(bar) = self.bars.front() else { return };
        let begun = |chord: &&ChordSpan| chord.start.to_beats() <= status.beat + 1e-6;
        let chord = bar.chords.iter().rev().find(begun).map(|chord| chord.name.clone());
        status.bar = bar.number;
        status.section = bar.section;
        status.scale.clone_from(&bar.scale);
        status.chord = chord.unwrap_or_default();
    }
}
