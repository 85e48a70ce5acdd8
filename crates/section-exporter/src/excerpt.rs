//! What is cut out of a track along its grid: the cues moved onto it, and what is done where it jumps.

use serde::Serialize;

use crate::cues::{Cues, Snap};
use crate::grid::{Grid, Jump};
use crate::skip::Skip;
use crate::structure::Segment;

/// What to do where the grid jumps between the cues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnJump {
    /// The excerpt ends at the bar before the jump
    #[default]
    Cut,
    /// The last beat before the jump is made as long as the others, which is heard
    Straighten,
    /// The track is left out
    Skip,
}

/// An excerpt that reaches to a jump, or over it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtJump {
    /// The first beat behind the jump, in seconds.
    pub seconds: f64,
    /// How much later it comes than the one that was due, in beats.
    pub beats: f64,
    /// Where the excerpt would have ended, in seconds, if it ends before the jump; absent when the jump is in it.
    pub ended: Option<f64>,
}

/// What is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    /// From where to where.
    pub cues: Cues,
    /// Along which beats.
    pub grid: Grid,
    /// The jump that it ends before, or that lies in it.
    pub at_jump: Option<AtJump>,
}

impl Excerpt {
    /// The excerpt between cues as they were found, along a grid. `segments` are those of the track, of which the last one
    /// that begins in an excerpt that ends early has its begin cue.
    ///
    /// # Errors
    /// [`Skip::Empty`] when nothing is left between the cues, [`Skip::Jump`] when the grid jumps between them and the track
    /// is to be left out for it, or less than a bar lies before the jump.
    pub fn new(found: Cues, segments: &[Segment], grid: &Grid, snap: Snap, on_jump: OnJump) -> Result<Self, Skip> {
        // An analyser's section may begin a little before the edit that it begins with.
        let begin = found.ini + 60.0 / grid.bpm();
        let jump = grid.jumps().iter().copied().find(|jump| jump.seconds > begin);
        let side = grid.side(begin);
        let on_side = |cues: Cues| cues.snapped(snap, &side);
        let Some(jump) = jump else {
            return on_side(found).map(|cues| Self { cues, grid: side.clone(), at_jump: None });
        };
        let end = snap.place(found.end, &side);
        if found.end.max(end) <= jump.seconds {
            return on_side(found).map(|cues| Self { cues, grid: side.clone(), at_jump: None });
        }
        let Jump { seconds, beats, .. } = jump;
        let skip = |before| Skip::Jump { at: seconds, beats, before };
        match on_jump {
            OnJump::Skip => Err(skip(None)),
            OnJump::Straighten => {
                let at_jump = Some(AtJump { seconds, beats, ended: None });
                Ok(Self { cues: found.snapped(snap, grid)?, grid: grid.clone(), at_jump })
            }
            OnJump::Cut => {
                let ini = snap.place(found.ini, &side);
                let bar = f64::from(side.beats_per_bar());
                let end =
                    side.downbeat_before(seconds).filter(|end| side.beat_at(*end) - side.beat_at(ini) > bar - 0.5);
                let end = end.ok_or_else(|| skip(Some(ini)))?;
                let begins = segments.iter().map(|segment| segment.start).chain([found.begin]);
                let begin = begins.filter(|at| *at <= found.begin && snap.place(*at, &side) < end).fold(ini, f64::max);
                let cues = Cues { ini, begin: snap.place(begin, &side).max(ini), end };
                let at_jump = Some(AtJump { seconds, beats, ended: Some(found.end) });
                Ok(Self { cues, grid: side, at_jump })
            }
        }
    }

    /// What is to be told of a jump.
    pub fn note(&self) -> Option<String> {
        let AtJump { seconds, beats, ended } = self.at_jump?;
        let jump = format!("the beat grid jumps by {beats:+.2} beats at {seconds:.3} s");
        Some(match ended {
            Some(ended) => format!(
                "{jump}: the excerpt ends at the bar before it, at {:.3} s instead of {ended:.3} s (--on-jump straighten goes on \
                 over it, --on-jump skip leaves the track out)",
                self.cues.end
            ),
            None => format!("{jump}: the last beat before it is made as long as the others (--on-jump cut ends there)"),
        })
    }
}

#[cfg(test)]
mod tests;
