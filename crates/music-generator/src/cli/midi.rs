//! Notes as a standard MIDI file.

use std::error::Error;

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use crate::types::bar::Bar;
use crate::types::general_midi::{GeneralMidi, general_midi};
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::ticks::TICKS_PER_BEAT;

/// Bend ranges of all channels: plus and minus this many semitones.
const BEND_RANGE: f32 = 12.0;

/// A type 1 file with 960 ticks of a quarter note: a track with tempos, metres and sections, then a track for each stem.
///
/// # Errors
/// Those of the encoder.
pub fn file(bars: &[Bar]) -> Result<Vec<u8>, Box<dyn Error>> {
    let header = Header::new(Format::Parallel, Timing::Metrical(u15::new(TICKS_PER_BEAT as u16)));
    let mut smf = Smf::new(header);
    smf.tracks.push(delta(map(bars)));
    for stem in Stem::ALL {
        smf.tracks.push(delta(stem_track(bars, stem)));
    }
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

/// Events with absolute times become events with the time since the one before.
fn delta(mut events: Vec<(i64, u8, TrackEventKind<'_>)>) -> Vec<TrackEvent<'_>> {
    events.sort_by_key(|(time, order, _)| (*time, *order));
    let mut now = 0;
    let mut track: Vec<TrackEvent<'_>> = Vec::with_capacity(events.len() + 1);
    for (time, _, kind) in events {
        let time = time.max(0);
        track.push(TrackEvent { delta: u28::new((time - now) as u32), kind });
        now = time;
    }
    track.push(TrackEvent { delta: u28::new(0), kind: TrackEventKind::Meta(MetaMessage::EndOfTrack) });
    track
}

fn map(bars: &[Bar]) -> Vec<(i64, u8, TrackEventKind<'_>)> {
    let mut events = vec![(0, 0, TrackEventKind::Meta(MetaMessage::TrackName(b"tempo")))];
    let (mut bpm, mut length, mut section) = (0.0, 0, "");
    for bar in bars {
        if bar.bpm != bpm {
            bpm = bar.bpm;
            let micros = (60_000_000.0 / bpm) as u32;
            events.push((bar.start.0, 1, TrackEventKind::Meta(MetaMessage::Tempo(u24::new(micros)))));
        }
        if bar.length.0 != length {
            length = bar.length.0;
            let beats = (length / TICKS_PER_BEAT) as u8;
            events.push((bar.start.0, 1, TrackEventKind::Meta(MetaMessage::TimeSignature(beats, 2, 24, 8))));
        }
        if bar.section != section {
            section = bar.section;
            events.push((bar.start.0, 2, TrackEventKind::Meta(MetaMessage::Marker(section.as_bytes()))));
        }
    }
    events
}

fn stem_track(bars: &[Bar], stem: Stem) -> Vec<(i64, u8, TrackEventKind<'static>)> {
    let channel = u4::new(if stem == Stem::Drums { 9 } else { stem.index() as u8 });
    let midi = |message| TrackEventKind::Midi { channel, message };
    let controller =
        |number: u8, value: u8| midi(MidiMessage::Controller { controller: u7::new(number), value: u7::new(value) });
    let mut events = vec![(0, 0, TrackEventKind::Meta(MetaMessage::TrackName(stem.name().as_bytes())))];
    // RPN 0: the range of pitch bends.
    for (order, (number, value)) in [(101, 0), (100, 0), (6, BEND_RANGE as u8), (38, 0)].into_iter().enumerate() {
        events.push((0, 1 + order as u8, controller(number, value)));
    }
    let mut program = None;
    for bar in bars {
        let late = |note: &Note| (f64::from(note.late_ms) / 60_000.0 * bar.bpm * TICKS_PER_BEAT as f64) as i64;
        for note in bar.notes.iter().filter(|note| note.stem == stem) {
            let start = (note.start.0 + late(note)).max(0);
            let key = u7::new(match general_midi(note.instrument) {
                GeneralMidi::Percussion(key) => key,
                GeneralMidi::Program(number) => {
                    if program != Some(number) {
                        program = Some(number);
                        events.push((start, 6, midi(MidiMessage::ProgramChange { program: u7::new(number) })));
                    }
                    libm::roundf(note.pitch.0).clamp(0.0, 127.0) as u8
                }
            });
            let vel = u7::new((note.velocity * 127.0).clamp(1.0, 127.0) as u8);
            if let Some(glide) = note.glide {
                for step in 0..=8_u8 {
                    let share = f32::from(step) / 8.0;
                    let ms = glide.after_ms + glide.over_ms * share;
                    let time = start + (f64::from(ms) / 60_000.0 * bar.bpm * TICKS_PER_BEAT as f64) as i64;
                    let curve = share * share * (3.0 - 2.0 * share);
                    let bend = midly::PitchBend::from_f32((1.0 - curve) * glide.from / BEND_RANGE);
                    events.push((time, 7, midi(MidiMessage::PitchBend { bend })));
                }
            }
            events.push((start, 8, midi(MidiMessage::NoteOn { key, vel })));
            let end = start + note.length.0.max(1);
            events.push((end, 5, midi(MidiMessage::NoteOff { key, vel: u7::new(0) })));
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::composer::Composer;
    use crate::types::target::Target;

    #[test]
    fn the_file_is_read_back_with_all_notes() {
        let target = Target::default();
        let mut composer = Composer::new(2, &target);
        let bars: Vec<Bar> = (0..24).map(|_| composer.compose(&target, 75.0)).collect();
        let bytes = file(&bars).unwrap();
        let smf = Smf::parse(&bytes).unwrap();
        assert_eq!(smf.header.timing, Timing::Metrical(u15::new(960)));
        assert_eq!(smf.tracks.len(), 6);
        let on = |event: &&TrackEvent<'_>| {
            matches!(event.kind, TrackEventKind::Midi { message: MidiMessage::NoteOn { .. }, .. })
        };
        let written: usize = smf.tracks.iter().map(|track| track.iter().filter(on).count()).sum();
        assert_eq!(written, bars.iter().map(|bar| bar.notes.len()).sum::<usize>());
        let tempo =
            smf.tracks[0].iter().any(|event| event.kind == TrackEventKind::Meta(MetaMessage::Tempo(u24::new(800_000))));
        assert!(tempo);
    }
}
