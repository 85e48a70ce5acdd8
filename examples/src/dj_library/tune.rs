//! The music of the tracks.

use super::sections::{BARS, SECTION_BARS, SECTIONS};
use super::tracks::Track;
use crate::sounds::{bass, clap, hat, kick, pluck};
use crate::synth::{Filter, Noise, Saw, StereoMix, hertz};

/// Four chords, in semitones above the tonic. The bass plays the first note of each chord.
type Chords = [[f64; 4]; 4];
const MINOR: Chords = [[0.0, 3.0, 7.0, 12.0], [-4.0, 0.0, 3.0, 12.0], [3.0, 7.0, 10.0, 15.0], [-2.0, 2.0, 5.0, 14.0]];
const MAJOR: Chords = [[0.0, 4.0, 7.0, 14.0], [-3.0, 0.0, 4.0, 12.0], [5.0, 9.0, 12.0, 16.0], [-5.0, 2.0, 7.0, 11.0]];

/// The track as interleaved stereo. There are drums except in the break, a bass from the first verse on, and chords in
/// choruses.
pub fn play(track: &Track) -> Vec<f32> {
    let beats = track.beats();
    let end = beats[beats.len() - 1] + 1.0;
    let (mut dry, mut wet) = (StereoMix::new(end), StereoMix::new(end));
    let mut noise = Noise::new(track.name.len() as u32);
    // The style of a track selects its bass rhythm and the order of its plucked notes.
    let style = track.name.len() % 3;
    let chords = if track.minor { MINOR } else { MAJOR };
    for bar in 0..BARS {
        let section = SECTIONS[bar / SECTION_BARS];
        let last_of_section = bar % SECTION_BARS == SECTION_BARS - 1;
        let (drums, full) = (section != "break", matches!(section, "chorus" | "inst"));
        let chord = chords[bar % 4];
        // The time of a sixteenth note of this bar, whose number is from 0 to 16.
        let at = |step: usize| {
            let beat = 4 * bar + step / 4;
            let length = beats.get(beat + 1).map_or(0.0, |next| next - beats[beat]);
            beats[beat] + (step % 4) as f64 / 4.0 * length
        };
        for step in 0..16 {
            if drums && (step % 4 == 0 || last_of_section && step == 14) {
                kick(&mut dry, at(step));
            }
            if drums && (step % 4 == 2 || full || section == "verse" && step % 2 == 0) {
                let offbeat = step % 4 == 2;
                let (loud, decay) = if offbeat { (0.24, 24.0) } else { (0.08, 60.0) };
                hat(&mut dry, at(step), &mut noise, loud, decay, 0.5 + 0.15 * (step as f64 * 2.4).sin());
            }
            let roll = section == "break" && last_of_section;
            if drums && section != "intro" && step % 8 == 4 || roll {
                clap(
                    &mut wet,
                    at(step),
                    &mut noise,
                    match section {
                        "break" => 0.05 + 0.03 * step as f64,
                        "verse" => 0.3,
                        _ => 0.45,
                    },
                );
            }
            let moves = [[0, 3, 6, 10, 14], [0, 2, 6, 8, 11], [0, 6, 8, 10, 13]][style];
            if !matches!(section, "intro" | "break" | "outro") && moves.contains(&step) {
                let octave = if step == moves[3] { 12.0 } else { 0.0 };
                let open = if full { 1_300.0 } else { 600.0 };
                let tone = hertz(track.tonic + chord[0] + octave);
                bass(&mut dry, at(step), 0.2, tone, |t| 90.0 + open * (-t * 11.0).exp());
            }
            let plucked = match section {
                "verse" => step % 4 == 3 || step % 8 == 6,
                "break" | "inst" => step % 2 == 0,
                "chorus" => step % 4 != 1,
                _ => false,
            };
            if plucked {
                let note = chord[(step * (style + 2) + step / 5) % 4];
                let accent = if step % 4 == 0 { 0.5 } else { 0.32 } * if section == "verse" { 0.5 } else { 1.0 };
                let pan = 0.5 + 0.3 * (step as f64 * 1.1 + style as f64).sin();
                pluck(&mut wet, at(step), hertz(track.tonic + 36.0 + note), accent, 1_400.0, pan);
            }
        }
        if full || section == "break" {
            let seconds = at(16) - at(0);
            pad(&mut wet, at(0), seconds, chord.map(|note| hertz(track.tonic + 24.0 + note)));
        }
    }
    wet.room(0.3);
    for (to, from) in dry.frames.iter_mut().zip(wet.frames) {
        *to = [to[0] + from[0], to[1] + from[1]];
    }
    dry.finish(0.8)
}

/// A chord of saws, slightly detuned between the two channels.
fn pad(mix: &mut StereoMix, at: f64, seconds: f64, tones: [f64; 4]) {
    let mut saws = [0.998, 1.002].map(|tune| tones.map(|tone| (Saw::new(tone * 0.37 * tune), tone * tune)));
    let mut filters = [Filter::default(), Filter::default()];
    mix.add(at, seconds + 0.4, |t| {
        let swell = (t / 0.1).min(1.0) * ((seconds + 0.4 - t) / 0.4).clamp(0.0, 1.0);
        [0, 1].map(|side| {
            let sum: f64 = saws[side].iter_mut().map(|(saw, tone)| saw.sample(*tone)).sum();
            0.11 * swell * filters[side].split(sum, 1_600.0 + 300.0 * (t * 2.0).sin(), 0.8).0
        })
    });
}
