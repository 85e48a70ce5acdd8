//! Files made and read by ffmpeg, to compare with.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::path::Path;
use std::process::Command;

use crowd_media::{Audio, Samples, wav};

/// Runs ffmpeg; a missing one fails the test (`scripts/setup.sh test` installs it).
pub fn run(arguments: &[&str]) -> Vec<u8> {
    let output =
        Command::new("ffmpeg").args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]).args(arguments).output();
    let output = output.unwrap_or_else(|e| panic!("ffmpeg cannot be run ({e}): scripts/setup.sh test installs it"));
    assert!(output.status.success(), "ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What ffmpeg decodes a file to, interleaved; `with` goes before the file's name, as the choice of a decoder does.
pub fn decode(path: &Path, with: &[&str]) -> Vec<f32> {
    let to = ["-i", path.to_str().unwrap(), "-map", "0:a:0", "-f", "f32le", "-c:a", "pcm_f32le", "-"];
    let bytes = run(&[with, &to].concat());
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Encodes `from` with the given arguments.
pub fn encode(from: &Path, arguments: &[&str], to: &Path) {
    let ends =
        [&["-i", from.to_str().unwrap(), "-map_metadata", "-1", "-bitexact"], arguments, &[to.to_str().unwrap()]];
    run(&ends.concat());
}

/// A WAV of something like music: chords, hits and noise, other in each channel, the same each time.
pub fn music(path: &Path, rate: u32, channels: u16, frames: usize) {
    let mut state = 1_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut samples = Vec::with_capacity(frames * usize::from(channels));
    for n in 0..frames {
        let t = n as f32 / rate as f32;
        let hit = (-(t % 0.47) * 14.0).exp();
        let swell = 0.5 + 0.5 * (t * 1.3).sin();
        let burst = noise() * hit * 0.25;
        for channel in 0..channels {
            let root = 110.0 * 1.189_2_f32.powi((t / 1.7) as i32 % 7) * (1.0 + f32::from(channel) * 0.5);
            let chord = [1.0, 1.26, 1.5, 2.01]
                .iter()
                .map(|ratio| (root * ratio * t * std::f32::consts::TAU).sin())
                .sum::<f32>();
            samples.push(0.08 * swell * chord + burst + 0.02 * noise());
        }
    }
    let audio = Audio::new(Samples::F32(samples), rate, channels).unwrap();
    wav::write(path, &audio, wav::Format::F32).unwrap();
}

/// Signal over difference in decibels, of the same frames.
pub fn snr(want: &[f32], got: &[f32]) -> f64 {
    let power = |samples: &mut dyn Iterator<Item = f64>| samples.map(|s| s * s).sum::<f64>();
    let signal = power(&mut want.iter().map(|&s| f64::from(s)));
    let noise = power(&mut want.iter().zip(got).map(|(&w, &g)| f64::from(w) - f64::from(g)));
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
