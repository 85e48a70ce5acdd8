//! The export of a track, or a span of it, at other speeds.

use std::thread;

use super::analysis_threads::AnalysisThreads;
use super::time_map::TimeMap;
use crate::dsp::{Position, QUANTUM, Step};
use crate::stretch::{FrameWorker, StftParams, StretcherSet};
use crate::track::Track;
use crate::types::stretch_method::StretchMethod;
use crate::types::units::Frames;

/// The time in seconds from the start of an attack to the moment at which it is perceived. The methods that keep the
/// pitch put the start on time, and run at speed 1 from there. Without this correction the perceived moment would be too
/// early or too late at other speeds.
const ATTACK: f64 = 0.0016;
/// The number of frames of output between two reports of progress.
const REPORT: usize = 1 << 16;

/// Stretches `track` along `time_map`, and returns interleaved stereo at the track's own rate. The result has as many
/// frames as the time map, and no delay. At speed 1 the samples are those of the track, bit for bit.
///
/// At most half a second of the track before the start of a span and after its end is read, too.
///
/// One stretcher renders from the first frame to the last, because a join would break the phase of steady tones (by
/// measurement, they would lose 30 to 44 dB of their purity). Other cores analyse the source in advance for
/// [`StretchMethod::Hq`]. The samples do not depend on the number of cores. This function allocates memory for the whole
/// result, so it is not for an audio thread.
#[must_use]
pub fn export(track: &Track, method: StretchMethod, time_map: &TimeMap) -> Vec<f32> {
    export_with_progress(track, method, time_map, |_| ())
}

/// As [`export`]. Calls `progress` about every 65,536 frames, with the number of frames made since the last call.
#[must_use]
pub fn export_with_progress(
    track: &Track,
    method: StretchMethod,
    time_map: &TimeMap,
    progress: impl FnMut(Frames),
) -> Vec<f32> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let position_at = |at: u64| position_at(track, method, time_map, at);
        if method != StretchMethod::Hq || cores == 1 {
            return run(track, method, time_map, &position_at, &mut (), progress);
        }
        let hops = (time_map.frames().0 as usize).div_ceil(StftParams::new(f64::from(track.sample_rate().get())).hop);
        let mut threads = AnalysisThreads::start(scope, cores - 1, track, hops, position_at);
        run(track, method, time_map, &position_at, &mut threads, progress)
    })
}

/// The position in the track of a frame of output, and the speed there.
fn position_at(track: &Track, method: StretchMethod, time_map: &TimeMap, at: u64) -> (Position, Step) {
    let (mut position, step) = time_map.at(Frames(at));
    if at > 0 && method.keeps_pitch() && !step.is_unity() {
        let attack = ATTACK * f64::from(track.sample_rate().get());
        position += Step::from_rate(attack * (step.rate() - 1.0));
    }
    (position, step)
}

fn run(
    track: &Track,
    method: StretchMethod,
    time_map: &TimeMap,
    position_at: &dyn Fn(u64) -> (Position, Step),
    worker: &mut dyn FrameWorker,
    mut progress: impl FnMut(Frames),
) -> Vec<f32> {
    let mut stretcher_set = StretcherSet::new(method, track.sample_rate().get());
    let samples = usize::try_from(2 * time_map.frames().0).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(samples);
    let mut quantum = [[0.0; QUANTUM]; 2];
    let mut reported = 0;
    while out.len() < samples {
        let at = (out.len() / 2) as u64;
        let (_, end) = time_map.span(at);
        let frames = (QUANTUM as u64).min(time_map.frames().0 - at).min(end - at) as usize;
        let (position, step) = position_at(at);
        let [left, right] = &mut quantum;
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        stretcher_set.process_with(track, position, step, [&mut *left, &mut *right], worker);
        out.extend(left.iter().zip(right.iter()).flat_map(|(left, right)| [*left, *right]));
        if out.len() / 2 - reported >= REPORT || out.len() == samples {
            progress(Frames((out.len() / 2 - reported) as u64));
            reported = out.len() / 2;
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
    fn the_samples_do_not_depend_on_the_number_of_threads() {
        let mut noise = 1_u32;
        let samples: Vec<f32> = (0..44_100 * 20)
            .map(|i| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hit = (-f64::from(i % 22_050) / 900.0).exp();
                ((f64::from(noise) / f64::from(u32::MAX) - 0.5) * (0.1 + 0.8 * hit)) as f32
            })
            .collect();
        let track = Track::from_interleaved(samples, SampleRate::CD, 1).unwrap();
        // Stretched throughout; bypassed in the middle; bypassed at the start; bypassed from start to end.
        for tempos in [[118.0, 119.0, 121.0], [118.0, 120.0, 121.0], [120.0, 118.0, 120.0], [120.0, 120.0, 120.0]] {
            let mut seconds = 0.0;
            let marks = tempos.map(|bpm| {
                let mark = Mark { seconds, bpm: Bpm::new(bpm).unwrap(), number: 1 };
                seconds += 12.0 * 60.0 / bpm;
                mark
            });
            let grid = BeatGrid::new(&marks, 4, SampleRate::CD).unwrap();
            let span = grid.frame_at(1.0)..grid.frame_at(33.0);
            let time_map = TimeMap::on_beats(&grid, span, Bpm::new(120.0).unwrap(), SampleRate::CD).unwrap();
            let method = StretchMethod::Hq;
            let position_at = |at: u64| position_at(&track, method, &time_map, at);
            let alone = run(&track, method, &time_map, &position_at, &mut (), |_| ());
            assert_eq!(alone.len() as u64, 2 * time_map.frames().0);
            for threads in [1, 3] {
                let threaded = thread::scope(|scope| {
                    let hops = (time_map.frames().0 as usize).div_ceil(1_024);
                    let mut analysis = AnalysisThreads::start(scope, threads, &track, hops, position_at);
                    run(&track, method, &time_map, &position_at, &mut analysis, |_| ())
                });
                assert!(threaded == alone, "{tempos:?} with {threads} threads");
            }
        }
    }
}
