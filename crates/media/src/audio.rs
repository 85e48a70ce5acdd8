use crate::{Error, ErrorKind};

/// The lowest possible sample rate, in Hz.
pub const MIN_RATE: u32 = 1_000;
/// The highest possible sample rate, in Hz.
pub const MAX_RATE: u32 = 768_000;
/// The largest possible number of channels.
pub const MAX_CHANNELS: u16 = 64;

/// Floats smaller in magnitude than this (-400 dBFS) are set to zero when they are read. In filters and windows they would decay to
/// subnormal numbers, and processors compute many times more slowly with these.
#[cfg(feature = "reader")]
const SILENT: f32 = 1e-20;

/// Interleaved samples, in the narrowest type that holds the source without loss.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 16-bit integers with full scale -32768..=32767, for sources of 16 bits or fewer.
    I16(Vec<i16>),
    /// 32-bit floats with full scale -1.0..=1.0. Lossy and float sources may exceed full scale. After [`crate::open`] all samples are
    /// finite, and each is either 0 or at least 1e-20 in magnitude.
    F32(Vec<f32>),
}

impl Samples {
    /// The number of samples of all channels together.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(v) => v.len(),
            Self::F32(v) => v.len(),
        }
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of bytes of memory in use, including spare capacity.
    pub fn bytes(&self) -> usize {
        match self {
            Self::I16(v) => v.capacity() * size_of::<i16>(),
            Self::F32(v) => v.capacity() * size_of::<f32>(),
        }
    }
}

/// Decoded audio with its rate and channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// The interleaved samples. Their number is a multiple of `channels`.
    pub samples: Samples,
    /// The sample rate, in [`MIN_RATE`]..=[`MAX_RATE`].
    pub sample_rate: u32,
    /// The number of channels, 1..=[`MAX_CHANNELS`].
    pub channels: u16,
    /// The speaker positions as a WAVEFORMATEXTENSIBLE channel mask. 0 means the usual layout for `channels`.
    pub speakers: u32,
    /// The number of samples of the source that were not finite and became 0.
    pub non_finite_samples: u64,
    /// The gain in dB, a negative number, by which the audio was lowered because its stereo mix would clip ([`Audio::to_stereo`]). `None`
    /// when it was not lowered.
    pub downmix_gain_db: Option<f32>,
    /// Sentences for a listener that describe the damage of the file, like an early end or damaged packets. Empty for an intact file.
    pub warnings: Vec<String>,
}

impl Audio {
    /// Audio of interleaved `samples`, with the usual speaker layout.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`] or [`ErrorKind::FrameShape`] when the rate, the number of channels or the number of samples is not
    /// valid.
    pub fn new(samples: Samples, sample_rate: u32, channels: u16) -> Result<Self, Error> {
        check_rate(sample_rate)?;
        check_shape(samples.len(), channels)?;
        Ok(Self {
            samples,
            sample_rate,
            channels,
            speakers: 0,
            non_finite_samples: 0,
            downmix_gain_db: None,
            warnings: Vec::new(),
        })
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate.max(1))
    }

    /// A copy of all samples as floats with full scale 1.0. A 16-bit sample is divided by 32768, which is exact.
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.samples {
            Samples::I16(v) => v.iter().map(|&s| from_i16(s)).collect(),
            Samples::F32(v) => v.clone(),
        }
    }

    /// All samples as floats, as [`to_f32`](Self::to_f32) returns them. Samples that are floats already are not copied.
    pub fn into_f32(self) -> Vec<f32> {
        match self.samples {
            Samples::F32(v) => v,
            Samples::I16(v) => v.into_iter().map(from_i16).collect(),
        }
    }

    /// Writes the frames from `first` on into `out`, as interleaved floats. Returns the number of frames that were written, which is
    /// smaller than the room in `out` if the audio ends. No float copy of the whole audio is made.
    pub fn read_f32(&self, first: usize, out: &mut [f32]) -> usize {
        let channels = usize::from(self.channels.max(1));
        let frames = (out.len() / channels).min(self.frames().saturating_sub(first));
        if frames == 0 {
            return 0;
        }
        let span = first * channels..(first + frames) * channels;
        match &self.samples {
            Samples::I16(v) => {
                for (to, &from) in out.iter_mut().zip(v.get(span).unwrap_or_default()) {
                    *to = from_i16(from);
                }
            }
            Samples::F32(v) => {
                for (to, &from) in out.iter_mut().zip(v.get(span).unwrap_or_default()) {
                    *to = from;
                }
            }
        }
        frames
    }
}

/// Sets samples to 0 that are not finite or smaller in magnitude than [`SILENT`]. Returns the number of samples that were not finite.
#[cfg(feature = "reader")]
pub(crate) fn clean(samples: &mut [f32]) -> u64 {
    let mut non_finite_samples = 0;
    for sample in samples {
        non_finite_samples += u64::from(!sample.is_finite());
        if !(SILENT..=f32::MAX).contains(&sample.abs()) {
            *sample = 0.0;
        }
    }
    non_finite_samples
}

pub(crate) fn from_i16(s: i16) -> f32 {
    f32::from(s) / 32768.0
}

pub(crate) fn check_rate(rate: u32) -> Result<(), Error> {
    if (MIN_RATE..=MAX_RATE).contains(&rate) { Ok(()) } else { Err(Error::new(ErrorKind::SampleRate { rate })) }
}

pub(crate) fn check_shape(samples: usize, channels: u16) -> Result<(), Error> {
    if (1..=MAX_CHANNELS).contains(&channels) && samples.is_multiple_of(usize::from(channels)) {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::FrameShape { samples, channels }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_count_whole_frames_and_bad_shapes_are_refused() {
        let audio = Audio::new(Samples::I16(vec![1, 2, 3, 4, 5, 6]), 44_100, 2).unwrap();
        assert_eq!(audio.frames(), 3);
        let kind =
            |samples, rate, channels| Audio::new(Samples::I16(samples), rate, channels).unwrap_err().kind().clone();
        assert_eq!(kind(vec![1, 2, 3], 44_100, 2), ErrorKind::FrameShape { samples: 3, channels: 2 });
        assert_eq!(kind(vec![], 44_100, 0), ErrorKind::FrameShape { samples: 0, channels: 0 });
        assert_eq!(kind(vec![], 7, 1), ErrorKind::SampleRate { rate: 7 });
    }

    #[cfg(feature = "reader")]
    #[test]
    fn samples_that_are_not_finite_or_nearly_zero_become_zero_and_only_the_former_are_counted() {
        let mut samples = [
            0.5,
            f32::NAN,
            f32::INFINITY,
            -f32::INFINITY,
            1e-38,
            -1e-45,
            -0.9e-20,
            1e-20,
            -1.1e-20,
            -0.0,
            f32::MAX,
            f32::MIN,
        ];
        assert_eq!(clean(&mut samples), 3);
        assert_eq!(samples, [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1e-20, -1.1e-20, 0.0, f32::MAX, f32::MIN]);
    }

    #[test]
    fn reading_in_blocks_gives_the_same_floats_as_the_whole() {
        let audio = Audio::new(Samples::I16((0..20).map(|n| n * 1000).collect()), 48_000, 2).unwrap();
        let whole = audio.to_f32();
        let mut block = [9.0; 6];
        assert_eq!(audio.read_f32(8, &mut block), 2);
        assert_eq!(block, [whole[16], whole[17], whole[18], whole[19], 9.0, 9.0]);
        assert_eq!(audio.read_f32(10, &mut block), 0);
        assert_eq!(audio.read_f32(usize::MAX, &mut block), 0);
    }
}
