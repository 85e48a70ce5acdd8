//! A FLAC stream that is encoded block by block, in any order, is one stream.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use crowd_media::flac::{BLOCK_FRAMES, BlockEncoder, MAX_RATE};
use crowd_media::{AudioSpec, DecodeOptions, ErrorKind, SampleFormat, Tags, open, pcm, probe};
use proptest::prelude::*;

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 20
}

/// A tone with noise, packed.
fn sound(spec: AudioSpec, frames: u64, state: &mut u64) -> Vec<u8> {
    let loudness = random(state) % 3;
    let samples: Vec<f32> = (0..frames * u64::from(spec.channels))
        .map(|n| match loudness {
            0 => 0.0,
            1 => (n as f32 / 40.0).sin() * 0.6 + random(state) as f32 / 1e18,
            _ => (random(state) % 2_000) as f32 / 1_000.0 - 1.0,
        })
        .collect();
    let mut packed = Vec::new();
    pcm::pack(&samples, spec.sample_format, &mut packed);
    packed
}

/// The whole stream, a block at a time.
fn stream(blocks: &BlockEncoder, packed: &[u8], frame_bytes: usize) -> Vec<u8> {
    let mut whole = blocks.header().to_vec();
    for (n, block) in packed.chunks(BLOCK_FRAMES as usize * frame_bytes).enumerate() {
        blocks.encode(n as u64 * BLOCK_FRAMES, block, &mut whole).unwrap();
    }
    whole
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn blocks_in_any_order_and_any_number_at_once_are_one_stream_that_decodes_to_the_bit(
        channels in 1u16..=8, rate in prop_oneof![1_000u32..=MAX_RATE, Just(44_100), Just(48_000), Just(96_000)],
        frames in prop_oneof![1u64..40, 1u64..5_000, 4_090u64..4_115, 20_000u64..70_000], seed: u64, deep: bool,
    ) {
        let mut state = seed;
        let spec = AudioSpec::new(rate, channels, if deep { SampleFormat::I24 } else { SampleFormat::I16 });
        let packed = sound(spec, frames, &mut state);
        let blocks = BlockEncoder::new(spec, frames, &Tags::default()).unwrap();
        let whole = stream(&blocks, &packed, spec.frame_bytes() as usize);

        // The stream is cut at random blocks and encoded in random order; each span by an encoder that has encoded other spans before.
        let mut spans = Vec::new();
        let mut at = 0;
        while at < frames {
            let end = (at + (1 + random(&mut state) % 5) * BLOCK_FRAMES).min(frames);
            spans.push((random(&mut state), at..end));
            at = end;
        }
        spans.sort_by_key(|(order, _)| *order);
        let mut made: Vec<(u64, Vec<u8>)> = Vec::new();
        for (_, span) in spans {
            let mut bytes = Vec::new();
            let of = |frame: u64| (frame * spec.frame_bytes()) as usize;
            blocks.encode(span.start, &packed[of(span.start)..of(span.end)], &mut bytes).unwrap();
            made.push((span.start, bytes));
        }
        made.sort();
        let joined: Vec<u8> = blocks.header().iter().copied().chain(made.into_iter().flat_map(|(_, bytes)| bytes)).collect();
        prop_assert!(joined == whole);

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("joined.flac");
        std::fs::write(&path, joined).unwrap();
        let info = probe(&path).unwrap();
        prop_assert_eq!((info.sample_rate, info.channels, info.frames), (rate, channels, Some(frames)));
        let back = open(&path, &DecodeOptions::default()).unwrap();
        prop_assert!(back.warnings.is_empty(), "{:?}", back.warnings);
        let mut again = Vec::new();
        pcm::pack(&back.to_f32(), spec.sample_format, &mut again);
        prop_assert!(again == packed);
    }
}

#[test]
fn block_numbers_of_any_length_are_written() {
    // The number has one to six bytes; all other bytes of a block except its checksums stay the same.
    let spec = AudioSpec::new(44_100, 1, SampleFormat::I16);
    let blocks = BlockEncoder::new(spec, (1 << 36) - 1, &Tags::default()).unwrap();
    let packed = sound(spec, BLOCK_FRAMES, &mut 5);
    for (number, bytes) in [(0_u64, 1), (0x7f, 1), (0x80, 2), (0x7ff, 2), (0x800, 3), (0xffff, 3), (0x0010_0000, 4)] {
        let mut block = Vec::new();
        blocks.encode(number * BLOCK_FRAMES, &packed, &mut block).unwrap();
        // RFC 9639, table 18: UTF-8, extended.
        let text = char::from_u32(number as u32).unwrap().to_string();
        assert_eq!(&block[4..4 + bytes], text.as_bytes(), "block {number:#x}");
    }
}

#[test]
fn impossible_streams_and_spans_are_refused() {
    let new = |rate, channels, format, frames| {
        BlockEncoder::new(AudioSpec::new(rate, channels, format), frames, &Tags::default())
    };
    assert!(matches!(new(999, 2, SampleFormat::I16, 1), Err(e) if matches!(e.kind(), ErrorKind::SampleRate { .. })));
    assert!(matches!(new(44_100, 0, SampleFormat::I16, 1), Err(e) if matches!(e.kind(), ErrorKind::FrameShape { .. })));
    assert!(matches!(new(44_100, 2, SampleFormat::F32, 1), Err(e) if *e.kind() == ErrorKind::FormatLimit));
    assert!(matches!(new(44_100, 9, SampleFormat::I16, 1), Err(e) if *e.kind() == ErrorKind::FormatLimit));
    assert!(matches!(new(44_100, 2, SampleFormat::I16, 0), Err(e) if *e.kind() == ErrorKind::Empty));
    assert!(new(44_100, 2, SampleFormat::I16, 1 << 36).unwrap_err().to_string().contains("68719476736 frames"));

    let blocks = new(44_100, 2, SampleFormat::I16, 10_000).unwrap();
    let encode = |first, frames: usize| blocks.encode(first, &vec![0; frames * 4], &mut Vec::new());
    assert!(encode(8_192, 1_808).is_ok());
    for (first, frames) in [(1, 4_096), (0, 4_095), (8_192, 1_809), (u64::MAX / 4_096 * 4_096, 4_096), (12_288, 0)] {
        assert!(matches!(encode(first, frames), Err(e) if *e.kind() == ErrorKind::InvalidCall), "{first} + {frames}");
    }
    assert!(
        matches!(blocks.encode(0, &[0; 5], &mut Vec::new()), Err(e) if matches!(e.kind(), ErrorKind::FrameShape { .. }))
    );
}

#[test]
fn tags_are_in_the_header() {
    let mut tags = Tags::default();
    tags.title = Some("Tide".into());
    tags.artist = Some("Ädi".into());
    tags.bpm = Some(128.0);
    let spec = AudioSpec::new(48_000, 2, SampleFormat::I24);
    let blocks = BlockEncoder::new(spec, 5_000, &tags).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tagged.flac");
    std::fs::write(&path, stream(&blocks, &sound(spec, 5_000, &mut 3), 6)).unwrap();
    assert_eq!(probe(&path).unwrap().tags, tags);
}
