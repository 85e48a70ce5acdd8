//! Memory depends on the content of a file, not on its header. There is one test, because peaks are counted per process.
#![cfg(all(feature = "decode", feature = "encode"))]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use crowd_media::wav::Writer;
use crowd_media::{AudioSpec, DecodeOptions, SampleFormat, Samples, open, probe};

/// A line of /proc/self/status in MB: "VmPeak" counts the largest memory that was reserved, whether used or not; "VmHWM" the largest
/// memory that was used.
fn megabytes(key: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|w| w == needle).unwrap()
}

/// Small files that claim to be enormous.
fn wrong_headers() -> Vec<(&'static str, Vec<u8>)> {
    let mut found = Vec::new();
    let mut writer =
        Writer::new(std::io::Cursor::new(Vec::new()), AudioSpec::new(44_100, 2, SampleFormat::I16)).unwrap();
    writer.write_i16(&[1; 400]).unwrap();
    let wav = writer.finish().unwrap().into_inner();
    let mut claim = wav.clone();
    let data = find(&claim, b"data");
    claim[data + 4..data + 8].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    found.push(("WAV of 4 GiB", claim));
    let mut claim = wav;
    claim[..8].copy_from_slice(b"RF64\xff\xff\xff\xff");
    claim[12..16].copy_from_slice(b"ds64");
    claim[28..36].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    claim[data + 4..data + 8].copy_from_slice(&[0xff; 4]);
    found.push(("RF64 of 4 EiB", claim));
    // STREAMINFO keeps the frame count in the low 36 bits before the MD5 sum.
    let mut claim = fixture("tagged-16.flac");
    claim[21] |= 0x0f;
    claim[22..26].copy_from_slice(&[0xff; 4]);
    found.push(("FLAC of 2^36 frames", claim));
    let mut claim = fixture("lame.mp3");
    let xing = claim.windows(4).position(|w| w == b"Info" || w == b"Xing").unwrap();
    claim[xing + 8..xing + 12].copy_from_slice(&[0xff; 4]);
    found.push(("MP3 of 2^32 packets", claim));
    for (name, table) in [("AAC sample sizes", b"stsz"), ("AAC sample times", b"stts"), ("AAC chunks", b"stsc")] {
        let mut claim = fixture("aac.m4a");
        let at = find(&claim, table);
        // Entry counts follow version and flags; in stsz one more word comes before the count.
        let count = if table == b"stsz" { at + 12 } else { at + 8 };
        claim[count..count + 4].copy_from_slice(&0xffff_fff0_u32.to_be_bytes());
        found.push((name, claim));
    }
    let mut claim = fixture("aac.m4a");
    let at = find(&claim, b"stts");
    claim[at + 16..at + 20].copy_from_slice(&[0xff; 4]);
    found.push(("AAC packets of 2^32 frames", claim));
    found
}

#[test]
fn memory_depends_on_what_the_file_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("liar");
    // The first call sets up tables and the thread's heap.
    let _ = open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lame.mp3").as_path(), &Default::default());
    for (name, bytes) in wrong_headers() {
        fs::write(&path, &bytes).unwrap();
        let before = megabytes("VmPeak");
        let _ = probe(&path);
        // Without a limit, the bound must come from the file's size.
        let result = open(&path, &DecodeOptions { max_bytes: None, progress: None });
        let outcome = match &result {
            Ok(audio) => format!("{} frames, {:?}", audio.frames(), audio.warnings),
            Err(error) => error.to_string(),
        };
        println!("{name}: {outcome}");
        let grown = megabytes("VmPeak") - before;
        assert!(grown < 40.0, "{name} reserved {grown:.0} MB: {outcome}");
    }

    // Five minutes of 16-bit stereo.
    let path = dir.path().join("track.wav");
    let mut writer = Writer::create(&path, AudioSpec::new(44_100, 2, SampleFormat::I16)).unwrap();
    for second in 0..300 {
        let block: Vec<i16> = (0..88_200).map(|n| ((n * 31 + second) % 20_000) as i16).collect();
        writer.write_i16(&block).unwrap();
    }
    writer.commit().unwrap();
    let before = megabytes("VmHWM");
    let audio = open(&path, &DecodeOptions::default()).unwrap();
    assert!(matches!(audio.samples, Samples::I16(_)));
    assert_eq!(audio.frames(), 300 * 44_100);
    let held = audio.samples.bytes() as f64 / 1e6;
    let peak = megabytes("VmHWM") - before;
    println!("five minutes: {held:.1} MB held, {peak:.1} MB more at the peak");
    assert!(held <= 55.0, "{held:.1} MB held");
    assert!(peak <= 58.0, "{peak:.1} MB at the peak");
}
