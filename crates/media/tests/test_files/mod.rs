//! Test files in common formats, made by ffmpeg and lame; `make setup-test` installs both.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crowd_media::{Audio, SampleFormat, Samples, wav};

/// Runs a program and returns its standard output.
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}; `make setup-test` installs it"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Chords that change every tenth of a second, with a burst of noise at each change, so that no two frames are alike.
pub fn music(frames: usize, rate: u32, channels: u16) -> Audio {
    let mut state = 7_u32;
    let mut samples = Vec::with_capacity(frames * usize::from(channels));
    let tenth = (rate / 10) as usize;
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        let chord = (n / tenth * 7919 % 13) as f64;
        let age = (n % tenth) as f64 / tenth as f64;
        for channel in 0..channels {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 16) / 32_768.0 - 1.0;
            let tone = 110.0 * 2_f64.powf((chord + 4.0 * f64::from(channel)) / 12.0);
            let sine = (t * tone * std::f64::consts::TAU).sin();
            samples.push(((0.35 * sine + 0.25 * noise * (-30.0 * age).exp()) * 32_767.0) as i16);
        }
    }
    Audio::new(Samples::I16(samples), rate, channels).unwrap()
}

/// Writes `frames` of music as a WAV file.
pub fn wav_file(folder: &Path, name: &str, frames: usize, rate: u32, channels: u16) -> PathBuf {
    let path = folder.join(name);
    wav::write(&path, &music(frames, rate, channels), SampleFormat::I16).unwrap();
    path
}

/// The samples that ffmpeg decodes from a file, interleaved.
pub fn by_ffmpeg(path: &Path) -> Vec<f32> {
    by_ffmpeg_with(path, &[])
}

/// The same with options before the file's name, such as the choice of a decoder.
pub fn by_ffmpeg_with(path: &Path, options: &[&str]) -> Vec<f32> {
    let (before, after) = (["-v", "error"], ["-i", text(path), "-map", "0:a:0", "-f", "f32le", "-"]);
    let raw = run("ffmpeg", &[&before, options, &after].concat());
    raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Encodes a WAV file by ffmpeg.
pub fn encode(wav: &Path, name: &str, options: &[&str]) -> PathBuf {
    let out = wav.with_file_name(name);
    let mut all = vec!["-v", "error", "-y", "-i", text(wav)];
    all.extend(options);
    all.push(text(&out));
    run("ffmpeg", &all);
    out
}

/// Encodes a WAV file by lame.
pub fn lame(wav: &Path, name: &str, options: &[&str]) -> PathBuf {
    let out = wav.with_file_name(name);
    let mut all = vec!["--quiet"];
    all.extend(options);
    all.extend([text(wav), text(&out)]);
    run("lame", &all);
    out
}

/// The position of the encoder delay in the tag of an MP3's first frame. The file must have no ID3 tags.
fn lame_delay(bytes: &[u8]) -> usize {
    let at = bytes.windows(4).position(|four| four == b"Xing" || four == b"Info").unwrap();
    assert_eq!(bytes[at + 7], 15, "all fields are there");
    at + 8 + 4 + 4 + 100 + 4 + 21
}

/// The MP3 with another encoder delay and padding in its tag, whose checksum is set to 0: "not computed".
pub fn with_delay(mp3: &[u8], delay: u32, padding: u32) -> Vec<u8> {
    let mut bytes = mp3.to_vec();
    let at = lame_delay(&bytes);
    bytes[at..at + 3].copy_from_slice(&(delay << 12 | padding).to_be_bytes()[1..]);
    bytes[at + 13..at + 15].fill(0);
    bytes
}

/// The MP3 with a VBRI tag in its first frame, instead of the one it has.
pub fn with_vbri(mp3: &[u8]) -> Vec<u8> {
    let mut bytes = mp3.to_vec();
    let at = bytes.windows(4).position(|four| four == b"Xing" || four == b"Info").unwrap();
    let start = at - 36;
    let counts: [u8; 8] = bytes[at + 8..at + 16].try_into().unwrap();
    bytes[at..at + 160].fill(0);
    bytes[start + 36..start + 40].copy_from_slice(b"VBRI");
    bytes[start + 40..start + 42].copy_from_slice(&1_u16.to_be_bytes());
    bytes[start + 46..start + 50].copy_from_slice(&counts[4..]);
    bytes[start + 50..start + 54].copy_from_slice(&counts[..4]);
    bytes
}

/// Signal over difference in decibels, of the same frames.
pub fn snr(want: &[f32], got: &[f32]) -> f64 {
    let signal: f64 = want.iter().map(|&s| f64::from(s).powi(2)).sum();
    let noise: f64 = want.iter().zip(got).map(|(&w, &g)| (f64::from(w) - f64::from(g)).powi(2)).sum();
    10.0 * (signal / noise.max(1e-30)).log10()
}

/// The lag in frames, of at most `most`, at which `got` is most like `want`.
pub fn lag(want: &[f32], got: &[f32], channels: usize, most: usize) -> isize {
    let most = most as isize;
    let shifted = |lag: isize| {
        let (a, b) = if lag < 0 { (lag.unsigned_abs(), 0) } else { (0, lag as usize) };
        snr(&want[a * channels..], &got[b * channels..])
    };
    (-most..=most).max_by(|&a, &b| shifted(a).total_cmp(&shifted(b))).unwrap()
}
