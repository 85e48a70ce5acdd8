//! Encoded AAC, decoded again: frames are at their places, and a stream may change from one encoder to another.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::io::Cursor;

use crowd_media::Reader;
use crowd_streaming::Error;
use crowd_streaming::aac::{AacEncoder, AacFrame, AacRate, AacSettings, splice_index, write_adts};

const FRAME: usize = AacFrame::LENGTH as usize;
const SETTINGS: AacSettings = AacSettings { rate: AacRate::Hz48000, bit_rate: 160_000 };

/// Chords with an envelope: music in which a shift, a gap or a click is noticed.
fn sound(frames: usize) -> Vec<[i16; 2]> {
    let tone = |frame: usize, hertz: f64| (frame as f64 * hertz / 48_000.0 * std::f64::consts::TAU).sin();
    (0..frames)
        .map(|frame| {
            let chord = frame / 24_000 % 4;
            let decay = (-((frame % 24_000) as f64) / 12_000.0).exp();
            let root = [220.0, 261.63, 196.0, 293.66][chord];
            let left = tone(frame, root) + 0.5 * tone(frame, 2.52 * root);
            let right = tone(frame, 1.5 * root) + 0.3 * tone(frame, 3.0 * root);
            [left, right].map(|value| (5_000.0 * (0.2 + decay) * value) as i16)
        })
        .collect()
}

/// The AAC frames of `sound` from AAC frame `first` on, by an encoder that begins there.
fn encode(sound: &[[i16; 2]], first: usize) -> Vec<AacFrame> {
    encode_with(SETTINGS, sound, first)
}

fn encode_with(settings: AacSettings, sound: &[[i16; 2]], first: usize) -> Vec<AacFrame> {
    let mut encoder = AacEncoder::new(settings).unwrap();
    let mut frames = Vec::new();
    for block in sound[first * FRAME..].chunks_exact(FRAME) {
        frames.extend(encoder.encode(block).unwrap());
    }
    frames.extend(encoder.finish().unwrap());
    frames
}

fn decode(frames: &[AacFrame]) -> Vec<[f32; 2]> {
    decode_at(SETTINGS.rate, frames)
}

fn decode_at(rate: AacRate, frames: &[AacFrame]) -> Vec<[f32; 2]> {
    let mut adts = Vec::new();
    frames.iter().for_each(|frame| write_adts(rate, frame, &mut adts));
    let mut reader = Reader::from_bytes("a.aac".as_ref(), Cursor::new(adts)).unwrap();
    let mut sound = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        sound.extend(block.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
    }
    sound
}

/// The signal-to-noise ratio of a decoded range, in dB.
fn ratio(sound: &[[i16; 2]], decoded: &[[f32; 2]], range: std::ops::Range<usize>) -> f64 {
    let (mut signal, mut noise) = (0.0, 0.0);
    for (wanted, found) in sound[range.clone()].iter().zip(&decoded[range]) {
        for (wanted, found) in wanted.iter().zip(found) {
            let wanted = f64::from(*wanted) / 32_768.0;
            signal += wanted * wanted;
            noise += (wanted - f64::from(*found)).powi(2);
        }
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn frame_n_decodes_to_the_samples_of_call_n() {
    let sound = sound(60 * FRAME);
    for rate in [AacRate::Hz32000, AacRate::Hz44100, AacRate::Hz48000] {
        for bit_rate in [64_000, 128_000, 256_000] {
            let frames = encode_with(AacSettings { rate, bit_rate }, &sound, 0);
            assert_eq!(frames.len(), 60);
            let decoded = decode_at(rate, &frames);
            assert_eq!(decoded.len(), sound.len());
            // The first frame has nothing to overlap with.
            let ratio = ratio(&sound, &decoded, FRAME..60 * FRAME);
            assert!(ratio > 15.0, "{rate:?}, {bit_rate} bit/s: {ratio:.1} dB");
        }
    }
}

#[test]
fn a_change_between_two_encoders_adds_no_noise() {
    let sound = sound(200 * FRAME);
    let whole = encode(&sound, 0);
    for (first, change) in [(80, 90), (80, 97), (50, 100), (101, 111), (60, 130)] {
        let second = encode(&sound, first);
        let index = splice_index(&whole[change..change + 32], &second[change - first..change - first + 32]).unwrap();
        let change = change + index;
        let spliced: Vec<AacFrame> = whole[..change].iter().chain(&second[change - first..]).cloned().collect();
        let around = (change - 2) * FRAME..(change + 3) * FRAME;
        let (plain, changed) =
            (ratio(&sound, &decode(&whole), around.clone()), ratio(&sound, &decode(&spliced), around));
        assert!(changed > plain - 3.0, "from {first} at {change}: {plain:.1} dB, with the change {changed:.1} dB");
    }
}

#[test]
fn an_encoder_that_begins_at_the_same_frame_makes_the_same_bytes() {
    let sound = sound(60 * FRAME);
    assert_eq!(encode(&sound, 7), encode(&sound, 7));
}

#[test]
fn what_cannot_be_encoded_is_refused() {
    for bit_rate in [0, 31_999, 320_001, u32::MAX] {
        let result = AacEncoder::new(AacSettings { bit_rate, ..SETTINGS });
        assert_eq!(result.map(|_| ()), Err(Error::AacBitRate(bit_rate)));
    }
    let mut encoder = AacEncoder::new(SETTINGS).unwrap();
    assert_eq!(encoder.encode(&[[0; 2]; 7]), Err(Error::AacSamples(7)));
}
