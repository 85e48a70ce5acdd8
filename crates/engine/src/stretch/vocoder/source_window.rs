//! The time map of the vocoder: the window of the source that each STFT frame of output is made of.

use crate::dsp::Position;
use crate::stretch::source::Source;
use crate::types::cast::whole;

/// The distance from a position, in frames, within which onsets are searched.
const REACH: i64 = 12_000;
/// How long the window takes to return from the end of a zone to its nominal position, as a multiple of the zone's length.
const RETURN: f64 = 1.5;
/// The largest share of the time between two onsets that a zone may take. With a larger share the source would run too fast
/// in the rest of the time.
const LARGEST_SHARE: f64 = 0.25;

/// A window of the source: its centre, and the onset in whose zone the centre is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SourceWindow {
    pub centre: i64,
    pub onset: Option<i64>,
}

impl SourceWindow {
    /// The window for the STFT frame of output whose centre is `later` frames after `position`. Within `zone` frames of
    /// an onset the source runs at its own speed. Before and after the zone it runs faster or slower, to make up for the
    /// difference.
    pub fn locate(source: &dyn Source, position: Position, speed: f64, later: f64, zone: f64) -> Self {
        let nominal = position.to_f64() + speed * later;
        let at = whole(nominal.floor());
        if !(0.1..=8.0).contains(&speed) {
            return Self { centre: at, onset: None };
        }
        let next = source.onset(at, at + REACH).map(|onset| onset.frame);
        let previous = last_onset(source, at - REACH, at);
        // Frames of output since the previous onset and until the next one.
        let far = REACH as f64 / speed;
        let since = previous.map_or(far, |onset| (nominal - onset as f64) / speed);
        let until = next.map_or(far, |onset| (onset as f64 - nominal) / speed);
        let zone = zone.min(LARGEST_SHARE * (since + until) * speed.min(1.0));
        let (left, right) = (nominal - since * speed, nominal + until * speed);
        let (centre, onset) = if since < zone && previous.is_some() {
            (left + since, previous)
        } else if until < zone && next.is_some() {
            (right - until, next)
        } else if since + until < 2.0 * (1.0 + RETURN) * zone {
            // The time between the two onsets is too short for a return to the nominal position.
            let share = (since - zone) / (since + until - 2.0 * zone);
            (left + zone + (right - left - 2.0 * zone) * share, None)
        } else {
            // The deviation from the nominal position at the edge of a zone, and the share of it that remains here.
            let deviation = (speed - 1.0) * zone;
            let remaining = |away: f64| (1.0 - (away - zone) / (RETURN * zone)).clamp(0.0, 1.0);
            let after_previous = previous.map_or(0.0, |_| deviation * remaining(since));
            let before_next = next.map_or(0.0, |_| deviation * remaining(until));
            (nominal - after_previous + before_next, None)
        };
        // At speed 1 the centre must be exactly `later` frames after the playhead, so it is not subject to rounding.
        let centre = if speed == 1.0 { position.frame() + whole(later) } else { whole(centre.floor()) };
        Self { centre, onset }
    }

    pub fn moved(&mut self, by: i64) {
        self.centre += by;
        self.onset = self.onset.map(|onset| onset + by);
    }
}

/// The last onset in `from..until`.
fn last_onset(source: &dyn Source, mut from: i64, until: i64) -> Option<i64> {
    let mut last = None;
    while let Some(onset) = source.onset(from, until) {
        last = Some(onset.frame);
        from = onset.frame + 1;
    }
    last
}
