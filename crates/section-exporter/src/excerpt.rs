//! An excerpt: cues that were moved onto the beat grid of the track, and the handling of grid jumps.

use serde::Serialize;

use crate::cues::{Cues, Snap};
use crate::grid::{Grid, GridJump};
use crate::skip_reason::SkipReason;
use crate::structure::Section;

/// What to do where the grid jumps between the cues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnJump {
    /// The excerpt ends at the bar before the jump
    #[default]
    Cut,
    /// The last beat before the jump is made as long as the others, which is audible
    Straighten,
    /// The track is left out
    Skip,
}

/// A jump of the grid that an excerpt contains or ends before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ExcerptJump {
    /// The first beat after the jump, in seconds.
    pub seconds: f64,
    /// The delay of that beat after a regular beat, in beats.
    pub beats: f64,
    /// The time at which the excerpt would have ended, in seconds, if it ends before the jump; `None` when it contains
    /// the jump.
    pub ended: Option<f64>,
}

/// The excerpt of a track: its cues, and the beat grid along which it is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    /// Its start, begin and end.
    pub cues: Cues,
    /// The beat grid along which it is cut.
    pub grid: Grid,
    /// The jump that it ends before or contains.
    pub jump: Option<ExcerptJump>,
}

impl Excerpt {
    /// Makes an excerpt from the cues that were found in a track. `sections` are the sections of the track. If the excerpt
    /// ends before a jump, the last section that begins in it gives the begin cue.
    ///
    /// # Errors
    /// [`SkipReason::EmptyExcerpt`] when nothing is left between the cues. [`SkipReason::GridJump`] when the grid jumps
    /// between them, and either `on_jump` is [`OnJump::Skip`] or the excerpt would end less than a bar after its start.
    pub fn new(
        found: Cues,
        sections: &[Section],
        grid: &Grid,
        snap: Snap,
        on_jump: OnJump,
    ) -> Result<Self, SkipReason> {
        // The analyser may start a section a little before the edit at which the grid jumps. So a jump within a beat after
        // the first cue counts as before the excerpt.
        let begin = found.ini + 60.0 / grid.bpm();
        let jump = grid.jumps().iter().copied().find(|jump| jump.seconds > begin);
        let side = grid.side(begin);
        let on_side = |cues: Cues| cues.snapped(snap, &side);
        let Some(jump) = jump else {
            return on_side(found).map(|cues| Self { cues, grid: side.clone(), jump: None });
        };
        let end = snap.apply(found.end, &side);
        if found.end.max(end) <= jump.seconds {
            return on_side(found).map(|cues| Self { cues, grid: side.clone(), jump: None });
        }
        let GridJump { seconds, beats, .. } = jump;
        let skip = |before| SkipReason::GridJump { seconds, beats, before };
        match on_jump {
            OnJump::Skip => Err(skip(None)),
            OnJump::Straighten => {
                let jump = Some(ExcerptJump { seconds, beats, ended: None });
                Ok(Self { cues: found.snapped(snap, grid)?, grid: grid.clone(), jump })
            }
            OnJump::Cut => {
                let ini = snap.apply(found.ini, &side);
                let bar = f64::from(side.beats_per_bar());
                let end =
                    side.downbeat_before(seconds).filter(|end| side.beat_at(*end) - side.beat_at(ini) > bar - 0.5);
                let end = end.ok_or_else(|| skip(Some(ini)))?;
                let begins = sections.iter().map(|section| section.start).chain([found.begin]);
                let begin = begins.filter(|at| *at <= found.begin && snap.apply(*at, &side) < end).fold(ini, f64::max);
                let cues = Cues { ini, begin: snap.apply(begin, &side).max(ini), end };
                let jump = Some(ExcerptJump { seconds, beats, ended: Some(found.end) });
                Ok(Self { cues, grid: side, jump })
            }
        }
    }

    /// The sentence that describes the jump to the user.
    pub fn note(&self) -> Option<String> {
        let ExcerptJump { seconds, beats, ended } = self.jump?;
        let jump = format!("the beat grid jumps by {beats:+.2} beats at {seconds:.3} s");
        Some(match ended {
            Some(ended) => format!(
                "{jump}: the excerpt ends at the bar before it, at {:.3} s instead of {ended:.3} s (--on-jump straighten continues \
                 across it, --on-jump skip leaves the track out)",
                self.cues.end
            ),
            None => format!("{jump}: the last beat before it is made as long as the others (--on-jump cut ends there)"),
        })
    }
}

#[cfg(test)]
mod tests;
