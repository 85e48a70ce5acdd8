//! A track, or a part of it, at other speeds.

use std::thread;

use super::course::Course;
use super::lookout::Lookout;
use crate::dsp::{Position, QUANTUM, Step};
use crate::stretch::{Help, Kit, Shape};
use crate::track::Track;
use crate::types::method::StretchMethod;
use crate::types::units::Frames;

/// Seconds from where an attack begins, which the methods that keep the pitch put on time, to where it is heard. In between
/// they run at speed 1, so at another speed it would be heard that much beside its time.
const ATTACK: f64 = 0.0016;
/// Frames of output between two reports of progress.
const REPORT: usize = 1 << 16;

/// Stretches `track` along `course` and returns interleaved stereo at the track's own rate: as many frames as the course
/// has, without any delay. At speed 1 they are the track's own, bit for bit.
///
/// What a part needs of the track before its start and behind its end is taken from there, half a second at most.
///
/// It is one stretcher from the first frame to the last: a join would cost steady tones their phase (30 to 44 dB of their
/// purity, measured). Other cores look ahead for [`StretchMethod::Hq`]; the samples do not depend on how many there are.
/// Takes memory for the whole result; not for an audio thread.
pub fn export(track: &Track, method: StretchMethod, course: &Course) -> Vec<f32> {
    export_with_progress(track, method, course, |_| ())
}

/// As [`export`]; calls `progress` with the number of frames made since the last call, about once for every 65,536 of them.
pub fn export_with_progress(
    track: &Track,
    method: StretchMethod,
    course: &Course,
    progress: impl FnMut(Frames),
) -> Vec<f32> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let place = |at: u64| place(track, method, course, at);
        if method != StretchMethod::Hq || cores == 1 {
            return run(track, method, course, &place, &mut (), progress);
        }
        let hops = (course.frames().0 as usize).div_ceil(Shape::new(f64::from(track.sample_rate().get())).hop);
        let mut lookout = Lookout::start(scope, cores - 1, track, hops, place);
        run(track, method, course, &place, &mut lookout, progress)
    })
}

/// Where in the track a frame of output lies, and how fast it goes there.
fn place(track: &Track, method: StretchMethod, course: &Course, at: u64) -> (Position, Step) {
    let (mut position, step) = course.at(Frames(at));
    if at > 0 && method.keeps_pitch() && !step.is_unity() {
        let attack = ATTACK * f64::from(track.sample_rate().get());
        position += Step::from_rate(attack * (step.rate() - 1.0));
    }
    (position, step)
}

fn run(
    track: &Track,
    method: StretchMethod,
    course: &Course,
    place: &dyn Fn(u64) -> (Position, Step),
    help: &mut dyn Help,
    mut progress: impl FnMut(Frames),
) -> Vec<f32> {
    let mut kit = Kit::new(method, track.sample_rate().get());
    let samples = usize::try_from(2 * course.frames().0).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(samples);
    let mut quantum = [[0.0; QUANTUM]; 2];
    let mut told = 0;
    while out.len() < samples {
        let at = (out.len() / 2) as u64;
        let (_, end) = course.leg(at);
        let frames = (QUANTUM as u64).min(course.frames().0 - at).min(end - at) as usize;
        let (position, step) = place(at);
        let [left, right] = &mut quantum;
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        kit.process_with(track, position, step, [&mut *left, &mut *right], help);
        out.extend(left.iter().zip(right.iter()).flat_map(|(left, right)| [*left, *right]));
        if out.len() / 2 - told >= REPORT || out.len() == samples {
            progress(Frames((out.len() / 2 - told) as u64));
            told = out.len() / 2;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tempo::{BeatGrid, Mark};
    use crate::types::units::{Bpm, SampleRate};

    #[test]
    fn the_samples_do_not_depend_on_who_looks_ahead() {
        let mut noise = 1_u32;
        let samples: Vec<f32> = (0..44_100 * 20)
            .map(|i| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hit = (-f64::from(i % 22_050) / 900.0).exp();
                ((f64::from(noise) / f64::from(u32::MAX) - 0.5) * (0.1 + 0.8 * hit)) as f32
            })
            .collect();
        let track = Track::from_interleaved(samples, SampleRate::CD, 1).unwrap();
        // Stretched throughout, a wire in the middle, a wire at the start, and a wire from start to end.
        for tempos in [[118.0, 119.0, 121.0], [118.0, 120.0, 121.0], [120.0, 118.0, 120.0], [120.0, 120.0, 120.0]] {
            let mut seconds = 0.0;
            let marks = tempos.map(|bpm| {
                let mark = Mark { seconds, bpm: Bpm::new(bpm).unwrap(), number: 1 };
                seconds += 12.0 * 60.0 / bpm;
                mark
            });
            let grid = BeatGrid::new(&marks, 4, SampleRate::CD).unwrap();
            let span = grid.frame_at(1.0)..grid.frame_at(33.0);
            let course = Course::on_beats(&grid, span, Bpm::new(120.0).unwrap(), SampleRate::CD).unwrap();
            let method = StretchMethod::Hq;
            let place = |at: u64| place(&track, method, &course, at);
            let alone = run(&track, method, &course, &place, &mut (), |_| ());
            assert_eq!(alone.len() as u64, 2 * course.frames().0);
            for threads in [1, 3] {
                let looked = thread::scope(|scope| {
                    let hops = (course.frames().0 as usize).div_ceil(1_024);
                    let mut lookout = Lookout::start(scope, threads, &track, hops, place);
                    run(&track, method, &course, &place, &mut lookout, |_| ())
                });
                assert!(looked == alone, "{tempos:?} with {threads} threads");
            }
        }
    }
}
