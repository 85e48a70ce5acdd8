use super::*;
use crate::compose::measures::{bars, target_of};
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
        let lead: Vec<_> = notes.iter().filter(|note| note.stem == Stem::Lead).collect();
        assert!(lead.len() > 60, "{raga}: {}", lead.len());
        let tonic = i32::from(scale[0]);
        let class = |key: f32| (key as i32 - tonic).rem_euclid(12);
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
