//! The positions of the probes in a track.

use std::iter::once;
use std::ops::Range;

use crowd_engine::feed::InputInfo;

/// The largest number of probes of a track.
const PROBES: u64 = 60;
/// The length of a probe in seconds.
const SECONDS: f64 = 1.0;
/// A track that is not longer than this is one probe.
const WHOLE_SECONDS: f64 = 75.0;

/// The frames of each probe, in the order of the track. The track is divided into equal shares, with a probe in each. Each probe is at a
/// different position in its share, so that the probes are not on the same beat of every bar. A probe is moved back to a multiple of
/// `seek_step`, where seeking is cheap, unless the multiple is outside its share.
pub(super) fn spans(info: &InputInfo, seek_step: u64) -> Vec<Range<u64>> {
    let frames = info.frames.0;
    let in_frames = |seconds: f64| (seconds * f64::from(info.sample_rate.get())) as u64;
    if frames <= in_frames(WHOLE_SECONDS) {
        return once(0..frames).collect();
    }
    let length = in_frames(SECONDS);
    let probes = (frames / length).min(PROBES);
    let room = (frames / probes - length) as f64;
    (0..probes)
        .map(|n| {
            let share = ((n + 1) as f64 * 0.618_033_988_749_895).fract();
            let low = frames * n / probes;
            let anywhere = low + (room * share) as u64;
            let cheap = anywhere - anywhere % seek_step.max(1);
            let first = if cheap >= low { cheap } else { anywhere };
            first..first + length
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_engine::{Frames, SampleRate};

    fn of(frames: u64, seek_step: u64) -> Vec<Range<u64>> {
        spans(&InputInfo { frames: Frames(frames), sample_rate: SampleRate::CD, channels: 2 }, seek_step)
    }

    #[test]
    fn a_short_track_is_one_probe_and_a_long_one_has_60() {
        assert_eq!(of(1, 1), vec![0..1; 1]);
        assert_eq!(of(75 * 44_100, 1), vec![0..3_307_500; 1]);
        for seconds in [76, 119, 7_200] {
            let frames = seconds * 44_100;
            let probes = of(frames, 1);
            assert_eq!(probes.len(), 60);
            assert!(probes.iter().all(|probe| probe.end - probe.start == 44_100 && probe.end <= frames));
            assert!(probes.windows(2).all(|pair| pair[0].end <= pair[1].start), "{seconds} s");
        }
    }

    #[test]
    fn probes_are_at_a_different_position_in_each_share_and_where_a_seek_is_cheap() {
        let share = 600 * 44_100 / 60;
        let positions: Vec<u64> = of(600 * 44_100, 1).iter().map(|probe| probe.start % share).collect();
        assert!(positions.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 44_100), "{positions:?}");
        let cheap = of(600 * 44_100, 65_536).iter().filter(|probe| probe.start % 65_536 == 0).count();
        assert!(cheap > 50, "{cheap} of 60");
        assert_eq!(of(600 * 44_100, 0), of(600 * 44_100, 1));
    }
}
