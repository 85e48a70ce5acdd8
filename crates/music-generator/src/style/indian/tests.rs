use super::*;
use crate::compose::measures::{bars, target_of};
use crate::types::instrument::Instrument;
use crate::types::note::Note;
use crate::types::stem::Stem;

#[test]
fn melody_and_chords_stay_in_the_raga_and_ascents_follow_the_aroha() {
    for (seed, raga) in [(1, "yaman"), (2, "bageshri"), (3, "desh"), (4, "malkauns"), (5, "bhairav")] {
        let mut target = target_of(Style::IndianLofi, 0.5);
        target.raga = Some(raga.to_owned());
        let (bars, _) = bars(seed, &target, 200.0);
        let vocabulary = Vocabulary::built_in().unwrap();
        let rows = vocabulary.raga(raga).unwrap();
        let notes: Vec<_> = bars.iter().flat_map(|bar| &bar.notes).collect();
        let scale = &bars[0].scale;
        for note in notes.iter().filter(|note| note.stem != Stem::Drums) {
            assert!(scale.contains(&note.pitch.class()), "{raga}: {note:?}");
        }
        for chord in bars.iter().flat_map(|bar| &bar.chords) {
            assert!(chord.borrowed.is_empty(), "{raga}: {chord:?}");
        }
        let lead: Vec<&Note> = notes.iter().filter(|note| note.stem == Stem::Lead).copied().collect();
        assert!(lead.len() > 60, "{raga}: {}", lead.len());
        let tonic = i32::from(scale[0]);
        let class = |key: f32| (libm::roundf(key) as i32 - tonic).rem_euclid(12);
        let line: Vec<(i32, &Note)> = lead.iter().map(|note| (class(note.pitch.0), *note)).collect();
        let motion = motion(&line, rows);
        assert!(motion.ascents >= 0.97 && motion.descents >= 0.97 && motion.quoted >= 0.3, "{raga}: {motion:?}");
        let long = lead.iter().map(|note| note.length.to_beats());
        let important = [i32::from(rows.vadi), i32::from(rows.samvadi), 0];
        let time: f64 = long.sum();
        let held: f64 = lead
            .iter()
            .filter(|note| important.contains(&class(note.pitch.0)))
            .map(|note| note.length.to_beats())
            .sum();
        assert!(held / time >= 0.45, "{raga}: {}", held / time);
    }
}

/// How the melody moves within its groups (M22).
#[derive(Debug)]
struct Motion {
    /// The share of the rising steps that the aroha or a quoted phrase has.
    ascents: f32,
    /// The same for falling steps and the avaroha.
    descents: f32,
    /// The share of the motion that quotes a phrase, or a phrase without its last note.
    quoted: f32,
}

fn motion(line: &[(i32, &Note)], raga: &Raga) -> Motion {
    // A group ends at a rest of a beat; what swings around its pitch is one note.
    let played = |note: &Note| match note.instrument {
        // Plucked strings sound on.
        Instrument::Sitar | Instrument::Santoor => note.length.0 * 10 / 13,
        _ => note.length.0,
    };
    let groups = line.chunk_by(|(_, a), (_, b)| (b.start - a.start).0 < played(a) + 480);
    let (mut up, mut down, mut quoted) = ((0, 0), (0, 0), (0, 0));
    for group in groups {
        let mut keys: Vec<i32> = group.iter().map(|(_, note)| libm::roundf(note.pitch.0) as i32).collect();
        keys.dedup();
        let tonic = group[0].1.pitch.0 as i32 - group[0].0;
        let degree = |key: i32| (key - tonic) as i8;
        let mut quotes = vec![false; keys.len()];
        for phrase in raga.phrases.iter().flat_map(|phrase| [&phrase[..], &phrase[..phrase.len() - 1]]) {
            let mut wanted: Vec<i8> = phrase.to_vec();
            wanted.dedup();
            let moves = |keys: &[i8]| keys.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
            for start in 0..(keys.len() + 1).saturating_sub(wanted.len()) {
                let part: Vec<i8> = keys[start..start + wanted.len()].iter().map(|key| degree(*key)).collect();
                if wanted.len() > 1 && moves(&part) == moves(&wanted) && (part[0] - wanted[0]) % 12 == 0 {
                    quotes[start..start + wanted.len() - 1].fill(true);
                }
            }
        }
        for (index, pair) in keys.windows(2).enumerate() {
            let (from, to) = (degree(pair[0]), degree(pair[1]));
            let row = if to > from { &raga.up } else { &raga.down };
            let belongs = |degree: i8| row.iter().any(|other| (other - degree) % 12 == 0);
            let (low, high) = (from.min(to), from.max(to));
            let next = belongs(from) && belongs(to) && !(low + 1..high).any(belongs);
            let counts = if to > from { &mut up } else { &mut down };
            counts.0 += i32::from(next || quotes[index]);
            counts.1 += 1;
            quoted.0 += i32::from(quotes[index]);
            quoted.1 += 1;
        }
    }
    let share = |(some, all): (i32, i32)| some as f32 / all.max(1) as f32;
    Motion { ascents: share(up), descents: share(down), quoted: share(quoted) }
}
