//! The WAV reader reads the floats that the WAV writer has written, bit for bit.
#![no_main]

use crowd_media::wav;
use crowd_media::{SampleFormat, Audio, Samples};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [rate, channels, rest @ ..] = bytes else { return };
    let channels = 1 + usize::from(*channels) % 8;
    let samples: Vec<f32> = rest.as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
    let frames = samples.len() / channels;
    let finite = |x: &f32| if x.is_finite() { *x } else { 0.0 };
    let samples: Vec<f32> = samples[..frames * channels].iter().map(finite).collect();
    if samples.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.wav");
    let rate = 8_000 + 1_000 * u32::from(*rate);
    let audio = Audio::new(Samples::F32(samples.clone()), rate, channels as u16).unwrap();
    wav::write(&path, &audio, SampleFormat::F32).unwrap();
    let back = crowd_media::open(&path, &crowd_media::DecodeOptions::default()).unwrap();
    assert_eq!((back.sample_rate, usize::from(back.channels)), (rate, channels));
    let bits = |samples: &[f32]| samples.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&back.to_f32()), bits(&samples));
});
