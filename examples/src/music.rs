//! Generates four tracks of music that belong together: 44 bars at 120 BPM in A minor, the same in every run.

use std::path::{Path, PathBuf};

use crowd_media::wav;
use crowd_media::{Audio, Error, SampleFormat, Samples};

use crate::sounds;
use crate::synth::{Filter, Noise, RATE, Saw, StereoMix, hertz};

/// Beats a minute.
pub const TEMPO: f64 = 120.0;
/// Bars of four beats in each track.
pub const BARS: usize = 44;

/// The length of a sixteenth note, in seconds.
const STEP: f64 = 60.0 / TEMPO / 4.0;
/// The length of a bar, in seconds.
const BAR: f64 = 16.0 * STEP;

/// The chords, one for each of four bars: the root of the bass, then the notes of pads and arpeggio.
const CHORDS: [(f64, [f64; 4]); 4] = [
    (33.0, [57.0, 60.0, 64.0, 71.0]), // A minor, ninth
    (29.0, [57.0, 60.0, 64.0, 65.0]), // F major, seventh
    (36.0, [55.0, 60.0, 64.0, 74.0]), // C major, ninth
    (31.0, [55.0, 59.0, 62.0, 69.0]), // G major, ninth
];

/// The melody over four bars: step, length in steps, note.
const MELODY: [(usize, usize, f64); 14] = [
    (0, 6, 76.0),
    (6, 2, 74.0),
    (8, 4, 72.0),
    (12, 4, 69.0),
    (16, 6, 72.0),
    (22, 2, 74.0),
    (24, 8, 76.0),
    (32, 6, 79.0),
    (38, 2, 76.0),
    (40, 4, 74.0),
    (44, 4, 72.0),
    (48, 8, 74.0),
    (56, 4, 71.0),
    (60, 4, 67.0),
];

/// The sections of the music.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Section {
    Intro,
    Groove,
    Break,
    Full,
    Outro,
}

/// The section of the music that a bar is in.
fn section_of(bar: usize) -> Section {
    match bar {
        0..8 => Section::Intro,
        8..20 => Section::Groove,
        20..24 => Section::Break,
        24..40 => Section::Full,
        _ => Section::Outro,
    }
}

/// The four tracks with their names, as interleaved stereo at [`RATE`].
#[must_use]
pub fn tracks() -> [(&'static str, Vec<f32>); 4] {
    [("drums", drums()), ("bass", bass()), ("pads", pads()), ("lead", lead())]
}

/// Writes the four tracks as 16-bit WAV files into `folder`, which is made if it is missing; returns the files.
///
/// # Errors
/// As [`wav::write`]: the folder or a file cannot be written.
pub fn write(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let made = std::fs::create_dir_all(folder);
    made.map_err(|source| Error::io(folder, "create", source))?;
    let mut paths = Vec::new();
    for (name, samples) in tracks() {
        let path = folder.join(format!("{name}.wav"));
        wav::write(&path, &Audio::new(Samples::F32(samples), RATE, 2)?, SampleFormat::I16)?;
        paths.push(path);
    }
    Ok(paths)
}

fn empty_mix() -> StereoMix {
    StereoMix::new(BARS as f64 * BAR)
}

fn drums() -> Vec<f32> {
    let (mut dry, mut wet) = (empty_mix(), empty_mix());
    let mut noise = Noise::new(1);
    for bar in 0..BARS {
        let at = |step: usize| bar as f64 * BAR + step as f64 * STEP;
        let section = section_of(bar);
        let kicks = section != Section::Break && (bar >= 4 || section > Section::Intro);
        for step in 0..16 {
            if kicks && step % 4 == 0 || (bar % 8 == 7 && kicks && step == 14) {
                sounds::kick(&mut dry, at(step));
            }
            let offbeat = step % 4 == 2;
            if section != Section::Break && (bar >= 2 && offbeat || section > Section::Intro) {
                let loud = if offbeat { 0.30 } else { 0.09 + 0.05 * (step % 2) as f64 };
                let decay = if offbeat && section == Section::Full { 16.0 } else { 55.0 };
                let pan = 0.5 + 0.18 * (step as f64 * 2.4).sin();
                sounds::hat(&mut dry, at(step), &mut noise, loud, decay, pan);
            }
            let roll = section == Section::Break && bar >= 22 && (bar == 23 || step % 2 == 0);
            let clap = section != Section::Break && bar >= 6 && step % 8 == 4;
            if clap || roll {
                let rise = (bar as f64 - 22.0) * 16.0 + step as f64;
                let loud = if roll { 0.06 + 0.010 * rise } else { 0.42 };
                sounds::clap(&mut wet, at(step), &mut noise, loud);
            }
        }
        if matches!(bar, 8 | 24 | 40) {
            let mut filters = [Filter::default(), Filter::default()];
            wet.add(at(0), 3.0, |t| {
                [0, 1].map(|side| filters[side].split(noise.sample(), 4_500.0, 0.7).1 * 0.22 * (-t * 1.7).exp())
            });
        }
    }
    wet.room(0.35);
    for (to, from) in dry.frames.iter_mut().zip(wet.frames) {
        *to = [to[0] + from[0], to[1] + from[1]];
    }
    dry.finish(0.8)
}

fn bass() -> Vec<f32> {
    // Steps and semitones above the root. Steps that are not listed are rests.
    const LINE: [(usize, f64); 7] = [(0, 0.0), (3, 0.0), (6, 12.0), (8, 0.0), (10, 0.0), (11, 12.0), (14, 7.0)];
    let mut mix = empty_mix();
    for bar in 0..BARS {
        let (root, _) = CHORDS[bar % 4];
        let start = bar as f64 * BAR;
        let sparse = matches!(section_of(bar), Section::Intro | Section::Break | Section::Outro);
        let notes = if sparse { &LINE[..1] } else { &LINE[..] };
        for &(step, up) in notes {
            let length = if sparse { 14.0 * STEP } else { 1.7 * STEP };
            let open = if section_of(bar) == Section::Full { 1_500.0 } else { 700.0 };
            sounds::bass(&mut mix, start + step as f64 * STEP, length, hertz(root + up), |t| {
                90.0 + if sparse { 160.0 } else { open * (-t * 11.0).exp() }
            });
        }
    }
    mix.finish(0.62)
}

fn pads() -> Vec<f32> {
    let mut mix = empty_mix();
    for bar in 0..BARS {
        let (_, chord) = CHORDS[bar % 4];
        for (voice, note) in chord.into_iter().enumerate() {
            // Three saws in each channel. Each of the six is detuned differently.
            let tune = |side: usize, n: usize| 1.0 + 0.0021 * (n as f64 - 1.0) + 0.0007 * (side as f64 * 2.0 - 1.0);
            let phase = |side: usize, n: usize| 0.13 + 0.37 * n as f64 + 0.29 * side as f64 + 0.17 * voice as f64;
            let mut saws = [0, 1].map(|side| [0, 1, 2].map(|n| (Saw::new(phase(side, n)), tune(side, n))));
            let mut filters = [Filter::default(), Filter::default()];
            let brightness = match section_of(bar) {
                Section::Intro | Section::Groove => 500.0 + 60.0 * bar as f64,
                Section::Break => 900.0 + 700.0 * (bar - 20) as f64,
                Section::Full | Section::Outro => 1_900.0 - 30.0 * (bar - 24) as f64,
            };
            let pumping = if matches!(section_of(bar), Section::Groove | Section::Full) { 0.6 } else { 0.0 };
            let tone = hertz(note);
            mix.add(bar as f64 * BAR, BAR + 0.5, |t| {
                let swell = (t / 0.12).min(1.0) * ((BAR + 0.5 - t) / 0.5).min(1.0);
                // The pads are quieter at the start of every beat, where the kick plays.
                let duck = 1.0 - pumping * (-(t % (4.0 * STEP)) * 9.0).exp();
                let cutoff = brightness * (1.0 + 0.25 * (t * 1.3 + bar as f64 * 0.7).sin());
                [0, 1].map(|side| {
                    let sum: f64 = saws[side].iter_mut().map(|(saw, tune)| saw.sample(tone * *tune)).sum();
                    filters[side].split(sum, cutoff, 0.8).0 * swell * duck
                })
            });
        }
    }
    mix.room(0.5);
    mix.finish(0.5)
}

fn lead() -> Vec<f32> {
    const UP_AND_DOWN: [usize; 16] = [0, 2, 1, 3, 2, 1, 3, 2, 0, 2, 1, 3, 2, 3, 1, 2];
    let mut mix = empty_mix();
    for bar in 0..BARS {
        let (_, chord) = CHORDS[bar % 4];
        let start = bar as f64 * BAR;
        let section = section_of(bar);
        for (step, index) in UP_AND_DOWN.into_iter().enumerate() {
            let plays = match section {
                Section::Intro => bar >= 4 && step % 4 == 0,
                Section::Outro => step % 4 == 0,
                Section::Groove => step % 2 == 0 || step % 8 == 3,
                Section::Break | Section::Full => true,
            };
            if !plays {
                continue;
            }
            let octave = if section == Section::Full && step % 4 == 3 { 24.0 } else { 12.0 };
            let tone = hertz(chord[index] + octave);
            let accent = if step % 4 == 0 { 0.34 } else { 0.22 };
            let open = 900.0 + 60.0 * bar as f64;
            let pan = 0.5 + 0.3 * (step as f64 * 1.1).sin();
            sounds::pluck(&mut mix, start + step as f64 * STEP, tone, accent, open, pan);
        }
        for &(step, length, note) in MELODY.iter().filter(|_| section == Section::Full && bar % 4 == 0) {
            let seconds = length as f64 * STEP;
            let (mut saw, mut other, mut filter) = (Saw::new(0.0), Saw::new(0.4), Filter::default());
            mix.add(start + step as f64 * STEP, seconds + 0.1, |t| {
                let vibrato = 1.0 + 0.004 * (t * 33.0).sin() * (t * 2.0).min(1.0);
                let tone = hertz(note) * vibrato;
                let sum = saw.sample(tone) + 0.8 * other.sample(tone * 1.006);
                let gate = (t * 60.0).min(1.0) * ((seconds + 0.1 - t) / 0.1).clamp(0.0, 1.0);
                [filter.split(sum, 2_600.0, 0.9).0 * 0.26 * gate * (0.55 + 0.45 * (-t * 3.0).exp()); 2]
            });
        }
    }
    mix.echo(3.0 * STEP, 0.45, 0.4);
    mix.room(0.25);
    mix.finish(0.6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tracks_are_the_same_every_time_and_none_is_silent_or_over_full_scale() {
        let (once, again) = (tracks(), tracks());
        for ((name, samples), (_, same)) in once.iter().zip(&again) {
            assert_eq!(samples.len(), 2 * BARS * 88_200, "{name}");
            assert!(samples == same, "{name} differs");
            let peak = samples.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            assert!((0.4..0.9).contains(&peak), "{name} peaks at {peak}");
        }
    }
}
