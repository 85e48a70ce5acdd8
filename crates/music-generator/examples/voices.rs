//! Renders one note of every instrument, without a room, a minute of every noise and the room of every style, and writes each as a WAV file of 32-bit floats: for measurements and spectra.
//!
//! `cargo run -p music-generator --example voices -- DIRECTORY [VELOCITY]`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use music_generator::mix::{StemSound, StyleSound};
use music_generator::synth::{Player, SILENCE};
use music_generator::types::instrument::Instrument;
use music_generator::types::note::Note;
use music_generator::types::pitch::Pitch;
use music_generator::types::stem::Stem;
use music_generator::types::target::{Noise, Style, Target};
use music_generator::types::ticks::Ticks;

const RATE: u32 = 48_000;

fn note(instrument: Instrument, pitch: f32, velocity: f32) -> Note {
    Note {
        stem: Stem::Harmony,
        instrument,
        start: Ticks::ZERO,
        length: Ticks::BEAT,
        late_ms: 0.0,
        pitch: Pitch(pitch),
        velocity,
        from_density: 0.0,
        glide: None,
        legato: false,
    }
}

/// The note at which the instrument is measured.
fn pitch(instrument: Instrument) -> f32 {
    use Instrument as I;
    match instrument {
        I::Upright | I::SubBass | I::Bass808 | I::SynthBass => 36.0,
        I::Vibraphone => 67.0,
        I::Celesta | I::MusicBox | I::Kalimba | I::Flute | I::Shakuhachi | I::Bansuri | I::Bells | I::Glass => 72.0,
        I::Cello => 48.0,
        I::Violin => 69.0,
        I::Horn | I::Brass => 53.0,
        I::Tanpura => 48.0,
        _ => 60.0,
    }
}

fn write(path: &Path, frames: &[[f32; 2]]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let bytes = u32::try_from(frames.len() * 8).unwrap_or(u32::MAX);
    file.write_all(b"RIFF")?;
    file.write_all(&(bytes.saturating_add(36)).to_le_bytes())?;
    file.write_all(b"WAVEfmt ")?;
    file.write_all(&16u32.to_le_bytes())?;
    file.write_all(&3u16.to_le_bytes())?;
    file.write_all(&2u16.to_le_bytes())?;
    file.write_all(&RATE.to_le_bytes())?;
    file.write_all(&(RATE * 8).to_le_bytes())?;
    file.write_all(&8u16.to_le_bytes())?;
    file.write_all(&32u16.to_le_bytes())?;
    file.write_all(b"data")?;
    file.write_all(&bytes.to_le_bytes())?;
    for sample in frames.as_flattened() {
        file.write_all(&sample.to_le_bytes())?;
    }
    file.flush()
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| ".".to_owned());
    let velocity = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0.7);
    std::fs::create_dir_all(&directory)?;
    for noise in Noise::ALL {
        let mut player = Player::new(RATE, 1);
        player.set_noise(noise, 1.0);
        let mut frames = Vec::new();
        for _ in 0..60 * RATE / 64 {
            let mut stems = SILENCE;
            player.render(&mut stems);
            frames.extend_from_slice(&stems[Stem::Texture.index()]);
        }
        write(&Path::new(&directory).join(format!("noise-{noise:?}.wav")), &frames)?;
    }
    // A clap in the lead's room of each style, without noises.
    for style in Style::ALL {
        let mut target = Target { styles: [0.0; 6], ..Target::default() };
        target.styles[style.index()] = 1.0;
        let mut player = Player::new(RATE, 1);
        player.set_target(&target);
        player.set_sound(&StyleSound { noises: [0.0; Noise::ALL.len()], ..StyleSound::of(&target) });
        player.start(&Note { stem: Stem::Lead, ..note(Instrument::Clap, 60.0, 1.0) }, 0.0, 0, 1.0);
        let mut frames = Vec::new();
        for _ in 0..10 * RATE / 64 {
            let mut stems = SILENCE;
            player.render(&mut stems);
            frames.extend_from_slice(&stems[Stem::Lead.index()]);
        }
        write(&Path::new(&directory).join(format!("room-{style:?}.wav")), &frames)?;
    }
    for instrument in Instrument::ALL {
        let mut player = Player::new(RATE, 1);
        let dry = StemSound { room_db: -90.0, echo_db: -90.0, width: 1.0, low_cut: 10.0, ..StemSound::default() };
        player.set_sound(&StyleSound { stems: [dry; 5], high_cut: 22_000.0, ..StyleSound::default() });
        player.start(&note(instrument, pitch(instrument), velocity), 0.0, 0, 3.0);
        let mut frames = Vec::new();
        for _ in 0..5 * RATE / 64 {
            let mut stems = SILENCE;
            player.render(&mut stems);
            frames.extend_from_slice(&stems[Stem::Harmony.index()]);
        }
        write(&Path::new(&directory).join(format!("{instrument:?}.wav")), &frames)?;
    }
    Ok(())
}
