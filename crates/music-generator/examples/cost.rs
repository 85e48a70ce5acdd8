//! Measures what the sound costs: renders a minute of a dense bar in each style and prints the share of a core, and the memory.
//!
//! `cargo run --release -p music-generator --example cost [-- STYLE]`, or `-- parts` for single voices and the room

use std::time::Instant;

use music_generator::mix::{Master, RoomSound, StemSound, StyleSound};
use music_generator::synth::{Player, SILENCE};
use music_generator::types::instrument::Instrument as I;
use music_generator::types::note::Note;
use music_generator::types::pitch::Pitch;
use music_generator::types::stem::Stem;
use music_generator::types::target::{Noise, Style, Target};
use music_generator::types::ticks::Ticks;

const RATE: u32 = 48_000;
const SECONDS: u32 = 60;

/// A voice of a bar: stem, instrument, pitches, the steps of the bar on which it plays, the length in steps.
type Part = (Stem, I, &'static [f32], &'static [u32], f32);

const EIGHTHS: &[u32] = &[0, 2, 4, 6, 8, 10, 12, 14];
const ALL: &[u32] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn parts(style: Style) -> (&'static str, f32, &'static [Part]) {
    match style {
        Style::Lofi => (
            "lofi",
            84.0,
            &[
                (Stem::Drums, I::Kick, &[36.0], &[0, 3, 8, 11], 1.0),
                (Stem::Drums, I::Snare, &[38.0], &[4, 7, 9, 12], 1.0),
                (Stem::Drums, I::HatClosed, &[42.0], EIGHTHS, 1.0),
                (Stem::Drums, I::Shaker, &[42.0], EIGHTHS, 1.0),
                (Stem::Bass, I::Upright, &[36.0], &[0, 6, 8, 14], 3.0),
                (Stem::Harmony, I::ElectricPiano, &[53.0, 57.0, 60.0, 64.0], &[0, 7], 7.0),
                (Stem::Lead, I::Vibraphone, &[72.0], &[2, 4, 7, 10, 12, 14], 2.0),
            ],
        ),
        Style::IndianLofi => (
            "indian lofi",
            78.0,
            &[
                (Stem::Drums, I::Kick, &[36.0], &[0, 8], 1.0),
                (Stem::Drums, I::Snare, &[38.0], &[4, 12], 1.0),
                (Stem::Drums, I::TablaNa, &[60.0], &[0, 4, 6, 10, 14], 1.0),
                (Stem::Drums, I::TablaGe, &[60.0], &[0, 2, 8, 11], 1.0),
                (Stem::Drums, I::TablaTe, &[60.0], &[3, 5, 7, 13, 15], 1.0),
                (Stem::Bass, I::SubBass, &[36.0], &[0, 8], 6.0),
                (Stem::Harmony, I::Pad, &[48.0, 55.0, 64.0], &[0], 16.0),
                (Stem::Lead, I::Bansuri, &[67.0], &[0, 4, 6, 8, 12], 3.0),
                (Stem::Lead, I::Sitar, &[60.0], &[2, 10], 4.0),
                (Stem::Texture, I::Tanpura, &[43.0], &[0], 4.0),
                (Stem::Texture, I::Tanpura, &[48.0], &[4, 8], 4.0),
                (Stem::Texture, I::Tanpura, &[36.0], &[12], 4.0),
            ],
        ),
        Style::Ambient => (
            "ambient",
            60.0,
            &[
                (Stem::Bass, I::SubBass, &[36.0], &[0], 16.0),
                (Stem::Harmony, I::Pad, &[48.0, 55.0, 60.0, 64.0], &[0], 16.0),
                (Stem::Harmony, I::Choir, &[55.0, 62.0], &[8], 16.0),
                (Stem::Lead, I::Glass, &[76.0, 71.0], &[0, 6, 11], 8.0),
                (Stem::Lead, I::FeltPiano, &[67.0], &[3, 9], 8.0),
            ],
        ),
        Style::Cinematic => (
            "cinematic",
            96.0,
            &[
                (Stem::Drums, I::Taiko, &[36.0], &[0, 6, 8, 14], 1.0),
                (Stem::Bass, I::Cello, &[36.0], &[0], 16.0),
                (Stem::Harmony, I::Strings, &[48.0, 55.0, 60.0, 64.0, 67.0], &[0], 16.0),
                (Stem::Harmony, I::Pizzicato, &[60.0], ALL, 1.0),
                (Stem::Harmony, I::Harp, &[60.0], EIGHTHS, 2.0),
                (Stem::Lead, I::Horn, &[60.0, 67.0], &[0, 8], 8.0),
                (Stem::Lead, I::Brass, &[55.0, 60.0, 64.0], &[8], 8.0),
                (Stem::Lead, I::Violin, &[76.0], &[0, 4, 8, 12], 4.0),
            ],
        ),
        Style::House => (
            "house",
            124.0,
            &[
                (Stem::Drums, I::Kick, &[36.0], &[0, 4, 8, 12], 1.0),
                (Stem::Drums, I::Clap, &[39.0], &[4, 12], 1.0),
                (Stem::Drums, I::HatClosed, &[42.0], ALL, 1.0),
                (Stem::Drums, I::HatOpen, &[46.0], &[2, 6, 10, 14], 1.0),
                (Stem::Bass, I::SynthBass, &[36.0], &[2, 6, 10, 14], 2.0),
                (Stem::Harmony, I::Stab, &[57.0, 60.0, 64.0, 67.0], &[3, 6, 12], 2.0),
                (Stem::Harmony, I::Pad, &[45.0, 57.0, 60.0, 64.0], &[0], 16.0),
                (Stem::Lead, I::Arpeggio, &[69.0], ALL, 1.0),
            ],
        ),
        Style::Piano => (
            "piano",
            70.0,
            &[
                (Stem::Harmony, I::GrandPiano, &[48.0], EIGHTHS, 3.0),
                (Stem::Harmony, I::GrandPiano, &[64.0, 72.0, 76.0], &[0, 6, 10], 4.0),
            ],
        ),
    }
}

/// The processor time of this thread in seconds; the time that has passed where it is not known.
fn seconds(start: Instant) -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("not known".to_owned(), |text| text.trim().to_owned())
}

fn note(stem: Stem, instrument: I, pitch: f32) -> Note {
    Note {
        stem,
        instrument,
        start: Ticks::ZERO,
        length: Ticks::BEAT,
        late_ms: 0.0,
        pitch: Pitch(pitch),
        velocity: 0.7,
        from_density: 0.0,
        glide: None,
        legato: false,
    }
}

fn measure(style: Style) {
    let (name, bpm, parts) = parts(style);
    let mut target = Target { styles: [0.0; 6], ..Target::default() };
    target.styles[style.index()] = 1.0;
    if style == Style::Ambient {
        target.noises.insert(Noise::Ocean, 0.6);
    }
    let start = Instant::now();
    let mut player = Player::new(RATE, 1);
    let mut master = Master::new(RATE);
    player.set_target(&target);
    player.set_tempo(f64::from(bpm));
    master.set_sound(&StyleSound::of(&target));
    let step = 15.0 / bpm;
    let before = seconds(start);
    let (mut next, mut voices, mut peak) = (0_u32, 0, 0.0_f32);
    let quanta = SECONDS * RATE / 64;
    for quantum in 0..quanta {
        while next as f32 * step * (RATE as f32) < (quantum * 64) as f32 + 64.0 {
            let place = (next as f32 * step * RATE as f32) as usize;
            for (stem, instrument, pitches, steps, length) in parts {
                if !steps.contains(&(next % 16)) {
                    continue;
                }
                for pitch in *pitches {
                    let note = note(*stem, *instrument, *pitch);
                    player.start(&note, 0.0, place.saturating_sub((quantum * 64) as usize), length * step);
                }
            }
            next += 1;
        }
        let mut stems = SILENCE;
        player.render(&mut stems);
        master.process(&mut stems);
        voices += player.sounding();
        peak = Master::sum(&stems).as_flattened().iter().fold(peak, |peak, x| peak.max(x.abs()));
    }
    let spent = seconds(start) - before;
    let mean = voices as f64 / f64::from(quanta);
    println!("{name:12} {:.4} of a core, {mean:.1} voices, peak {peak:.2}", spent / f64::from(SECONDS));
}

/// One held note of each instrument, and the same with a room: what a voice and what a room cost.
fn measure_parts() {
    let run = |notes: &[(I, f32)], room_db: f32| {
        let start = Instant::now();
        let mut player = Player::new(RATE, 1);
        let stem = StemSound { room_db, echo_db: -90.0, width: 1.0, low_cut: 10.0, ..StemSound::default() };
        let room = RoomSound { t60: 1.2, pre_delay_ms: 15.0 };
        player.set_sound(&StyleSound { stems: [stem; 5], room, high_cut: 9_000.0, ..StyleSound::default() });
        for (instrument, pitch) in notes {
            let note = note(Stem::Harmony, *instrument, *pitch);
            player.start(&note, 0.0, 0, 60.0);
        }
        let before = seconds(start);
        for _ in 0..10 * RATE / 64 {
            let mut stems = SILENCE;
            player.render(&mut stems);
        }
        (seconds(start) - before) / 10.0
    };
    let chord = |instrument| [48.0, 52.0, 55.0, 59.0, 60.0, 64.0, 67.0, 71.0].map(|pitch| (instrument, pitch));
    let one = run(&chord(I::Organ)[..1], -90.0);
    println!(
        "a player without notes {:.5}, with one note {one:.5}, with one note in a room {:.5}",
        run(&[], -90.0),
        run(&chord(I::Organ)[..1], 0.0)
    );
    for instrument in [I::Pad, I::GrandPiano, I::ElectricPiano, I::Flute, I::Choir, I::Tanpura] {
        let voice = (run(&chord(instrument), -90.0) - run(&chord(instrument)[..1], -90.0)) / 7.0;
        println!("a voice of {instrument:?} {voice:.5} of a core");
    }
}

fn main() {
    let wanted = std::env::args().nth(1);
    if wanted.as_deref() == Some("parts") {
        return measure_parts();
    }
    for style in Style::ALL {
        if wanted.as_ref().is_none_or(|name| parts(style).0 == name) {
            measure(style);
        }
    }
    println!("memory at most {}", memory());
}
