//! A tempo that breathes: notes are earlier or later than the grid and on it again at the end of each span, so that the beats stay
//! those of the clock.

use crate::compose::scene::Scene;
use crate::compose::timing::{ritardando_ms, rubato_ms};

/// Bars over which the tempo falls and rises.
const SPAN_BARS: u32 = 4;
/// Bars at the end of a section over which the tempo slows down.
const CLOSING_BARS: u32 = 2;
/// By how much it slows down there.
const CLOSING_DEPTH: (f32, f32) = (0.06, 0.12);
/// The most that a note may be early: bars are written a fifth of a second before they begin.
const MOST_EARLY_MS: f32 = 110.0;

/// How late a step of the bar is, in milliseconds, when the tempo falls and rises by the share `depth`.
pub fn late_ms(scene: &Scene<'_>, step: usize, depth: f32) -> f32 {
    let bar_ms = scene.beats as f32 * 60_000.0 / scene.bpm as f32;
    let place = step as f32 / scene.steps().max(1) as f32;
    let left = scene.section.bars.saturating_sub(scene.at);
    let in_span = |into: u32, span: u32| ((into as f32 + place) / span as f32, span as f32 * bar_ms);
    let late = if left <= CLOSING_BARS {
        let (at, span_ms) = in_span(CLOSING_BARS - left, CLOSING_BARS);
        let (least, most) = CLOSING_DEPTH;
        ritardando_ms(at, span_ms, scene.pattern_dice("closing", u32::MAX).between(least, most))
    } else if scene.at % SPAN_BARS + left <= SPAN_BARS {
        // The span that the end of the section shortens.
        let (at, span_ms) =
            in_span(scene.at % SPAN_BARS, (scene.at % SPAN_BARS + left).saturating_sub(CLOSING_BARS).max(1));
        rubato_ms(at, span_ms, depth)
    } else {
        let (at, span_ms) = in_span(scene.at % SPAN_BARS, SPAN_BARS);
        rubato_ms(at, span_ms, depth)
    };
    late.max(-MOST_EARLY_MS)
}
