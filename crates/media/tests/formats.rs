//! Every format is decoded to the frames that were encoded.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

use std::f64::consts::{PI, TAU};
use std::path::{Path, PathBuf};

use crowd_media::{Audio, DecodeOptions, Error, ErrorKind, Samples, open, probe};

const RATE: u32 = 44_100;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn decode(name: &str) -> Audio {
    let audio = open(&fixture(name), &DecodeOptions::default()).unwrap();
    assert_eq!((audio.sample_rate, audio.channels, audio.non_finite_samples), (RATE, 2, 0), "{name}");
    assert!(audio.warnings.is_empty(), "{name}: {:?}", audio.warnings);
    audio
}

/// The signal all fixtures were made from, as [left, right] in -1..1.
fn reference(frames: usize) -> Vec<[f64; 2]> {
    let length = 8820.0 / f64::from(RATE);
    (0..frames)
        .map(|n| {
            let fade = if n < 400 { 0.5 - 0.5 * (PI * n as f64 / 400.0).cos() } else { 1.0 };
            let t = n as f64 / f64::from(RATE);
            let chirp = 200.0 * t + 0.5 * (4000.0 - 200.0) / length * t * t;
            [0.5 * fade * (TAU * 441.0 * t).sin(), 0.4 * fade * (TAU * chirp).sin()]
        })
        .collect()
}

fn integers(frames: usize, bits: u32) -> Vec<i64> {
    let full = f64::from((1_u32 << (bits - 1)) - 1);
    reference(frames).iter().flatten().map(|s| (s * full).round_ties_even() as i64).collect()
}

#[test]
fn lossless_sixteen_bit_files_give_back_every_bit_as_i16() {
    for (name, frames) in [("tagged-16.flac", 8820), ("alac.m4a", 2205)] {
        let Samples::I16(got) = decode(name).samples else { panic!("{name} is 16-bit") };
        let want: Vec<i16> = integers(frames, 16).iter().map(|&s| s as i16).collect();
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn lossless_24_bit_files_give_back_every_bit_as_f32() {
    let want: Vec<f32> = integers(2205, 24).iter().map(|&s| s as f32 / 8_388_608.0).collect();
    assert_eq!(decode("short-24.flac").samples, Samples::F32(want));
}

#[test]
fn lossy_files_are_gapless_and_in_time() {
    for (name, least_snr) in [("lame.mp3", 20.0), ("vorbis.ogg", 15.0), ("aac.m4a", 15.0)] {
        let audio = decode(name);
        assert_eq!(audio.frames(), 8820, "{name}");
        assert_eq!(probe(&fixture(name)).unwrap().frames, Some(8820), "{name}");
        let got = audio.to_f32();
        let want = reference(8820);
        let snr = |lag: isize| {
            let (mut signal, mut noise) = (0.0, 0.0);
            for n in 400..8400_usize {
                for channel in 0..2 {
                    let w = want[n][channel];
                    signal += w * w;
                    noise += (f64::from(got[n.saturating_add_signed(lag) * 2 + channel]) - w).powi(2);
                }
            }
            10.0 * (signal / noise).log10()
        };
        let best = (-4..=4).max_by(|&a, &b| snr(a).total_cmp(&snr(b))).unwrap();
        println!("{name}: {:.1} dB at lag {best}", snr(best));
        assert_eq!(best, 0, "{name} is shifted");
        assert!(snr(0) > least_snr, "{name}: {:.1} dB", snr(0));
    }
}

#[test]
fn an_mp3_without_a_lame_tag_keeps_its_encoder_delay() {
    let audio = decode("untagged.mp3");
    assert!(audio.frames() >= 2205 && audio.frames().is_multiple_of(1152), "{}", audio.frames());
}

#[test]
fn tags_are_read_from_every_tagging_format() {
    let tags = |name: &str| probe(&fixture(name)).unwrap().tags;
    let text = |s: &str| Some(s.to_owned());
    for name in ["tagged-16.flac", "lame.mp3", "vorbis.ogg"] {
        assert_eq!((tags(name).title, tags(name).artist), (text("Fixture"), text("Nobody")), "{name}");
    }
    assert_eq!((tags("tagged-16.flac").bpm, tags("tagged-16.flac").key), (Some(127.5), text("8A")));
    assert_eq!((tags("lame.mp3").bpm, tags("lame.mp3").key), (Some(128.0), text("Am")));
    assert_eq!(tags("aac.m4a").title, text("Fixture"));
}

#[cfg(not(feature = "opus"))]
#[test]
fn without_its_feature_opus_is_refused_with_the_name_of_the_feature() {
    let error = open(&fixture("opus.ogg"), &DecodeOptions::default()).unwrap_err();
    assert!(*error.kind() == ErrorKind::MissingFeature { feature: "opus" }, "{error}");
    let text = error.to_string();
    assert!(text.contains("opus.ogg") && text.contains("FLAC"), "{text}");
}

#[test]
fn the_size_limit_and_the_progress_report_work() {
    let options = DecodeOptions { max_bytes: Some(8820 * 4 - 1), ..Default::default() };
    let error = open(&fixture("tagged-16.flac"), &options).unwrap_err();
    assert!(*error.kind() == ErrorKind::TooLarge { at_least: 35_280, limit: 35_279 }, "{error}");
    let options = DecodeOptions { max_bytes: Some(8820 * 4), ..Default::default() };
    assert!(open(&fixture("tagged-16.flac"), &options).is_ok());

    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = seen.clone();
    let progress = std::sync::Arc::new(move |done, of| sink.lock().unwrap().push((done, of)));
    open(&fixture("lame.mp3"), &DecodeOptions { progress: Some(progress), ..Default::default() }).unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&(8820, Some(8820))));
}

/// A chunk of a RIFF (little-endian) or IFF (big-endian) file.
fn chunk(id: &[u8; 4], big_endian: bool, payload: &[u8]) -> Vec<u8> {
    let size = payload.len() as u32;
    let size = if big_endian { size.to_be_bytes() } else { size.to_le_bytes() };
    let pad = vec![0; payload.len() % 2];
    [id.as_slice(), &size, payload, &pad].concat()
}

fn open_bytes(bytes: &[u8]) -> Result<Audio, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    open(file.path(), &DecodeOptions::default())
}

fn wave(tag: u16, channels: u16, bits: u16, valid_bits: Option<u16>, data: &[u8]) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut fmt = Vec::new();
    fmt.extend(if valid_bits.is_some() { 0xfffe } else { tag }.to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(RATE.to_le_bytes());
    fmt.extend((RATE * u32::from(frame)).to_le_bytes());
    fmt.extend(frame.to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    if let Some(valid) = valid_bits {
        fmt.extend([22, 0]);
        fmt.extend(valid.to_le_bytes());
        fmt.extend((if channels == 2 { 3_u32 } else { 4 }).to_le_bytes());
        fmt.extend(tag.to_le_bytes());
        fmt.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    }
    let body = [b"WAVE".to_vec(), chunk(b"fmt ", false, &fmt), chunk(b"data", false, data)].concat();
    chunk(b"RIFF", false, &body)
}

fn aiff(bits: u16, compression: Option<&[u8; 4]>, data: &[u8]) -> Vec<u8> {
    let frames = data.len() as u32 / (2 * u32::from(bits) / 8);
    let mut comm = Vec::new();
    comm.extend(2_u16.to_be_bytes());
    comm.extend(frames.to_be_bytes());
    comm.extend(bits.to_be_bytes());
    // 44100 as an 80-bit extended float.
    comm.extend([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]);
    let mut body = if compression.is_some() { b"AIFC".to_vec() } else { b"AIFF".to_vec() };
    if let Some(kind) = compression {
        body.extend(chunk(b"FVER", true, &0xa280_5140_u32.to_be_bytes()));
        comm.extend(kind);
        comm.extend([0, 0]);
    }
    body.extend(chunk(b"COMM", true, &comm));
    body.extend(chunk(b"SSND", true, &[&[0; 8], data].concat()));
    chunk(b"FORM", true, &body)
}

#[test]
fn every_sample_format_of_a_wav_is_exact() {
    let top = |bits: u32| integers(200, bits);
    let i16s = |bits: u32| Samples::I16(top(bits).iter().map(|&s| (s << (16 - bits)) as i16).collect());
    let f32s =
        |bits: u32| Samples::F32(top(bits).iter().map(|&s| (s as f64 / 2f64.powi(bits as i32 - 1)) as f32).collect());
    let le =
        |bits: u32| top(bits).iter().flat_map(|s| s.to_le_bytes()[..bits as usize / 8].to_vec()).collect::<Vec<u8>>();
    let unsigned: Vec<u8> = top(8).iter().map(|&s| (s + 128) as u8).collect();
    let floats: Vec<f64> = reference(200).into_iter().flatten().map(|s| s * 3.0).collect();
    let float_want = Samples::F32(floats.iter().map(|&s| s as f32).collect());
    let f32_bytes: Vec<u8> = floats.iter().flat_map(|&s| (s as f32).to_le_bytes()).collect();
    let f64_bytes: Vec<u8> = floats.iter().flat_map(|s| s.to_le_bytes()).collect();
    // 20 valid bits are the upper bits of a 24-bit container.
    let twenty: Vec<u8> = top(20).iter().flat_map(|s| (s << 4).to_le_bytes()[..3].to_vec()).collect();
    let cases = [
        ("8", wave(1, 2, 8, None, &unsigned), i16s(8)),
        ("16", wave(1, 2, 16, None, &le(16)), i16s(16)),
        ("24", wave(1, 2, 24, None, &le(24)), f32s(24)),
        ("32", wave(1, 2, 32, None, &le(32)), f32s(32)),
        ("f32", wave(3, 2, 32, None, &f32_bytes), float_want.clone()),
        ("f64", wave(3, 2, 64, None, &f64_bytes), float_want.clone()),
        ("16 extensible", wave(1, 2, 16, Some(16), &le(16)), i16s(16)),
        ("20 in 24 extensible", wave(1, 2, 24, Some(20), &twenty), f32s(20)),
        ("f32 extensible", wave(3, 2, 32, Some(32), &f32_bytes), float_want),
    ];
    for (name, bytes, want) in cases {
        let audio = open_bytes(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(audio.warnings.is_empty(), "{name}: {:?}", audio.warnings);
        assert_eq!((audio.sample_rate, audio.channels), (RATE, 2), "{name}");
        assert!(audio.samples == want, "{name} differs");
    }
}

#[test]
fn every_sample_format_of_an_aiff_is_exact() {
    let be = |bits: u32| {
        integers(200, bits).iter().flat_map(|s| s.to_be_bytes()[8 - bits as usize / 8..].to_vec()).collect::<Vec<u8>>()
    };
    let f32_bytes: Vec<u8> = reference(200).iter().flatten().flat_map(|&s| (s as f32).to_be_bytes()).collect();
    let f64_bytes: Vec<u8> = reference(200).iter().flatten().flat_map(|s| s.to_be_bytes()).collect();
    let float: Vec<f32> = reference(200).iter().flatten().map(|&s| s as f32).collect();
    let cases = [
        ("8", aiff(8, None, &be(8)), 8),
        ("16", aiff(16, None, &be(16)), 16),
        ("24", aiff(24, None, &be(24)), 24),
        ("32", aiff(32, None, &be(32)), 32),
        ("AIFC 16", aiff(16, Some(b"NONE"), &be(16)), 16),
    ];
    for (name, bytes, bits) in cases {
        let audio = open_bytes(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        let want: Vec<f32> =
            integers(200, bits).iter().map(|&s| (s as f64 / 2f64.powi(bits as i32 - 1)) as f32).collect();
        assert!(audio.to_f32() == want && audio.sample_rate == RATE, "{name}");
        assert_eq!(matches!(audio.samples, Samples::I16(_)), bits <= 16, "{name}");
    }
    for (name, bytes) in [("fl32", aiff(32, Some(b"fl32"), &f32_bytes)), ("fl64", aiff(64, Some(b"fl64"), &f64_bytes))]
    {
        let audio = open_bytes(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(audio.samples == Samples::F32(float.clone()), "{name}");
    }
}

#[test]
fn a_recorder_that_crashed_leaves_a_readable_wav() {
    let data: Vec<u8> = integers(200, 16).iter().flat_map(|&s| (s as i16).to_le_bytes()).collect();
    let whole = wave(1, 2, 16, None, &data);
    // Total size 0, then an unknown data size, as streaming writers leave it.
    let mut bytes = whole.clone();
    bytes[4..8].copy_from_slice(&[0; 4]);
    assert_eq!(open_bytes(&bytes).unwrap().frames(), 200);
    bytes[40..44].copy_from_slice(&[0xff; 4]);
    assert_eq!(open_bytes(&bytes).unwrap().frames(), 200);
    // Data size larger than the file: the samples of the file are decoded, and a warning says how much is missing.
    let mut bytes = whole;
    bytes[40..44].copy_from_slice(&1600_u32.to_le_bytes());
    let audio = open_bytes(&bytes).unwrap();
    assert_eq!((audio.frames(), audio.warnings.len()), (200, 1));
    assert!(audio.warnings[0].contains("200 of 400"), "{:?}", audio.warnings);
}
