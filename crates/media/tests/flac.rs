//! The files of the FLAC writer are read back bit for bit.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use crowd_media::flac::{MAX_RATE, Writer};
use crowd_media::{
    Audio, AudioFormat, AudioSpec, Container, DecodeOptions, ErrorKind, Reader, SampleFormat, Samples, Tags, open,
    probe, write,
};
use proptest::prelude::*;

fn flac(sample_format: SampleFormat) -> AudioFormat {
    AudioFormat::new(Container::Flac, sample_format).unwrap()
}

fn round_trip(audio: &Audio, sample_format: SampleFormat) -> Audio {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("round.flac");
    write(&path, audio, flac(sample_format), &Tags::default()).unwrap();
    let back = open(&path, &DecodeOptions::default()).unwrap();
    assert!(back.warnings.is_empty(), "{:?}", back.warnings);
    assert_eq!(probe(&path).unwrap().frames, Some(audio.frames() as u64));
    back
}

/// Signals for the edge cases of an encoder.
fn sound(kind: usize, n: usize, channel: usize, bits: u32, random: u64) -> i32 {
    let full = 1_i64 << (bits - 1);
    let wave = match kind {
        0 => 0,
        1 => full - 1,
        2 => -full,
        // Full scale, up and down; the same in opposition between the channels.
        3 if (n + channel).is_multiple_of(2) => full - 1,
        3 => -full,
        4 => (random >> (64 - bits)) as i64 - full,
        5 => ((n as f64 / 40.0 + channel as f64).sin() * (full - 1) as f64) as i64,
        // Low bits that are never used.
        6 => ((n as f64 / 11.0).sin() * full as f64 / 300.0) as i64 * 256,
        // Silence with a click.
        7 if n.is_multiple_of(997) => full - 1,
        7 => 0,
        _ => (random >> 62) as i64 - 1,
    };
    wave.clamp(-full, full - 1) as i32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn every_sample_is_read_back_at_every_sample_format_rate_and_length(
        kinds in (0..9_usize, 0..9_usize), channels in 1u16..=8, rate in 1_000u32..=MAX_RATE,
        frames in prop_oneof![1usize..40, 1usize..5_000, 4_090usize..4_115, 8_180usize..8_200], seed: u64, deep: bool,
    ) {
        let bits = if deep { 24 } else { 16 };
        let mut state = seed | 1;
        let samples: Vec<i32> = (0..frames * usize::from(channels)).map(|at| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let (n, channel) = (at / usize::from(channels), at % usize::from(channels));
            sound(if channel == 0 { kinds.0 } else { kinds.1 }, n, channel, bits, state)
        }).collect();
        if deep {
            let floats: Vec<f32> = samples.iter().map(|&s| s as f32 / 8_388_608.0).collect();
            let audio = Audio::new(Samples::F32(floats.clone()), rate, channels).unwrap();
            let back = round_trip(&audio, SampleFormat::I24);
            prop_assert_eq!((back.sample_rate, back.channels), (rate, channels));
            prop_assert!(back.to_f32() == floats);
        } else {
            let samples: Vec<i16> = samples.iter().map(|&s| s as i16).collect();
            let audio = Audio::new(Samples::I16(samples), rate, channels).unwrap();
            for sample_format in [SampleFormat::I16, SampleFormat::I24] {
                let back = round_trip(&audio, sample_format);
                prop_assert_eq!((back.sample_rate, back.channels), (rate, channels));
                prop_assert!(back.to_f32() == audio.to_f32());
                prop_assert_eq!(matches!(back.samples, Samples::I16(_)), sample_format == SampleFormat::I16);
            }
        }
    }

    #[test]
    fn the_split_of_the_writes_does_not_change_a_byte(lengths in prop::collection::vec(1usize..3_000, 1..8)) {
        let total: usize = lengths.iter().sum();
        let samples: Vec<f32> = (0..2 * total).map(|n| (n as f32 / 17.0).sin() * 0.7).collect();
        let spec = AudioSpec { dither: true, ..AudioSpec::new(44_100, 2, SampleFormat::I16) };
        let start = || Writer::new(Cursor::new(Vec::new()), spec, &Tags::default()).unwrap();
        let (mut whole, mut split) = (start(), start());
        whole.write_f32(&samples).unwrap();
        let mut rest = &samples[..];
        for frames in lengths {
            let (block, after) = rest.split_at(2 * frames);
            split.write_f32(block).unwrap();
            rest = after;
        }
        prop_assert_eq!(split.frames(), total as u64);
        prop_assert!(split.finish().unwrap().into_inner() == whole.finish().unwrap().into_inner());
    }
}

#[test]
fn a_last_block_of_any_length_and_content_is_read_back() {
    let mut state = 7_u64;
    for frames in (1..36).chain(4_096..4_116) {
        // Noise of a few steps, tones, and both: predictors of every order over very few samples.
        for (kind, swing) in (0..16).map(|n| (n % 4, 200_i64 * n)) {
            let noise = |state: &mut u64, range: i64| {
                *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (*state >> 33) as i64 % range
            };
            let sample = |n: i64, state: &mut u64| match kind {
                0 => noise(state, 4) - 1,
                1 => n * n % 50 + noise(state, 2 + swing / 50),
                2 => ((n as f64 / 5.0).sin() * swing as f64) as i64,
                _ => ((n as f64 / 9.0).sin() * swing as f64) as i64 + noise(state, 3),
            };
            let samples: Vec<i16> = (0..3 * frames).map(|n| sample(n / 3, &mut state) as i16).collect();
            let audio = Audio::new(Samples::I16(samples), 44_100, 3).unwrap();
            assert!(round_trip(&audio, SampleFormat::I16).samples == audio.samples, "{frames} frames of kind {kind}");
        }
    }
}

#[test]
fn floats_are_read_back_within_a_dithered_step_and_loud_ones_clamped() {
    let samples: Vec<f32> = (0..20_000).map(|n| (n as f32 * 0.031).sin() * 1.05).collect();
    let audio = Audio::new(Samples::F32(samples.clone()), 48_000, 2).unwrap();
    for (sample_format, step) in [(SampleFormat::I16, 1.0 / 32_768.0), (SampleFormat::I24, 1.0 / 8_388_608.0)] {
        let back = round_trip(&audio, sample_format).to_f32();
        let worst = back.iter().zip(&samples).map(|(b, s)| (b - s.clamp(-1.0, 1.0)).abs()).fold(0.0, f32::max);
        assert!(worst > 0.0 && worst <= 1.5 * step + 1e-7, "{worst} at {sample_format} bits");
    }
}

#[test]
fn wav_and_flac_of_one_sound_hold_the_same_samples() {
    let dir = tempfile::tempdir().unwrap();
    let samples: Vec<f32> = (0..30_000).map(|n| (n as f32 * 0.017).sin() * 0.4).collect();
    let audio = Audio::new(Samples::F32(samples), 44_100, 2).unwrap();
    for sample_format in [SampleFormat::I16, SampleFormat::I24] {
        let read = |container| {
            let format = AudioFormat::new(container, sample_format).unwrap();
            let path = dir.path().join("one").with_extension(format.extension());
            write(&path, &audio, format, &Tags::default()).unwrap();
            open(&path, &DecodeOptions::default()).unwrap().samples
        };
        assert_eq!(read(Container::Wav), read(Container::Flac));
    }
}

#[test]
fn samples_that_the_format_holds_are_not_dithered() {
    let samples: Vec<f32> = (0..9_000_i16).map(|n| f32::from(n.wrapping_mul(7919)) / 32_768.0).collect();
    let audio = Audio::new(Samples::F32(samples.clone()), 44_100, 1).unwrap();
    for container in [Container::Wav, Container::Flac] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("exact");
        write(&path, &audio, AudioFormat::new(container, SampleFormat::I16).unwrap(), &Tags::default()).unwrap();
        assert!(open(&path, &DecodeOptions::default()).unwrap().to_f32() == samples, "{container}");
    }
}

#[test]
fn the_header_holds_length_md5_and_seek_points() {
    let samples: Vec<i16> = (0..44_100 * 2 * 25).map(|n: i32| ((f64::from(n) / 30.0).sin() * 9_000.0) as i16).collect();
    let mut writer =
        Writer::new(Cursor::new(Vec::new()), AudioSpec::new(44_100, 2, SampleFormat::I16), &Tags::default()).unwrap();
    samples.chunks(999 * 2).for_each(|block| writer.write_i16(block).unwrap());
    let bytes = writer.finish().unwrap().into_inner();
    let samples_in_header = u64::from_be_bytes(bytes[18..26].try_into().unwrap()) & 0xf_ffff_ffff;
    assert_eq!((&bytes[..4], samples_in_header), (&b"fLaC"[..], 44_100 * 25));
    // The sum of these samples as little-endian bytes, by Python's hashlib.
    let md5: String = bytes[26..42].iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(md5, "228b19d3ee0db5df7a0c46c411b8e6fc");
    let mut at = 4;
    let mut points = 0;
    loop {
        let length = usize::from(bytes[at + 1]) << 16 | usize::from(bytes[at + 2]) << 8 | usize::from(bytes[at + 3]);
        if bytes[at] & 0x7f == 3 {
            points = length / 18;
        }
        if bytes[at] & 0x80 != 0 {
            break;
        }
        at += 4 + length;
    }
    assert_eq!(points, 3, "one at 0, 10 and 20 s");
}

#[test]
fn a_written_file_can_be_read_from_any_frame() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.flac");
    let samples: Vec<i16> = (0..48_000 * 30).map(|n: i32| (n.wrapping_mul(40_503) >> 8) as i16).collect();
    let audio = Audio::new(Samples::I16(samples.clone()), 48_000, 1).unwrap();
    write(&path, &audio, flac(SampleFormat::I16), &Tags::default()).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    for from in [1_439_999, 0, 1, 4_095, 480_000, 1_000_003] {
        reader.seek(from).unwrap();
        let got = reader.next_block().unwrap().unwrap().to_vec();
        let want = samples[from as usize..].iter().map(|&s| f32::from(s) / 32_768.0);
        assert!(!got.is_empty() && got.iter().copied().eq(want.take(got.len())), "from frame {from}");
    }
}

#[test]
fn tags_and_an_unusual_speaker_layout_are_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tagged.flac");
    let mut tags = Tags::default();
    tags.title = Some("Näher am Rand".into());
    tags.artist = Some("夜".into());
    tags.bpm = Some(122.5);
    tags.key = Some("8A".into());
    let mut audio = Audio::new(Samples::I16(vec![1; 400]), 44_100, 4).unwrap();
    audio.speakers = 0x107;
    write(&path, &audio, flac(SampleFormat::I24), &tags).unwrap();
    assert_eq!(probe(&path).unwrap().tags, tags);
    let bytes = std::fs::read(&path).unwrap();
    let mask = b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x107";
    assert!(bytes.windows(mask.len()).any(|w| w == mask));
}

#[test]
fn non_finite_samples_become_silence_and_are_counted() {
    let mut writer =
        Writer::new(Cursor::new(Vec::new()), AudioSpec::new(44_100, 1, SampleFormat::I24), &Tags::default()).unwrap();
    writer.write_f32(&[0.5, f32::NAN, f32::INFINITY, -0.5]).unwrap();
    assert_eq!(writer.non_finite_samples(), 2);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nan.flac");
    std::fs::write(&path, writer.finish().unwrap().into_inner()).unwrap();
    assert_eq!(open(&path, &DecodeOptions::default()).unwrap().to_f32(), [0.5, 0.0, 0.0, -0.5]);
}

#[test]
fn a_file_without_a_frame_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let audio = Audio::new(Samples::I16(vec![]), 44_100, 2).unwrap();
    let written = write(&dir.path().join("empty.flac"), &audio, flac(SampleFormat::I16), &Tags::default());
    assert!(matches!(written, Err(e) if *e.kind() == ErrorKind::Empty));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_uncommitted_file_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spec = AudioSpec::new(44_100, 2, SampleFormat::I16);
    let mut writer = Writer::create(&dir.path().join("gone.flac"), spec, &Tags::default()).unwrap();
    writer.write_i16(&[1, 2]).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A disk with room for a limited number of bytes.
struct LimitedDisk(Cursor<Vec<u8>>, usize);

impl Write for LimitedDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.position() as usize + bytes.len() > self.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for LimitedDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_full_disk_is_an_error_whenever_it_fills() {
    let noise: Vec<f32> =
        (0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_769) as f32 / u32::MAX as f32 - 0.5).collect();
    let write = |room: usize| {
        let sink = LimitedDisk(Cursor::default(), room);
        let mut writer = Writer::new(sink, AudioSpec::new(44_100, 1, SampleFormat::I16), &Tags::default())?;
        noise.chunks(1_000).try_for_each(|block| writer.write_f32(block))?;
        writer.finish().map(|sink| sink.0.into_inner().len())
    };
    let size = write(usize::MAX).unwrap();
    for room in (0..size).step_by(9_973).chain([size - 1]) {
        assert!(write(room).unwrap_err().io_error().is_some(), "with room for {room} of {size} bytes");
    }
}

#[test]
fn a_spec_that_flac_cannot_hold_is_refused_by_value() {
    let refused = |spec| Writer::new(Cursor::new(vec![]), spec, &Tags::default()).unwrap_err().to_string();
    assert!(refused(AudioSpec::new(44_100, 9, SampleFormat::I16)).contains("is 9; choose 1..=8"));
    assert!(refused(AudioSpec::new(44_100, 2, SampleFormat::F32)).contains("is 32f; choose 16 or 24"));
    assert!(refused(AudioSpec::new(1, 2, SampleFormat::I16)).contains("1 Hz"));
    assert!(refused(AudioSpec::new(768_000, 2, SampleFormat::I16)).contains("is 768000 Hz; choose 655350 Hz or less"));
    assert!(AudioFormat::new(Container::Flac, SampleFormat::F32).is_err());
    let mut writer =
        Writer::new(Cursor::new(vec![]), AudioSpec::new(44_100, 2, SampleFormat::I16), &Tags::default()).unwrap();
    assert!(
        matches!(writer.write_f32(&[0.0; 3]), Err(e) if matches!(e.kind(), ErrorKind::FrameShape { samples: 3, channels: 2 }))
    );
    let mut tags = Tags::default();
    tags.title = Some("x".repeat(70_000));
    for container in [Container::Wav, Container::Flac] {
        let dir = tempfile::tempdir().unwrap();
        let audio = Audio::new(Samples::I16(vec![0; 4]), 44_100, 2).unwrap();
        let format = AudioFormat::new(container, SampleFormat::I16).unwrap();
        let error = write(&dir.path().join("long"), &audio, format, &tags).unwrap_err().to_string();
        assert!(error.contains("70000 bytes"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn names_of_formats_are_read_as_they_are_written() {
    for container in [Container::Wav, Container::Flac] {
        assert_eq!(container.to_string().parse::<Container>().unwrap(), container);
    }
    for sample_format in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        assert_eq!(sample_format.to_string().parse::<SampleFormat>().unwrap(), sample_format);
    }
    assert!("mp3".parse::<Container>().unwrap_err().to_string().contains("\"mp3\"; choose wav or flac"));
    assert!("8".parse::<SampleFormat>().unwrap_err().to_string().contains("choose 16, 24 or 32f"));
}
