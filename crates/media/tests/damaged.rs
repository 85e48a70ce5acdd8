//! Of a damaged file everything that can be decoded is decoded, and every missing or silent span is reported.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

mod test_files;

use std::path::{Path, PathBuf};

use crowd_media::{Audio, DecodeOptions, Reader, open, probe};
use test_files::{by_ffmpeg, encode, lame, wav_file};

fn whole(path: &Path) -> Audio {
    open(path, &DecodeOptions::default()).unwrap()
}

fn changed(path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    let out = path.with_file_name(format!("changed-{}", path.file_name().unwrap().to_str().unwrap()));
    std::fs::write(&out, bytes).unwrap();
    out
}

fn position(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|here| here == what).unwrap()
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64
}

#[test]
fn a_truncated_file_is_decoded_up_to_its_end_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 441_000, 44_100, 2);
    let files = [
        encode(&wav, "front.m4a", &["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]),
        encode(&wav, "lossless.m4a", &["-c:a", "alac", "-movflags", "+faststart"]),
        encode(&wav, "music.flac", &["-c:a", "flac"]),
        lame(&wav, "music.mp3", &["-b", "192"]),
        encode(&wav, "music.aiff", &["-c:a", "pcm_s16be"]),
        wav.clone(),
    ];
    for path in files {
        let sound = whole(&path).to_f32();
        for missing in [5_000, 60_000] {
            let cut = changed(&path, |bytes| bytes.truncate(bytes.len() - missing));
            let decoded = whole(&cut);
            let theirs = by_ffmpeg(&cut);
            let name = cut.display();
            println!("{name}: {} of {} frames, ffmpeg {}", decoded.frames(), sound.len() / 2, theirs.len() / 2);
            assert!(decoded.frames() + 4096 >= theirs.len() / 2, "{name}: {} frames", decoded.frames());
            assert!(decoded.frames() < sound.len() / 2, "{name}");
            let got = decoded.to_f32();
            let most = got.iter().zip(&sound).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // The padding of an MP3's last packet is at a different position, and the noise of AAC is random.
            assert!(most < 0.7 && power(&got[got.len() - 8_000..]) > 1e-3, "{name}: off by {most}");
            assert!(
                decoded.warnings.iter().any(|warning| warning.contains("missing")),
                "{name}: {:?}",
                decoded.warnings
            );
            let info = probe(&cut).unwrap();
            assert_eq!(info.frames, Some(decoded.frames() as u64), "{name}");
            assert!(info.warnings.iter().any(|warning| warning.contains("missing")), "{name}: {:?}", info.warnings);
            assert_eq!(Reader::open(&cut).unwrap().frames(), decoded.frames() as u64, "{name}");
        }
    }
}

#[test]
fn a_wav_with_wrong_sizes_is_decoded_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 44_101, 44_100, 2);
    let sound = whole(&wav);
    for size in [0, 1, 7, u32::MAX, 0x7FFF_FFFF, 0x7FFF_F000, 0x8000_0000] {
        for riff in [0, 1, 36, u32::MAX] {
            let path = changed(&wav, |bytes| {
                let at = position(bytes, b"data") + 4;
                bytes[4..8].copy_from_slice(&riff.to_le_bytes());
                if size != 1 && size != 7 {
                    bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
                }
            });
            assert_eq!(whole(&path).samples, sound.samples, "data size {size}, RIFF size {riff}");
        }
    }
}

#[test]
fn a_damaged_chunk_costs_no_audio() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 44_101, 44_100, 2);
    let sound = whole(&wav);
    let list = |payload: &[u8], size: u32| [b"LIST".as_slice(), &size.to_le_bytes(), payload].concat();
    let info = b"INFOINAM\x05\0\0\0Name\0";
    let odd = b"INFOINAM\x05\0\0\0Names";
    for (what, chunk) in [
        ("a size too large", list(info, 70_000)),
        ("the largest size", list(info, u32::MAX)),
        ("a size too small", list(info, 3)),
        ("size 0", list(info, 0)),
        ("an inner size too large", list(b"INFOINAM\xff\xff\0\0Name\0\0", 18)),
        ("an odd size without a pad byte", list(odd, odd.len() as u32)),
        ("an odd size with a pad byte", list(&[odd.as_slice(), &[0]].concat(), odd.len() as u32)),
        ("no text", list(b"INFO\xff\xfe\xfd\xfc\xff\xff\xff\xff\xff\xff", 14)),
        ("an unknown chunk of a wrong size", [b"junk".as_slice(), &[0xFF, 0xFF, 0, 0], &[1; 30]].concat()),
    ] {
        let path = changed(&wav, |bytes| {
            let at = position(bytes, b"data");
            bytes.splice(at..at, chunk);
        });
        let decoded = whole(&path);
        assert!(decoded.samples == sound.samples, "{what}: {} frames, {:?}", decoded.frames(), decoded.warnings);
    }
}

#[test]
fn damaged_metadata_cost_no_audio() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 200_003, 44_100, 2);
    let title = ["-metadata", "title=A name of some length", "-metadata", "artist=Another name"];
    let with = |options: &[&'static str]| [options, &title[..]].concat();
    let flac = encode(&wav, "music.flac", &with(&["-c:a", "flac"]));
    let sound = whole(&flac).to_f32();
    for size in [[0, 0, 3], [0xFF, 0xFF, 0xFF], [0, 1, 0]] {
        let path = changed(&flac, |bytes| bytes[4 + 38 + 1..4 + 38 + 4].copy_from_slice(&size));
        assert!(whole(&path).to_f32() == sound, "a FLAC comment block of size {size:?}");
    }
    let mp3 = encode(&wav, "music.mp3", &with(&["-c:a", "libmp3lame", "-b:a", "128k"]));
    let sound = whole(&mp3).to_f32();
    for size in [[0, 0, 0, 9], [0, 0, 0x7F, 0x7F], [0x7F, 0x7F, 0x7F, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF]] {
        let path = changed(&mp3, |bytes| bytes[6..10].copy_from_slice(&size));
        assert!(whole(&path).to_f32() == sound, "an ID3 tag of size {size:x?}");
    }
    let ogg = encode(&wav, "music.ogg", &with(&["-c:a", "libvorbis"]));
    let m4a = encode(&wav, "music.m4a", &with(&["-c:a", "alac", "-movflags", "+faststart"]));
    let sound = whole(&m4a).to_f32();
    for (what, at) in [(b"udta", 0), (b"meta", 0), (b"ilst", 0)] {
        let path = changed(&m4a, |bytes| {
            let at = position(bytes, what) + 8 + at;
            bytes[at..at + 8].fill(0xFF);
        });
        assert!(whole(&path).to_f32() == sound, "an M4A whose {what:?} is damaged");
    }
    let sound = whole(&ogg).to_f32();
    let path = changed(&ogg, |bytes| {
        let at = position(bytes, b"\x03vorbis") + 7;
        bytes[at + 2..at + 4].fill(0xFF);
    });
    let decoded = open(&path, &DecodeOptions::default());
    // A page whose checksum is wrong is left out, and Vorbis cannot be decoded without the headers after it.
    assert!(decoded.is_err() || decoded.unwrap().to_f32() == sound);
}

#[test]
fn damage_in_the_middle_keeps_the_beats_in_time_and_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 441_000, 44_100, 2);
    for path in [encode(&wav, "music.flac", &["-c:a", "flac"]), encode(&wav, "music.ogg", &["-c:a", "libvorbis"])] {
        let sound = whole(&path).to_f32();
        let broken = changed(&path, |bytes| {
            let at = bytes.len() / 2;
            bytes[at..at + 20_000].fill(0x55);
        });
        let decoded = whole(&broken);
        assert_eq!(decoded.to_f32().len(), sound.len(), "{}", broken.display());
        assert!(decoded.to_f32()[sound.len() - 40_000..] == sound[sound.len() - 40_000..], "{}", broken.display());
        assert!(decoded.warnings.iter().any(|warning| warning.contains("silent")), "{:?}", decoded.warnings);
    }
}

#[test]
fn bytes_that_are_no_sound_do_not_end_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 441_000, 44_100, 2);
    for path in [encode(&wav, "music.aac", &["-c:a", "aac"]), lame(&wav, "music.mp3", &["-b", "128", "-t"])] {
        let sound = whole(&path).frames();
        for junk in [[0xFF, 0xF1, 0xFF].repeat(700), [0xFF, 0xFB, 0x90].repeat(700), b"no sound at all ".repeat(99)] {
            let broken = changed(&path, |bytes| {
                let at = bytes.len() / 3;
                bytes.splice(at..at, junk.iter().copied());
            });
            let decoded = whole(&broken);
            let theirs = by_ffmpeg(&broken).len() / 2;
            let name = broken.display();
            println!("{name}: {} of {sound} frames, ffmpeg {theirs}", decoded.frames());
            assert!(decoded.frames() + 4 * 1152 >= sound.max(theirs), "{name}: {} of {sound} frames", decoded.frames());
            assert!(!decoded.warnings.is_empty(), "{name}: the damage is not reported");
            assert_eq!(Reader::open(&broken).unwrap().frames(), decoded.frames() as u64, "{name}");
        }
    }
}

#[test]
fn a_truncated_fragmented_m4a_and_caf_are_decoded_up_to_their_end_and_an_m4a_without_an_index_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 441_000, 44_100, 2);
    let fragments = ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"];
    for path in [encode(&wav, "parts.m4a", &fragments), encode(&wav, "music.caf", &["-c:a", "pcm_s16be"])] {
        let cut = changed(&path, |bytes| bytes.truncate(bytes.len() * 2 / 3 + 1));
        let decoded = whole(&cut);
        let theirs = by_ffmpeg(&cut).len() / 2;
        let name = cut.display();
        assert!(decoded.frames() > 200_000 && decoded.frames() + 1024 >= theirs, "{name}: {} frames", decoded.frames());
        assert_eq!(Reader::open(&cut).unwrap().frames(), decoded.frames() as u64, "{name}");
        assert!(decoded.warnings.iter().any(|warning| warning.contains("missing")), "{name}: {:?}", decoded.warnings);
    }
    let late = encode(&wav, "late.m4a", &["-c:a", "aac"]);
    let cut = changed(&late, |bytes| bytes.truncate(bytes.len() - 5_000));
    let error = open(&cut, &DecodeOptions::default()).unwrap_err().to_string();
    assert!(error.contains("index is missing"), "{error}");
}

#[test]
fn an_ogg_file_whose_first_page_of_sound_is_damaged_is_decoded_from_the_next_one_on() {
    let folder = tempfile::tempdir().unwrap();
    let wav = wav_file(folder.path(), "music.wav", 441_000, 44_100, 2);
    let path = encode(&wav, "music.ogg", &["-c:a", "libvorbis"]);
    let sound = whole(&path).to_f32();
    let broken = changed(&path, |bytes| {
        let pages: Vec<usize> =
            bytes.windows(4).enumerate().filter(|(_, four)| *four == b"OggS").map(|(at, _)| at).collect();
        bytes[pages[2] + 400..pages[2] + 600].fill(0);
    });
    let decoded = whole(&broken);
    assert!(decoded.to_f32()[decoded.to_f32().len() - 200_000..] == sound[sound.len() - 200_000..]);
    assert!(decoded.warnings.iter().any(|warning| warning.contains("no sound")), "{:?}", decoded.warnings);
}

#[test]
fn dropouts_begin_and_end_without_a_click_and_are_the_same_from_any_frame() {
    let folder = tempfile::tempdir().unwrap();
    let frames = 441_000;
    // 500 Hz: neighbouring samples differ by at most 0.036.
    let tone: Vec<f32> =
        (0..frames).map(|n| (0.5 * (n as f64 * std::f64::consts::TAU * 500.0 / 44_100.0).sin()) as f32).collect();
    let audio = Audio::new(crowd_media::Samples::F32(tone), 44_100, 1).unwrap();
    let wav = folder.path().join("tone.wav");
    crowd_media::wav::write(&wav, &audio, crowd_media::SampleFormat::I16).unwrap();
    let flac = |name, bits| encode(&wav, name, &["-c:a", "flac", "-sample_fmt", bits]);
    for path in [flac("tone.flac", "s16"), flac("wide.flac", "s32")] {
        let sound = whole(&path).to_f32();
        for (part, many) in [(2, 9_000), (3, 900), (5, 20)] {
            let broken = changed(&path, |bytes| {
                let at = bytes.len() / part;
                bytes[at..at + many].fill(0x55);
            });
            let name = format!("{}, {many} bytes", broken.display());
            let audio = whole(&broken);
            let decoded = audio.to_f32();
            assert!(audio.warnings.iter().any(|warning| warning.contains("silent")), "{name}: {:?}", audio.warnings);
            assert_eq!(decoded.len(), sound.len(), "{name}");
            let first = decoded.iter().zip(&sound).position(|(a, b)| a != b).unwrap();
            let last = decoded.iter().zip(&sound).rposition(|(a, b)| a != b).unwrap();
            assert!(decoded[first + 176..last - 88].contains(&0.0), "{name}: nothing is silent in {first}..{last}");
            let step = decoded.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!(step < 0.036 + 0.5 * 1.5 / 88.0, "{name}: a step of {step}");
            let mut reader = Reader::open(&broken).unwrap();
            for position in
                [first - 1, first, first + 1, first + 100, first + 177, last - 90, last - 50, last, last + 1]
            {
                reader.seek(position as u64).unwrap();
                let mut got = Vec::new();
                while let Some(block) = reader.next_block().unwrap()
                    && got.len() < 2_000
                {
                    got.extend_from_slice(block);
                }
                assert!(got == decoded[position..position + got.len()], "{name} from {position} in {first}..{last}");
            }
        }
    }
}
