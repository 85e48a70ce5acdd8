//! How loud the notes of a bar will be, and the gain that makes up for it: sections with more voices, louder figures and more density
//! have the same loudness over a minute as others, while phrases keep their dynamics.
//!
//! The estimate is the power of the notes: their level in the mix, and how long they sound. It is known before the bar sounds, so the
//! gain needs no time to follow.

use super::style_sound::StyleSound;
use crate::types::bar::Bar;
use crate::types::instrument::Instrument;
use crate::types::note::Note;

/// The time constant over which the power of the bars is averaged, in seconds: shorter than a section, longer than a phrase's rise.
const AVERAGE: f32 = 10.0;
/// The most that is made up for, in decibels.
const MOST: f32 = 5.0;
/// Power of a bar without notes: 60 dB below the usual.
const SILENCE: f32 = 1e-6;
/// How long a note of a struck or plucked instrument counts, in seconds.
const STRUCK: f32 = 1.2;
/// The same for drums.
const DRUM: f32 = 0.25;

/// The level of what is played, over time.
#[derive(Clone, Debug, Default)]
pub struct ScoreLevel {
    /// Notes that sound beyond their bar: power and seconds that are left.
    held: Vec<(f32, f32)>,
    /// The average power of the bars.
    power: Option<f32>,
}

impl ScoreLevel {
    /// The gain in decibels from the start of a bar on. `density` decides which of its notes sound.
    pub fn gain_db(&mut self, bar: &Bar, density: f32, sound: &StyleSound) -> f32 {
        let beat = 60.0 / bar.bpm.max(1.0) as f32;
        let bar_seconds = (bar.length.to_beats() as f32 * beat).max(0.1);
        let mut energy = 0.0;
        for (power, left) in &mut self.held {
            energy += *power * left.min(bar_seconds);
            *left -= bar_seconds;
        }
        self.held.retain(|(_, left)| *left > 0.0);
        for note in bar.notes.iter().filter(|note| note.from_density <= density) {
            let power = power(note, sound);
            let seconds = seconds(note, beat);
            let room = (bar_seconds - (note.start - bar.start).to_beats() as f32 * beat).max(0.0);
            energy += power * seconds.min(room);
            if seconds > room {
                self.held.push((power, seconds - room));
            }
        }
        let now = (energy / bar_seconds).max(SILENCE);
        let share = 1.0 - libm::expf(-bar_seconds / AVERAGE);
        let average = self.power.map_or(now, |before| before + (now - before) * share);
        self.power = Some(average);
        let above = 10.0 * libm::log10f(average) - sound.score_db;
        (-sound.levelling * above).clamp(-MOST, MOST)
    }
}

/// The power of a note while it sounds: an instrument's amplitude grows with the velocity to the power of 1.5.
fn power(note: &Note, sound: &StyleSound) -> f32 {
    let level_db = sound.stems.get(note.stem.index()).map_or(0.0, |stem| stem.level_db) + louder_db(note.instrument);
    let velocity = note.velocity.clamp(0.0, 1.0);
    libm::exp10f(0.1 * level_db) * velocity * velocity * velocity
}

/// How much louder an instrument is than others of the same level, in decibels: little is heard of low notes, and the levels of
/// instruments are those of short notes. Set on renderings.
fn louder_db(instrument: Instrument) -> f32 {
    use Instrument as I;
    match instrument {
        I::SubBass | I::Bass808 => -6.0,
        I::FeltPiano | I::GrandPiano | I::Harp | I::Celesta => -2.0,
        I::Choir | I::Horn => 2.0,
        I::Taiko => 6.0,
        _ => 0.0,
    }
}

/// How long a note counts.
fn seconds(note: &Note, beat: f32) -> f32 {
    use Instrument as I;
    let length = note.length.to_beats() as f32 * beat;
    match note.instrument {
        I::Pad | I::Strings | I::Choir | I::Organ | I::Stab | I::SynthLead | I::Arpeggio => length,
        I::Flute | I::Bansuri | I::Shakuhachi | I::Horn | I::Brass | I::Cello | I::Violin | I::Riser => length,
        I::SubBass | I::Bass808 | I::SynthBass => length,
        instrument if instrument.index() < I::Upright.index() => DRUM,
        _ => length.min(STRUCK),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::pitch::Pitch;
    use crate::types::stem::Stem;
    use crate::types::ticks::Ticks;

    fn bar(number: i64, velocities: &[f32]) -> Bar {
        let start = Ticks::beats(4 * number);
        let note = |(index, velocity): (usize, &f32)| Note {
            stem: Stem::Harmony,
            instrument: Instrument::Pad,
            start: start + Ticks::beats(index as i64),
            length: Ticks::beats(2),
            late_ms: 0.0,
            pitch: Pitch(60.0),
            velocity: *velocity,
            from_density: 0.1 * index as f32,
            glide: None,
            legato: false,
        };
        let notes = velocities.iter().enumerate().map(note).collect();
        Bar { start, length: Ticks::beats(4), bpm: 60.0, notes, ..Bar::default() }
    }

    #[test]
    fn louder_and_more_notes_lower_the_gain_within_its_bounds() {
        let mut sound = StyleSound { score_db: -6.0, levelling: 1.0, ..StyleSound::default() };
        let first = |velocities: &[f32], density: f32, sound: &StyleSound| {
            ScoreLevel::default().gain_db(&bar(0, velocities), density, sound)
        };
        let (soft, loud) = (first(&[0.4; 4], 1.0, &sound), first(&[0.6; 4], 1.0, &sound));
        assert!((soft - loud - 30.0 * libm::log10f(1.5)).abs() < 1e-3, "{soft} {loud}");
        assert!(first(&[0.6; 4], 0.15, &sound) > loud);
        assert_eq!((first(&[], 1.0, &sound), first(&[1.0; 40], 1.0, &sound)), (MOST, -MOST));
        sound.levelling = 0.0;
        assert_eq!(first(&[1.0; 40], 1.0, &sound), 0.0);
    }

    #[test]
    fn a_note_counts_in_the_bars_in_which_it_sounds() {
        let sound = StyleSound { score_db: -10.0, levelling: 1.0, ..StyleSound::default() };
        let mut level = ScoreLevel::default();
        let same = level.gain_db(&bar(0, &[0.5; 4]), 1.0, &sound);
        // The last note of the first bar lasts a beat of the second one.
        let held = level.gain_db(&bar(1, &[]), 1.0, &sound);
        let nothing = level.gain_db(&bar(2, &[]), 1.0, &sound);
        assert!(same < held && held < nothing, "{same} {held} {nothing}");
    }
}
