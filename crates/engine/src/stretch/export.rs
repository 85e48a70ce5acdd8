//! A track, or a part of it, at other speeds.

use super::{Course, Kit, StretchMethod};
use crate::dsp::{QUANTUM, Step};
use crate::track::Track;
use crate::units::Frames;

/// Seconds from where an attack begins, which the methods that keep the pitch put on time, to where it is heard. In between
/// they run at speed 1, so at another speed it would be heard that much beside its time.
const ATTACK: f64 = 0.0016;
/// Frames of output between two reports of progress.
const REPORT: usize = 1 << 16;

/// Stretches `track` along `course` and returns interleaved stereo at the track's own rate: as many frames as the course
/// has, without any delay. At speed 1 they are the track's own, bit for bit.
///
/// What a part needs of the track before its start and behind its end is taken from there, half a second at most. `progress`
/// hears of frames of output that are made.
///
/// It is one stretcher from the first frame to the last, on the calling thread: a join would cost steady tones their phase
/// (30 to 44 dB of their purity, measured). Tracks can be stretched side by side. Takes memory for the whole result; not for
/// an audio thread.
pub fn export(track: &Track, method: StretchMethod, course: &Course, mut progress: impl FnMut(Frames)) -> Vec<f32> {
    let mut kit = Kit::new(method, track.sample_rate().get());
    let attack = if method.keeps_pitch() { ATTACK * f64::from(track.sample_rate().get()) } else { 0.0 };
    let samples = usize::try_from(2 * course.frames().0).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(samples);
    let mut quantum = [[0.0; QUANTUM]; 2];
    let mut told = 0;
    while out.len() < samples {
        let at = (out.len() / 2) as u64;
        let (leg, end) = course.leg(at);
        let frames = (QUANTUM as u64).min(course.frames().0 - at).min(end - at) as usize;
        let mut position = leg.from.advance(leg.step, (at - leg.begin) as usize);
        if at > 0 && !leg.step.is_unity() {
            position += Step::from_rate(attack * (leg.step.rate() - 1.0));
        }
        let [left, right] = &mut quantum;
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        kit.process(track, position, leg.step, [&mut *left, &mut *right]);
        out.extend(left.iter().zip(right.iter()).flat_map(|(left, right)| [*left, *right]));
        if out.len() / 2 - told >= REPORT || out.len() == samples {
            progress(Frames((out.len() / 2 - told) as u64));
            told = out.len() / 2;
        }
    }
    out
}
