//! The files of the WAV writer are read back, by this crate and by readers that follow the standards.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use crowd_media::wav::Writer;
use crowd_media::{
    Audio, AudioFormat, AudioSpec, Container, DecodeOptions, ErrorKind, SampleFormat, Samples, Tags, open, pcm, probe,
    wav, write,
};
use proptest::prelude::*;

fn round_trip(audio: &Audio, format: SampleFormat) -> Audio {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("round.wav");
    wav::write(&path, audio, format).unwrap();
    open(&path, &DecodeOptions::default()).unwrap()
}

fn max_error(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |m, (x, y)| m.max((x - y).abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sixteen_bit_samples_survive_every_format_exactly(
        channels in 1u16..=8, rate in 1_000u32..=768_000, frames in 1usize..600, seed: u64,
    ) {
        let mut state = seed | 1;
        let samples: Vec<i16> = (0..frames * usize::from(channels)).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 48) as i16
        }).collect();
        let audio = Audio::new(Samples::I16(samples), rate, channels).unwrap();
        for format in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
            let back = round_trip(&audio, format);
            prop_assert_eq!((back.sample_rate, back.channels), (rate, channels));
            prop_assert!(back.warnings.is_empty(), "{:?}", back.warnings);
            prop_assert_eq!(back.to_f32(), audio.to_f32());
            prop_assert_eq!(matches!(back.samples, Samples::I16(_)), format == SampleFormat::I16);
        }
    }

    #[test]
    fn floats_are_kept_exactly_or_within_a_dithered_step(samples in prop::collection::vec(-1.0f32..0.9999, 2..400)) {
        let audio = Audio::new(Samples::F32(samples.clone()), 44_100, 1).unwrap();
        prop_assert_eq!(round_trip(&audio, SampleFormat::F32).to_f32(), samples.clone());
        // Half a step of rounding and one of dither.
        prop_assert!(max_error(&round_trip(&audio, SampleFormat::I24).to_f32(), &samples) <= 1.5 / 8_388_608.0 + 1e-7);
        prop_assert!(max_error(&round_trip(&audio, SampleFormat::I16).to_f32(), &samples) <= 1.5 / 32_768.0 + 1e-7);
    }
}

#[test]
fn loud_floats_are_kept_as_floats_and_clamped_as_integers() {
    let audio = Audio::new(Samples::F32(vec![4.0, -4.0]), 44_100, 1).unwrap();
    assert_eq!(round_trip(&audio, SampleFormat::F32).to_f32(), [4.0, -4.0]);
    assert_eq!(round_trip(&audio, SampleFormat::I16).samples, Samples::I16(vec![32767, -32768]));
}

#[test]
fn non_finite_samples_become_silence_and_are_counted_on_both_sides() {
    let mut writer = Writer::new(Cursor::new(Vec::new()), AudioSpec::new(44_100, 1, SampleFormat::F32)).unwrap();
    writer.write_f32(&[0.5, f32::NAN, f32::INFINITY, -0.5]).unwrap();
    assert_eq!(writer.non_finite_samples(), 2);
    let mut bytes = writer.finish().unwrap().into_inner();
    let data = bytes.len() - 16;
    bytes[data..data + 4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nan.wav");
    std::fs::write(&path, bytes).unwrap();
    let audio = open(&path, &DecodeOptions::default()).unwrap();
    assert_eq!((audio.to_f32(), audio.non_finite_samples), (vec![0.0, 0.0, 0.0, -0.5], 1));
}

#[test]
fn samples_that_would_become_denormal_are_zero_when_a_file_is_read_at_once_or_in_blocks() {
    let samples = [0.5, 1e-38, -1e-30, 1e-45, 0.9e-20, -1.1e-20, 1e-19, -0.25].repeat(1_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("quiet.wav");
    let quiet = Audio::new(Samples::F32(samples.clone()), 44_100, 2).unwrap();
    crowd_media::wav::write(&path, &quiet, SampleFormat::F32).unwrap();
    let clean: Vec<f32> = samples.iter().map(|x| if x.abs() < 1e-20 { 0.0 } else { *x }).collect();
    let audio = open(&path, &DecodeOptions::default()).unwrap();
    assert_eq!((audio.non_finite_samples, audio.to_f32() == clean), (0, true));
    let mut reader = crowd_media::Reader::open(&path).unwrap();
    let mut blocks = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        blocks.extend_from_slice(block);
    }
    assert_eq!((reader.non_finite_samples(), blocks == clean), (0, true));
}

#[test]
fn dither_turns_distortion_of_a_quiet_tone_into_noise() {
    // A 1 kHz sine of 0.6 LSB: rounded without dither it is a train of pulses with many odd harmonics.
    let tone: Vec<f32> =
        (0..44_100).map(|n| 0.6 / 32_768.0 * (std::f32::consts::TAU * n as f32 / 44.1).sin()).collect();
    let third_harmonic = |dither: bool| {
        let spec = AudioSpec { dither, ..AudioSpec::new(44_100, 1, SampleFormat::I16) };
        let mut writer = Writer::new(Cursor::new(Vec::new()), spec).unwrap();
        writer.write_f32(&tone).unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        let samples = bytes[bytes.len() - 88_200..].chunks(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])));
        let (mut re, mut im) = (0.0, 0.0);
        for (n, s) in samples.enumerate() {
            let w = std::f64::consts::TAU * 3_000.0 * n as f64 / 44_100.0;
            re += s * w.cos();
            im += s * w.sin();
        }
        2.0 / 44_100.0 * f64::hypot(re, im)
    };
    let (plain, dithered) = (third_harmonic(false), third_harmonic(true));
    assert!(plain > 0.1 && dithered < 0.02, "plain {plain:.3} LSB, dithered {dithered:.4} LSB");
}

#[test]
fn the_header_is_valid_at_every_flush_and_an_odd_chunk_is_padded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("open.wav");
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = Writer::new(file, AudioSpec::new(44_100, 1, SampleFormat::I24)).unwrap();
    for n in 1..=3 {
        writer.write_i16(&[n]).unwrap();
        writer.flush().unwrap();
        let audio = open(&path, &DecodeOptions::default()).unwrap();
        assert_eq!(audio.frames(), n as usize);
        assert!(audio.warnings.is_empty());
    }
    drop(writer.finish().unwrap());
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes.len() % 2, 0);
    assert_eq!(u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize + 8, bytes.len());
}

#[test]
fn an_uncommitted_file_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer =
        Writer::create(&dir.path().join("gone.wav"), AudioSpec::new(44_100, 2, SampleFormat::I16)).unwrap();
    writer.write_i16(&[1, 2]).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn broken_frames_and_specs_are_refused() {
    let mut writer = Writer::new(Cursor::new(Vec::new()), AudioSpec::new(44_100, 2, SampleFormat::I16)).unwrap();
    assert!(
        matches!(writer.write_f32(&[0.0; 3]), Err(e) if matches!(e.kind(), ErrorKind::FrameShape { samples: 3, channels: 2 }))
    );
    assert!(matches!(
        Writer::new(Cursor::new(vec![]), AudioSpec::new(1, 2, SampleFormat::I16)),
        Err(e) if matches!(e.kind(), ErrorKind::SampleRate { rate: 1 })
    ));
    assert!(Writer::new(Cursor::new(vec![]), AudioSpec::new(44_100, 0, SampleFormat::I16)).is_err());
}

#[test]
fn rf64_data_ends_where_ds64_says_even_when_chunks_follow() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tail.wav");
    let mut bytes = Vec::new();
    bytes.extend(b"RF64\xff\xff\xff\xffWAVEds64");
    bytes.extend(28u32.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(8u64.to_le_bytes());
    bytes.extend([0; 12]);
    bytes.extend(b"fmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data\xff\xff\xff\xff");
    bytes.extend([1, 0, 2, 0, 3, 0, 4, 0]);
    bytes.extend(b"LIST\x04\0\0\0junk");
    std::fs::write(&path, &bytes).unwrap();
    for id in [b"RF64", b"BW64"] {
        bytes[..4].copy_from_slice(id);
        std::fs::write(&path, &bytes).unwrap();
        let audio = open(&path, &DecodeOptions::default()).unwrap();
        assert_eq!((audio.samples, audio.warnings), (Samples::I16(vec![1, 2, 3, 4]), Vec::<String>::new()));
        assert_eq!(probe(&path).unwrap().frames, Some(4));
    }
}

#[test]
fn tags_are_read_by_players_and_by_dj_programs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tagged.wav");
    let mut tags = Tags::default();
    tags.title = Some("Näher am Rand".into());
    tags.artist = Some("Nobody".into());
    tags.bpm = Some(122.5);
    tags.key = Some("8A".into());
    let audio = Audio::new(Samples::I16(vec![7]), 44_100, 1).unwrap();
    write(&path, &audio, AudioFormat::new(Container::Wav, SampleFormat::I24).unwrap(), &tags).unwrap();
    let back = open(&path, &DecodeOptions::default()).unwrap();
    assert_eq!((back.to_f32(), back.warnings), (audio.to_f32(), vec![]));
    assert_eq!(probe(&path).unwrap().frames, Some(1));

    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize + 8, bytes.len());
    let info = "LIST\x2c\0\0\0INFOINAM\x0f\0\0\0Näher am Rand\0\0IART\x07\0\0\0Nobody\0\0data".as_bytes();
    assert!(bytes.windows(info.len()).any(|w| w == info));
    // An MP3 reader reads the same tags from the ID3 tag of the chunk.
    let at = bytes.windows(4).position(|w| w == b"id3 ").unwrap();
    let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
    let mut mp3 = bytes[at + 8..at + 8 + length].to_vec();
    mp3.extend(std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/untagged.mp3")).unwrap());
    let path = dir.path().join("tagged.mp3");
    std::fs::write(&path, mp3).unwrap();
    assert_eq!(probe(&path).unwrap().tags, tags);

    let mut writer = Writer::new(Cursor::new(Vec::new()), AudioSpec::new(44_100, 1, SampleFormat::I16)).unwrap();
    writer.write_i16(&[1]).unwrap();
    assert!(writer.set_tags(&tags).unwrap_err().to_string().contains("before the first sample"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_separate_header_and_packed_samples_are_the_writers_bytes(
        channels in 1u16..=8, rate in 1_000u32..=768_000, frames in 0usize..400, seed: u64, kind in 0usize..3,
    ) {
        let format = [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32][kind];
        let mut state = seed | 1;
        let samples: Vec<f32> = (0..frames * usize::from(channels)).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f32 / 8_000_000.0 - 1.05
        }).collect();
        let spec = AudioSpec::new(rate, channels, format);
        let mut writer = Writer::new(Cursor::new(Vec::new()), spec).unwrap();
        writer.write_f32(&samples).unwrap();
        let mut separate = wav::header(spec, frames as u64).unwrap();
        let data = separate.len();
        prop_assert_eq!(pcm::pack(&samples, format, &mut separate), 0);
        prop_assert_eq!((separate.len() - data) as u64, frames as u64 * spec.frame_bytes());
        // Samples that the sample format holds exactly are unpacked unchanged and packed to the same bytes.
        let (mut once, mut again) = (Vec::new(), Vec::new());
        pcm::unpack(&separate[data..], format, &mut once);
        pcm::pack(&once, format, &mut again);
        prop_assert!(again == separate[data..]);
        if (separate.len() - data) % 2 == 1 {
            separate.push(0);
        }
        prop_assert!(separate == writer.finish().unwrap().into_inner());
    }
}

#[test]
fn the_header_of_an_impossible_file_is_refused() {
    let refused =
        |rate, channels, frames| wav::header(AudioSpec::new(rate, channels, SampleFormat::I24), frames).unwrap_err();
    assert!(matches!(refused(999, 2, 1).kind(), ErrorKind::SampleRate { .. }));
    assert!(matches!(refused(48_000, 0, 1).kind(), ErrorKind::FrameShape { .. }));
    assert_eq!(*refused(48_000, 2, u64::MAX / 6).kind(), ErrorKind::FormatLimit);
    // Ten hours of two channels in 24 bits are past 4 GiB.
    let frames = 10 * 3_600 * 48_000;
    let long = wav::header(AudioSpec::new(48_000, 2, SampleFormat::I24), frames).unwrap();
    assert_eq!((&long[..4], u64::from_le_bytes(long[28..36].try_into().unwrap())), (&b"RF64"[..], frames * 6));
}

#[test]
fn packing_counts_samples_that_are_not_finite_and_clamps_loud_ones() {
    let mut bytes = Vec::new();
    assert_eq!(pcm::pack(&[f32::NAN, 2.0, -2.0, f32::INFINITY], SampleFormat::I24, &mut bytes), 2);
    assert_eq!(bytes, [0, 0, 0, 0xff, 0xff, 0x7f, 0, 0, 0x80, 0, 0, 0]);
}
