//! Mixes of any channel layout to stereo, after ITU-R BS.775-4 annex 4, table 2. A mix that would clip is lowered as a whole.

use crate::audio::{Audio, Samples, from_i16};

const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The left and the right gain for each WAVEFORMATEXTENSIBLE speaker bit (0 = front left, 1 = front right, ...). BS.775 does not define
/// the bits of height speakers. They have the gains of the surround speakers below them.
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

/// The usual layout for each number of channels, from mono to 7.1. It is used for a file without a channel mask.
const USUAL: [u32; 9] = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/// The channel mask for `channels` channels: `speakers` if it has this number of channels, otherwise the usual mask.
pub(crate) fn layout(channels: u16, speakers: u32) -> u32 {
    if speakers.count_ones() == u32::from(channels) {
        speakers
    } else {
        USUAL.get(usize::from(channels)).copied().unwrap_or(0)
    }
}

/// The left and the right gain of each channel.
fn gains(channels: u16, speakers: u32) -> Vec<(f32, f32)> {
    let mask = layout(channels, speakers);
    let mut gains: Vec<(f32, f32)> =
        GAINS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, &g)| g).collect();
    // Channels of unknown position go to both sides.
    gains.resize(usize::from(channels), (0.5, 0.5));
    gains
}

impl Audio {
    /// The same audio in two channels.
    ///
    /// Stereo is returned unchanged, and mono is doubled. More channels are mixed with the coefficients of ITU-R BS.775-4 annex 4: left =
    /// front left + 0.7071 centre + 0.7071 surround left. LFE is left out. The mix is not scaled, so that front channels are as loud as
    /// in stereo.
    ///
    /// If the highest sample of the mix would exceed full scale, the whole mix is lowered by one gain that brings this sample to full
    /// scale. [`downmix_gain_db`](Self::downmix_gain_db) is this gain. Mixed audio is [`Samples::F32`].
    #[must_use]
    pub fn to_stereo(self) -> Self {
        match (self.channels, &self.samples) {
            (2, _) => self,
            (1, Samples::I16(v)) => {
                let samples = Samples::I16(v.iter().flat_map(|&s| [s, s]).collect());
                Self { samples, channels: 2, speakers: 0, ..self }
            }
            (1, Samples::F32(v)) => {
                let samples = Samples::F32(v.iter().flat_map(|&s| [s, s]).collect());
                Self { samples, channels: 2, speakers: 0, ..self }
            }
            _ => {
                let mut mixed = mix(self, 1.0);
                let gain = match &mut mixed.samples {
                    Samples::F32(samples) => {
                        let gain = headroom(peak(samples));
                        if gain < 1.0 {
                            samples.iter_mut().for_each(|sample| *sample *= gain);
                        }
                        gain
                    }
                    Samples::I16(_) => 1.0,
                };
                Self { downmix_gain_db: decibels(gain), ..mixed }
            }
        }
    }

    /// The same audio in two channels, for an excerpt of a file. `gain` is the result of `Reader::downmix_gain` for the whole file. With
    /// it, the samples are those that [`to_stereo`](Self::to_stereo) returns for the whole file.
    #[must_use]
    pub fn to_stereo_by(self, gain: f32) -> Self {
        if self.channels > 2 { mix(self, gain) } else { self.to_stereo() }
    }
}

/// Mixes more than two channels to two and multiplies all samples by `gain`.
fn mix(audio: Audio, gain: f32) -> Audio {
    let mix = StereoMix::new(audio.channels, audio.speakers, gain);
    let mut out = Vec::with_capacity(audio.frames() * 2);
    match &audio.samples {
        Samples::I16(v) => mix.apply(v, from_i16, &mut out),
        Samples::F32(v) => mix.apply(v, |s| s, &mut out),
    }
    Audio { samples: Samples::F32(out), channels: 2, speakers: 0, downmix_gain_db: decibels(gain), ..audio }
}

/// The highest absolute value.
pub(crate) fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The gain for a mix whose highest sample is `peak`: 1, or the factor that brings this sample to full scale. Rounding never makes the
/// sample exceed full scale, because x times the float nearest to 1/x never rounds to more than 1.
pub(crate) fn headroom(peak: f32) -> f32 {
    if peak > 1.0 { 1.0 / peak } else { 1.0 }
}

/// A gain below 1 in dB; `None` for 1.
pub(crate) fn decibels(gain: f32) -> Option<f32> {
    (gain < 1.0).then(|| 20.0 * gain.log10())
}

/// A sentence for the user. It says that a track was lowered by `gain_db` because its stereo mix would clip
/// ([`Audio::downmix_gain_db`]).
pub fn downmix_note(gain_db: f32) -> String {
    format!("its channels mixed to stereo would clip: all of it is lowered by {:.1} dB", -gain_db)
}

/// The gains that mix the channels of a layout to stereo.
pub(crate) struct StereoMix {
    gains: Vec<(f32, f32)>,
    gain: f32,
}

impl StereoMix {
    pub fn new(channels: u16, speakers: u32, gain: f32) -> Self {
        Self { gains: gains(channels.max(1), speakers), gain }
    }

    #[cfg(feature = "reader")]
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// Appends whole frames, mixed.
    pub fn apply<S: Copy>(&self, samples: &[S], float: impl Fn(S) -> f32, out: &mut Vec<f32>) {
        for frame in samples.chunks_exact(self.gains.len()) {
            let (mut left, mut right) = (0.0, 0.0);
            for (&s, (l, r)) in frame.iter().zip(&self.gains) {
                left += l * float(s);
                right += r * float(s);
            }
            out.extend([left * self.gain, right * self.gain]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 5.1 with one value per channel.
    fn surround(values: [f32; 6]) -> Audio {
        Audio::new(Samples::F32(values.to_vec()), 48_000, 6).unwrap()
    }

    #[test]
    fn five_point_one_follows_bs775_and_is_not_scaled() {
        let want = [(1.0, 0.0), (0.0, 1.0), (HALF_POWER, HALF_POWER), (0.0, 0.0), (HALF_POWER, 0.0), (0.0, HALF_POWER)];
        assert_eq!(gains(6, 0), want);
        // Fronts alone are as loud as the same fronts in stereo.
        let fronts = surround([0.5, -0.25, 0.0, 0.9, 0.0, 0.0]).to_stereo();
        assert_eq!((fronts.samples, fronts.downmix_gain_db), (Samples::F32(vec![0.5, -0.25]), None));
    }

    #[test]
    fn a_mix_that_would_clip_gets_one_gain_for_all_of_it_which_is_reported() {
        let mut samples = vec![0.0, 0.5, 0.0, 0.0, 0.0, 0.0];
        samples.extend([1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        let mixed = Audio::new(Samples::F32(samples), 48_000, 6).unwrap().to_stereo();
        let gain = 1.0 / (1.0 + 2.0 * HALF_POWER);
        let Samples::F32(out) = &mixed.samples else { panic!("mixed audio is float") };
        for (got, want) in out.iter().zip([0.0, 0.5 * gain, 1.0, HALF_POWER * gain]) {
            assert!((got - want).abs() < 1e-6, "{out:?}");
        }
        let gain_db = mixed.downmix_gain_db.unwrap();
        assert!((gain_db + 7.66).abs() < 0.01, "{gain_db}");
        assert!(downmix_note(gain_db).contains("lowered by 7.7 dB"));
    }

    #[test]
    fn full_scale_in_every_channel_never_clips() {
        for channels in 3..=64u16 {
            let audio = Audio::new(Samples::I16(vec![i16::MIN; usize::from(channels)]), 48_000, channels).unwrap();
            let stereo = audio.to_stereo();
            let Samples::F32(out) = &stereo.samples else { panic!("mixed audio is float") };
            assert_eq!(out.len(), 2);
            assert!(out.iter().all(|s| s.abs() <= 1.0), "{channels} channels: {out:?}");
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
