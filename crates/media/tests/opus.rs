//! An Opus stream encoded span by span, in any order, is one stream without audible seams.
#![cfg(all(feature = "opus", feature = "encode", feature = "decode"))]
#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;
use std::io::Cursor;

use crowd_media::opus::{RATE, Stream};
use crowd_media::{ErrorKind, Tags, resample};
use ogg::PacketReader;
use opus::{Channels, Decoder};
use proptest::prelude::*;

/// Bells, a bass and a little noise, in stereo: sound with pitch and attacks but without a period.
fn music(frames: u64, rate: u32, seed: u64) -> Vec<f32> {
    let mut state = seed | 1;
    let mut samples = Vec::new();
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        let tone = |hertz: f64| (t * TAU * hertz).sin();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 40) as f64 / 8_388_608.0 - 1.0;
        let beat = t % 0.47;
        let bell = tone(880.0) * (-beat * 9.0).exp() * 0.3;
        let bass = tone(55.0) * 0.25 + tone(110.0) * 0.1;
        samples.push((bell + bass + noise * 0.01) as f32);
        samples.push((bell * 0.6 + bass + tone(1_318.5) * 0.05) as f32);
    }
    samples
}

/// The bytes of one span.
fn span(stream: &Stream, index: u64, track: &[f32], block: usize) -> Vec<u8> {
    let span = stream.span(index).unwrap();
    let mut encoder = stream.encoder(index).unwrap();
    let mut bytes = Vec::new();
    let frames = &track[2 * span.frames.start as usize..2 * span.frames.end as usize];
    for samples in frames.chunks(2 * block) {
        encoder.push(samples, &mut bytes).unwrap();
    }
    assert_eq!(bytes.len() as u64, span.bytes.end - span.bytes.start, "span {index}");
    bytes
}

fn whole(stream: &Stream, track: &[f32]) -> Vec<u8> {
    let mut bytes = stream.header().to_vec();
    for index in 0..stream.span_count() {
        assert_eq!(stream.span(index).unwrap().bytes.start, bytes.len() as u64);
        bytes.extend(span(stream, index, track, 5_000));
    }
    assert_eq!(bytes.len() as u64, stream.bytes());
    bytes
}

/// The samples that a player plays (RFC 7845, sections 4.2 and 4.4). The reader checks the checksums of pages.
fn decode(bytes: &[u8]) -> Vec<f32> {
    let mut reader = PacketReader::new(Cursor::new(bytes));
    let head = reader.read_packet().unwrap().unwrap();
    assert_eq!(&head.data[..8], b"OpusHead");
    let pre_skip = usize::from(u16::from_le_bytes([head.data[10], head.data[11]]));
    assert_eq!(&reader.read_packet().unwrap().unwrap().data[..8], b"OpusTags");
    let mut decoder = Decoder::new(RATE, Channels::Stereo).unwrap();
    let (mut samples, mut ended) = (Vec::new(), false);
    while let Some(packet) = reader.read_packet().unwrap() {
        assert!(!ended);
        let mut block = [0.0; 2 * 960];
        assert_eq!(decoder.decode_float(&packet.data, &mut block, false).unwrap(), 960);
        samples.extend(block);
        if packet.last_in_page() {
            let granule = packet.absgp_page() as usize;
            ended = packet.last_in_stream();
            let held = samples.len() / 2;
            assert!(
                if ended { (held - 959..=held).contains(&granule) } else { granule == held },
                "{granule} of {held}"
            );
            samples.truncate(2 * granule);
        }
    }
    assert!(ended);
    samples.split_off(2 * pre_skip)
}

fn power(samples: impl Iterator<Item = f32>) -> f64 {
    samples.map(|s| f64::from(s).powi(2)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_stream_has_the_stated_length_and_decodes_to_exactly_the_frames_of_the_track(
        frames in prop_oneof![1u64..3_000, 400_000u64..1_100_000],
        rate in prop_oneof![Just(48_000u32), Just(44_100), Just(8_000), Just(96_000), 8_000u32..200_000],
        bit_rate in 120u32..=1_275, seed: u64,
    ) {
        let track = music(frames, rate, seed);
        let stream = Stream::new(rate, frames, bit_rate * 400, 7, &Tags::default()).unwrap();
        let bytes = whole(&stream, &track);
        let expected = resample(&track, 2, rate, RATE).unwrap();
        prop_assert_eq!(stream.decoded_frames(), expected.len() as u64 / 2);
        let decoded = decode(&bytes);
        prop_assert_eq!(decoded.len(), expected.len());

        // A span that is encoded alone, from blocks of another size, has the same bytes.
        let mut state = seed;
        for index in (0..stream.span_count()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let range = stream.span(index).unwrap().bytes;
            let alone = span(&stream, index, &track, 1 + (state >> 50) as usize);
            prop_assert!(alone == bytes[range.start as usize..range.end as usize], "span {}", index);
            prop_assert_eq!(stream.span_at(range.start), Some(index));
            prop_assert_eq!(stream.span_at(range.end - 1), Some(index));
        }
        prop_assert_eq!(stream.span_at(stream.header().len() as u64 - 1), None);
        prop_assert_eq!(stream.span_at(stream.bytes()), None);
    }
}

#[test]
fn seams_are_not_audible() {
    // The error of the codec is no larger next to a seam than elsewhere.
    for rate in [48_000_u32, 44_100] {
        let track = music(u64::from(rate) * 45, rate, 5);
        let stream = Stream::new(rate, track.len() as u64 / 2, 160_000, 7, &Tags::default()).unwrap();
        let decoded = decode(&whole(&stream, &track));
        let original = resample(&track, 2, rate, RATE).unwrap();
        let error: Vec<f32> = decoded.iter().zip(&original).map(|(d, o)| d - o).collect();
        // Error and level in windows of 10 ms.
        let window = 2 * RATE as usize / 100;
        let errors: Vec<f64> = error.chunks_exact(window).map(|w| power(w.iter().copied())).collect();
        let mut sorted = errors.clone();
        sorted.sort_by(f64::total_cmp);
        let (usual, high) = (sorted[sorted.len() / 2], sorted[sorted.len() * 99 / 100]);
        for seam in 1..stream.span_count() as usize {
            for (n, &here) in errors.iter().enumerate().skip(seam * 1_000 - 4).take(9) {
                let db = |power: f64| 10.0 * power.log10();
                let (here, usual) = (db(here), db(usual));
                assert!(here < db(high) + 0.5 && here < usual + 3.0, "at {} ms: {here:.1} dB, else {usual:.1}", n * 10);
            }
        }
    }
}

#[test]
fn tags_of_any_length_are_in_the_header() {
    for length in [0, 1, 238, 254, 255, 256, 65_000, 65_536] {
        let mut tags = Tags::default();
        tags.title = Some("t".repeat(length));
        tags.artist = Some("Ädi".into());
        let stream = Stream::new(48_000, 48_000, 96_000, 9, &tags).unwrap();
        let bytes = whole(&stream, &music(48_000, 48_000, 3));
        assert_eq!(decode(&bytes).len(), 2 * 48_000);
        let mut reader = PacketReader::new(Cursor::new(&bytes));
        reader.read_packet().unwrap();
        let text = reader.read_packet().unwrap().unwrap().data;
        let title = format!("TITLE={}", "t".repeat(length));
        assert!(text.windows(title.len()).any(|w| w == title.as_bytes()), "{length}");
    }
}

#[test]
fn samples_that_are_not_finite_are_silent_and_counted() {
    let mut track = music(48_000, 48_000, 3);
    track[5_000..5_010].fill(f32::NAN);
    let stream = Stream::new(48_000, 48_000, 160_000, 9, &Tags::default()).unwrap();
    let (mut encoder, mut bytes) = (stream.encoder(0).unwrap(), stream.header().to_vec());
    encoder.push(&track, &mut bytes).unwrap();
    assert_eq!(encoder.non_finite_samples(), 10);
    assert!(decode(&bytes).iter().all(|s| s.is_finite()));
}

#[test]
fn an_impossible_stream_or_span_is_refused() {
    let new = |rate, frames, bit_rate| Stream::new(rate, frames, bit_rate, 0, &Tags::default());
    assert!(matches!(new(999, 1_000, 160_000), Err(e) if matches!(e.kind(), ErrorKind::SampleRate { .. })));
    assert!(matches!(new(48_000, 0, 160_000), Err(e) if *e.kind() == ErrorKind::Empty));
    assert!(matches!(new(48_000, u64::MAX, 160_000), Err(e) if *e.kind() == ErrorKind::FormatLimit));
    for bit_rate in [0, 47_600, 160_001, 510_400] {
        let text = new(48_000, 1_000, bit_rate).unwrap_err().to_string();
        assert!(text.contains(&format!("{bit_rate} bit/s")), "{text}");
    }
    let stream = new(48_000, 1_000, 160_000).unwrap();
    assert!(matches!(stream.encoder(1), Err(e) if *e.kind() == ErrorKind::InvalidCall));
    assert_eq!(stream.span(1), None);
    let mut encoder = stream.encoder(0).unwrap();
    assert!(
        matches!(encoder.push(&[0.0; 3], &mut Vec::new()), Err(e) if matches!(e.kind(), ErrorKind::FrameShape { .. }))
    );
    assert!(matches!(encoder.push(&[0.0; 2_002], &mut Vec::new()), Err(e) if *e.kind() == ErrorKind::InvalidCall));
}
