//! The playhead of a voice: position, loop, and the track as the stretcher reads it.

use crate::dsp::{Position, seam};
use crate::stretch::Source;
use crate::track::Track;
use crate::types::cast::index;
use crate::types::loop_region::LoopRegion;
use crate::types::onset::Onset;

/// A position in a track with a loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playhead {
    pub position: Position,
    pub region: Option<LoopRegion>,
    /// Whether the playhead has jumped back at least once. From then on the frames before the loop's start are those of its
    /// end.
    wrapped: bool,
    /// The amplitude from which a residue fades out under the loop's start after the latest jump back.
    residue: [f32; 2],
}

impl Playhead {
    pub fn new(cue: i64, region: Option<LoopRegion>) -> Self {
        Self { position: Position::from_frames(cue), region, wrapped: false, residue: [0.0; 2] }
    }

    /// Moves to `position`, as if the loop had not been played yet.
    pub fn jump(&mut self, position: Position) {
        self.position = position;
        (self.wrapped, self.residue) = (false, [0.0; 2]);
    }

    /// Moves back into the loop if its end has been played. Returns the number of frames by which the playhead moved: zero
    /// or negative.
    pub fn wrap_played(&mut self, track: &Track) -> i64 {
        let Some(region) = self.region.filter(|region| self.position.frame() >= region.end as i64) else { return 0 };
        let residue = Unrolled::new(track, self).residue(region);
        let by = self.wrap();
        self.residue = residue;
        by
    }

    /// Moves into the loop from a position after its end. Returns the number of frames by which the playhead moved: zero or
    /// negative.
    pub fn wrap(&mut self) -> i64 {
        let Some(region) = self.region else { return 0 };
        let beyond = self.position.frame() - region.end as i64;
        if beyond < 0 {
            return 0;
        }
        let by = -(beyond / region.frames() + 1) * region.frames();
        self.position = self.position.offset(by);
        (self.wrapped, self.residue) = (true, [0.0; 2]);
        by
    }

    /// Whether nothing more can sound. The stretcher sounds for `ring_out` more frames after the end of the track.
    pub fn is_past(&self, track: &Track, ring_out: usize) -> bool {
        let beyond = self.position.frame() - track.end() as i64;
        self.region.is_none() && beyond >= ring_out as i64 && beyond >= track.rings() as i64
    }
}

/// The number of frames before a jump back, and after it, whose levels are compared.
const LEVEL: usize = 128;
/// A loop begins with an attack when its start is at least this many times as loud as its end.
const ATTACK: f32 = 2.0;

/// The number of frames over which the end of a loop blends into the frames before its start. It is 0 when there are too
/// few frames before the start. Then a residue of the loop's last frame fades out under the start instead.
fn blend(region: LoopRegion) -> i64 {
    if (region.start as i64) < LoopRegion::BLEND { 0 } else { LoopRegion::BLEND.min(region.frames() / 2) }
}

/// A track with its loop unrolled around the playhead.
pub(crate) struct Unrolled<'a> {
    track: &'a Track,
    head: &'a Playhead,
}

impl<'a> Unrolled<'a> {
    pub fn new(track: &'a Track, head: &'a Playhead) -> Self {
        Self { track, head }
    }

    /// The frame of the track at `index` of the unrolled loop.
    fn map(&self, index: i64, region: LoopRegion) -> i64 {
        let (start, end) = (region.start as i64, region.end as i64);
        if index >= end || (index < start && self.head.wrapped) {
            start + (index - start).rem_euclid(region.frames())
        } else {
            index
        }
    }

    /// Calls `check` for every span of the track from which frames `from..until` of the unrolled loop are read. Stops and
    /// returns false when `check` returns false.
    fn all_spans(&self, from: i64, until: i64, check: impl Fn(i64, i64) -> bool) -> bool {
        let Some(region) = self.head.region else { return check(from, until) };
        let (start, end) = (region.start as i64, region.end as i64);
        let blend = blend(region);
        let mut from = from;
        // A range of twice the loop's length covers the whole loop.
        let until = until.min(from.max(start).saturating_add(2 * region.frames()));
        while from < until {
            let there = self.map(from, region);
            let run = if there < end { end - there } else { until - from }.min(until - from);
            let into_blend = there < end && there + run > end - blend;
            if !check(there, there + run) || (into_blend && !check(start - blend, start)) {
                return false;
            }
            from += run;
        }
        true
    }

    /// Whether frames `from..until` of a streamed track are all loaded.
    pub fn holds(&self, from: i64, until: i64) -> bool {
        self.track
            .stream_inside()
            .is_none_or(|stream| self.all_spans(from, until, |from, until| stream.holds(from, until)))
    }

    /// Blocks until frames `from..until` are loaded. Returns false when they cannot be read.
    pub fn wait(&self, from: i64, until: i64) -> bool {
        self.all_spans(from, until, |from, until| self.track.wait(from, until))
    }

    /// Frames in which the residue fades out under the start of a loop.
    fn fade(&self, region: LoopRegion) -> i64 {
        (self.track.sample_rate().frames_in(seam::FADE) as i64).min(region.frames())
    }

    /// The amplitude from which a residue fades out under the start of a loop that does not blend. There are three cases:
    ///
    /// - The samples are continuous from end to start: zero.
    /// - The start is an attack: the last frame of the loop. The first frame of the attack then stands out as in the track.
    /// - Otherwise, the step from the last frame to the first.
    fn residue(&self, region: LoopRegion) -> [f32; 2] {
        let compared = LEVEL.min(index(region.frames().unsigned_abs()));
        let (mut ended, mut begins) = ([[0.0; LEVEL]; 2], [[0.0; LEVEL]; 2]);
        let read = |first: u64, [left, right]: &mut [[f32; LEVEL]; 2]| {
            self.track.copy(first as i64, [&mut left[..compared], &mut right[..compared]]);
        };
        if blend(region) > 0 {
            return [0.0; 2];
        }
        read(region.end - compared as u64, &mut ended);
        read(region.start, &mut begins);
        let level = |sides: &[[f32; LEVEL]; 2]| {
            sides.iter().flat_map(|side| &side[..compared]).fold(0.0f32, |peak, x| peak.max(x.abs()))
        };
        let attack = level(&begins) > ATTACK * level(&ended);
        let near = seam::AROUND.min(compared);
        std::array::from_fn(|side| {
            let (ended, begins) = (&ended[side][compared - near..compared], &begins[side][..near]);
            if seam::continues(ended, begins) {
                return 0.0;
            }
            let (last, first) = (ended[near - 1], begins[0]);
            if attack { last } else { last - first }
        })
    }

    fn frame_at(&self, index: i64) -> [f32; 2] {
        let (mut left, mut right) = ([0.0], [0.0]);
        self.track.copy(index, [&mut left, &mut right]);
        [left[0], right[0]]
    }
}

impl Source for Unrolled<'_> {
    fn read(&self, first: i64, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let Some(region) = self.head.region else {
            return self.track.copy(first, [left, right]);
        };
        let (start, end) = (region.start as i64, region.end as i64);
        let blend = blend(region);
        let fade = if blend == 0 { self.fade(region) } else { 0 };
        let frames = left.len().min(right.len()) as i64;
        let low = if self.head.wrapped { start + fade } else { i64::MIN };
        if first >= low && first.saturating_add(frames) <= end - blend {
            return self.track.copy(first, [left, right]);
        }
        let mut residue_next = None;
        for ((at, left), right) in (first..).zip(left).zip(right) {
            let there = self.map(at, region);
            let into_blend = there - (end - blend);
            let mut frame = self.frame_at(there);
            if into_blend >= 0 && there < end {
                let before = self.frame_at(there - region.frames());
                let t = (into_blend as f32 + 0.5) / blend as f32;
                frame = [frame[0] + (before[0] - frame[0]) * t, frame[1] + (before[1] - frame[1]) * t];
            }
            let into = there - start;
            if (0..fade).contains(&into) && (at >= end || self.head.wrapped) {
                let residue = if at < end {
                    self.head.residue
                } else {
                    *residue_next.get_or_insert_with(|| self.residue(region))
                };
                let rest = seam::fade_gain(index(into.unsigned_abs()), index(fade.unsigned_abs()));
                frame = [frame[0] + residue[0] * rest, frame[1] + residue[1] * rest];
            }
            [*left, *right] = frame;
        }
    }

    fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        let Some(region) = self.head.region else { return self.track.onset(from, until) };
        let (start, end) = (region.start as i64, region.end as i64);
        let mut from = from;
        while from < until {
            // The track is read up to the next jump of the loop.
            let there = self.map(from, region);
            let run = if there < end { end - there } else { until - from }.min(until - from);
            if let Some(onset) = self.track.onset(there, there + run) {
                return Some(Onset { frame: onset.frame - there + from, ..onset });
            }
            if there < start && self.head.wrapped {
                return None;
            }
            from += run;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::units::{Frames, SampleRate};

    fn ramp(frames: usize) -> Track {
        let samples: Vec<f32> = (0..frames).map(|i| i as f32).collect();
        Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
    }

    fn read(track: &Track, head: &Playhead, first: i64, frames: usize) -> Vec<f32> {
        let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
        Unrolled::new(track, head).read(first, [&mut left, &mut right]);
        assert_eq!(left, right);
        left
    }

    #[test]
    fn a_seamless_loop_over_the_whole_track_repeats_sample_for_sample() {
        // The step at its end is no larger than elsewhere.
        let samples: Vec<f32> = (0..100).map(|i| (i % 10) as f32).collect();
        let track = Track::from_interleaved(samples, SampleRate::CD, 1).unwrap();
        let region = track.whole_loop().unwrap();
        let mut head = Playhead::new(90, Some(region));
        let expected: Vec<f32> = (0..40).map(|i| (i % 10) as f32).collect();
        assert_eq!(read(&track, &head, 90, 40), expected);
        head.position = Position::from_frames(105);
        assert_eq!(head.wrap_played(&track), -100);
        assert_eq!(head.position.frame(), 5);
        assert_eq!(read(&track, &head, -3, 5), [7.0, 8.0, 9.0, 0.0, 1.0]);
    }

    #[test]
    fn the_end_of_a_loop_fades_out_under_its_start_in_the_same_way_before_and_after_the_jump() {
        let track = ramp(1_000);
        let region = track.whole_loop().unwrap();
        let mut head = Playhead::new(990, Some(region));
        let before = read(&track, &head, 990, 300);
        assert!((before[9], before[10]) == (999.0, 999.0 * seam::fade_gain(0, 176)), "{before:?}");
        assert_eq!(before[186..], read(&track, &head, 176, 114));
        head.position = Position::from_frames(1_003);
        assert_eq!(head.wrap_played(&track), -1_000);
        assert_eq!(read(&track, &head, -10, 300), before);
        // A jump by a command has a fade of its own.
        head.position = Position::from_frames(1_003);
        head.wrap();
        assert_eq!(read(&track, &head, 0, 3), [0.0, 1.0, 2.0]);
    }

    #[test]
    fn the_end_of_an_inner_loop_fades_into_the_frames_before_its_start() {
        let track = ramp(2_000);
        let region = LoopRegion::new(Frames(500), Frames(1_500)).unwrap();
        let head = Playhead::new(600, Some(region));
        let seam = read(&track, &head, 1_499, 2);
        assert!((seam[0] - 499.0).abs() < 3.0, "{seam:?}");
        assert_eq!(seam[1], 500.0);
        assert_eq!(read(&track, &head, 1_200, 1), [1_200.0]);
        assert_eq!(
            read(&track, &head, 490, 2),
            [490.0, 491.0],
            "before the first jump the frames before the loop are those of the track"
        );
    }

    #[test]
    fn a_jump_over_many_repeats_ends_in_the_loop() {
        let track = ramp(1_000);
        let region = LoopRegion::new(Frames(0), Frames(64)).unwrap();
        let mut head = Playhead::new(64 * 7 + 5, Some(region));
        assert_eq!(head.wrap(), -7 * 64);
        assert_eq!(head.position.frame(), 5);
        assert!(!head.is_past(&track, 32));
    }
}
