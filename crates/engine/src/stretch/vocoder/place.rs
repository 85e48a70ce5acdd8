//! Which frame of the source a frame of output is made of.

use crate::dsp::Position;
use crate::stretch::source::Source;
use crate::types::cast::whole;

/// How far around a position onsets are looked for, in frames.
const REACH: i64 = 12_000;
/// So many times a zone it takes from its end back to the nominal place.
const BACK: f64 = 1.5;
/// No zone takes more than this part of the time between two onsets, else the rest would have to run too fast.
const PART: f64 = 0.25;

/// The middle of a frame in the source, and the onset in whose zone it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    pub centre: i64,
    pub onset: Option<i64>,
}

impl Place {
    /// The place of the frame of output that is `ahead` frames from `position`. Within `zone` frames of an onset the source
    /// runs at its own speed, and that is made good before and behind.
    pub fn find(source: &dyn Source, position: Position, speed: f64, ahead: f64, zone: f64) -> Self {
        let nominal = position.to_f64() + speed * ahead;
        let at = whole(nominal.floor());
        if !(0.1..=8.0).contains(&speed) {
            return Self { centre: at, onset: None };
        }
        let next = source.onset(at, at + REACH).map(|onset| onset.frame);
        let before = last_onset(source, at - REACH, at);
        // Frames of output since the one onset and until the other.
        let far = REACH as f64 / speed;
        let since = before.map_or(far, |onset| (nominal - onset as f64) / speed);
        let until = next.map_or(far, |onset| (onset as f64 - nominal) / speed);
        let zone = zone.min(PART * (since + until) * speed.min(1.0));
        let (left, right) = (nominal - since * speed, nominal + until * speed);
        let (place, onset) = if since < zone && before.is_some() {
            (left + since, before)
        } else if until < zone && next.is_some() {
            (right - until, next)
        } else if since + until < 2.0 * (1.0 + BACK) * zone {
            // There is no time to come back to the nominal place between the two.
            let part = (since - zone) / (since + until - 2.0 * zone);
            (left + zone + (right - left - 2.0 * zone) * part, None)
        } else {
            // How far the zone has led astray, and how much of that is not made good yet.
            let astray = (speed - 1.0) * zone;
            let rest = |away: f64| (1.0 - (away - zone) / (BACK * zone)).clamp(0.0, 1.0);
            let behind = before.map_or(0.0, |_| astray * rest(since));
            let ahead = next.map_or(0.0, |_| astray * rest(until));
            (nominal - behind + ahead, None)
        };
        // At speed 1 all of this is the nominal place, whatever the rounding: whole frames ahead of the playhead's.
        let centre = if speed == 1.0 { position.frame() + whole(ahead) } else { whole(place.floor()) };
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
