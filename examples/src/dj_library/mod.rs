//! A synthetic DJ library for `section-export`: audio, structure files and a Rekordbox collection.

mod collection;
mod sections;
mod tracks;
mod tune;

use std::error::Error;
use std::fs;
use std::path::Path;

use crowd_media::{Audio, AudioFormat, Samples, Tags};

use crate::synth::RATE;
pub use tracks::{TRACKS, Track};

/// Writes the library into `folder`, which is made if it is missing: `audio/`, `struct/` and `rekordbox.xml`.
///
/// # Errors
/// The error of the file that cannot be written.
pub fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let audio = folder.join("audio");
    fs::create_dir_all(&audio)?;
    for track in TRACKS.iter().filter(|track| track.audio) {
        let sound = Audio::new(Samples::F32(tune::play(track)), RATE, 2)?;
        let format = AudioFormat::new(track.container, track.depth)?;
        let mut tags = Tags::default();
        (tags.title, tags.key) = (Some(track.name.into()), Some(track.key.into()));
        crowd_media::write(&audio.join(track.file()), &sound, format, &tags)?;
    }
    write_lists(folder)
}

/// Writes everything except the audio.
fn write_lists(folder: &Path) -> Result<(), Box<dyn Error>> {
    let structures = folder.join("struct");
    fs::create_dir_all(&structures)?;
    for track in &TRACKS {
        let text = serde_json::to_vec_pretty(&track.structure())?;
        fs::write(structures.join(format!("{}.json", track.name)), text)?;
    }
    Ok(fs::write(folder.join("rekordbox.xml"), collection::xml())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use section_export::cue_rules::{CueRules, ExcerptLength};
    use section_export::cues::Snap;
    use section_export::excerpt::OnJump;
    use section_export::inputs::Inputs;
    use section_export::library::MatchRule;
    use section_export::mp3_offset::Mp3OffsetMode;
    use section_export::plan::{Plan, PlanOptions};
    use section_export::selection::{Selection, TempoRange};

    #[test]
    fn five_tracks_can_be_cut_near_122_and_three_are_skipped_for_as_many_reasons() {
        let folder = tempfile::tempdir().unwrap();
        let audio = folder.path().join("audio");
        fs::create_dir(&audio).unwrap();
        for track in TRACKS.iter().filter(|track| track.audio) {
            fs::write(audio.join(track.file()), "").unwrap();
        }
        write_lists(folder.path()).unwrap();
        let xml = folder.path().join("rekordbox.xml");
        let inputs = Inputs::read(&folder.path().join("struct"), &audio, Some(&xml)).unwrap();
        let selection = Selection { tempo: TempoRange::around(122.0, 2.0).ok(), ..Selection::default() };
        let cue_rules = CueRules { length: ExcerptLength::Sections(6), snap: Snap::Downbeat, fallback: false };
        let mp3_offset = Mp3OffsetMode::Auto;
        let plan =
            Plan::new(&inputs, &PlanOptions { selection, playlist: None, cue_rules, on_jump: OnJump::Cut, mp3_offset });
        let mut skipped: Vec<_> = plan.skipped.iter().map(|skipped| skipped.reason.kind()).collect();
        skipped.sort_unstable();
        assert_eq!(skipped, ["no_audio", "no_intro", "other_tempo"]);
        assert_eq!((plan.tracks.len(), inputs.library.unused.as_slice()), (5, &[][..]));
        for planned in &plan.tracks {
            let track = TRACKS.iter().find(|track| planned.audio.ends_with(track.file())).unwrap();
            let (beats, cues) = (track.beats(), planned.excerpt.cues);
            // The audio has moved to this computer, but the collection has the path at which it was analysed.
            let rules = (planned.found_by, planned.collection_rule);
            assert_eq!(rules, (MatchRule::FileName, Some(MatchRule::FullPath)), "{}", track.name);
            assert_eq!(planned.excerpt.grid.is_steady(), track.bpm[0] == track.bpm[1], "{}", track.name);
            for (cue, bar) in [(cues.ini, 4), (cues.begin, 24), (cues.end, 28)] {
                assert!((cue - beats[4 * bar]).abs() < 6e-4, "{}: {cue} in bar {bar}", track.name);
            }
        }
    }
}
