//! Any channel layout to stereo, after ITU-R BS.775-4 annex 4, table 2.

use crate::{Audio, Samples};

const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Left and right gain per WAVEFORMATEXTENSIBLE speaker bit (0 = front left, 1 = front right, ...).
/// Bits that BS.775 does not know (heights) are treated as the surround below them.
const GAINS: [(f32, f32); 18] = [
    (1.0, 0.0),               // front left
    (0.0, 1.0),               // front right
    (HALF_POWER, HALF_POWER), // front centre
    (0.0, 0.0),               // LFE: left out, as the recommendation allows
    (HALF_POWER, 0.0),        // back left
    (0.0, HALF_POWER),        // back right
    (1.0, 0.0),               // front left of centre
    (0.0, 1.0),               // front right of centre
    (0.5, 0.5),               // back centre: half power to each surround, which enters at half power
    (HALF_POWER, 0.0),        // side left
    (0.0, HALF_POWER),        // side right
    (0.5, 0.5),               // top centre
    (HALF_POWER, 0.0),        // top front left
    (0.5, 0.5),               // top front centre
    (0.0, HALF_POWER),        // top front right
    (HALF_POWER, 0.0),        // top back left
    (0.5, 0.5),               // top back centre
    (0.0, HALF_POWER),        // top back right
];

/// The layout a file without a channel mask means, by channel count (mono to 7.1).
const USUAL: [u32; 9] = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/// The channel mask that places `channels` channels: the given one where it fits, else the usual one.
pub(crate) fn layout(channels: u16, speakers: u32) -> u32 {
    if speakers.count_ones() == u32::from(channels) {
        speakers
    } else {
        USUAL.get(usize::from(channels)).copied().unwrap_or(0)
    }
}

/// Left and right gain per channel, scaled so that no row sums above 1.
fn gains(channels: u16, speakers: u32) -> Vec<(f32, f32)> {
    let mask = layout(channels, speakers);
    let mut gains: Vec<(f32, f32)> =
        GAINS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, &g)| g).collect();
    // Channels without a known place are shared by both sides.
    gains.resize(usize::from(channels), (0.5, 0.5));
    let left: f32 = gains.iter().map(|g| g.0).sum();
    let right: f32 = gains.iter().map(|g| g.1).sum();
    let most = left.max(right).max(1.0);
    gains.iter().map(|(l, r)| (l / most, r / most)).collect()
}

pub(crate) fn to_stereo(audio: Audio) -> Audio {
    let samples = match (audio.channels, &audio.samples) {
        (2, _) => return audio,
        (1, Samples::I16(v)) => Samples::I16(v.iter().flat_map(|&s| [s, s]).collect()),
        (1, Samples::F32(v)) => Samples::F32(v.iter().flat_map(|&s| [s, s]).collect()),
        (_, Samples::I16(v)) => Samples::F32(mix(v, audio.channels, audio.speakers, crate::audio::from_i16)),
        (_, Samples::F32(v)) => Samples::F32(mix(v, audio.channels, audio.speakers, |s| s)),
    };
    Audio { samples, channels: 2, speakers: 0, ..audio }
}

fn mix<S: Copy>(samples: &[S], channels: u16, speakers: u32, float: impl Fn(S) -> f32) -> Vec<f32> {
    let mut out = Vec::with_capacity(samples.len() / usize::from(channels.max(1)) * 2);
    Mix::new(channels, speakers).apply(samples, float, &mut out);
    out
}

/// How the channels of a layout become two.
pub(crate) struct Mix {
    gains: Vec<(f32, f32)>,
}

impl Mix {
    pub fn new(channels: u16, speakers: u32) -> Self {
        Self { gains: gains(channels.max(1), speakers) }
    }

    /// Appends whole frames, mixed.
    pub fn apply<S: Copy>(&self, samples: &[S], float: impl Fn(S) -> f32, out: &mut Vec<f32>) {
        for frame in samples.chunks_exact(self.gains.len()) {
            let (mut left, mut right) = (0.0, 0.0);
            for (&s, (l, r)) in frame.iter().zip(&self.gains) {
                left += l * float(s);
                right += r * float(s);
            }
            out.extend([left, right]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_point_one_follows_bs775_up_to_one_common_scale() {
        let gains = gains(6, 0);
        let scale = gains[0].0;
        let want = [(1.0, 0.0), (0.0, 1.0), (HALF_POWER, HALF_POWER), (0.0, 0.0), (HALF_POWER, 0.0), (0.0, HALF_POWER)];
        for (got, want) in gains.iter().zip(want) {
            assert!((got.0 / scale - want.0).abs() < 1e-6 && (got.1 / scale - want.1).abs() < 1e-6, "{got:?} {want:?}");
        }
        assert!((scale - 1.0 / (1.0 + 2.0 * HALF_POWER)).abs() < 1e-6);
    }

    #[test]
    fn full_scale_in_every_channel_never_clips() {
        for channels in 3..=64u16 {
            let audio = Audio::new(Samples::I16(vec![i16::MIN; usize::from(channels)]), 48_000, channels).unwrap();
            let stereo = audio.to_stereo();
            let Samples::F32(out) = &stereo.samples else { panic!("mixed audio is float") };
            assert_eq!(out.len(), 2);
            assert!(out.iter().all(|s| s.abs() <= 1.000_001), "{channels} channels: {out:?}");
        }
    }

    #[test]
    fn mono_is_doubled_in_its_own_type_and_stereo_is_left_alone() {
        let mono = Audio::new(Samples::I16(vec![1, -2]), 44_100, 1).unwrap().to_stereo();
        assert_eq!((mono.samples, mono.channels), (Samples::I16(vec![1, 1, -2, -2]), 2));
        let stereo = Audio::new(Samples::F32(vec![0.5, -0.5]), 44_100, 2).unwrap();
        assert_eq!(stereo.clone().to_stereo(), stereo);
    }

    #[test]
    fn a_channel_mask_decides_where_channels_go() {
        // Three channels said to be front left, front right, LFE: the third must vanish.
        let mut audio = Audio::new(Samples::F32(vec![0.25, -0.25, 1.0]), 44_100, 3).unwrap();
        audio.speakers = 0xb;
        assert_eq!(audio.to_stereo().samples, Samples::F32(vec![0.25, -0.25]));
    }
}
