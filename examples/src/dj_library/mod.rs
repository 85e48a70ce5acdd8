//! A DJ's library made of nothing, as `section-export` reads it: audio, what an analyser says of it, a Rekordbox collection.

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

/// Writes the library: `audio/`, `struct/` and `rekordbox.xml` in `folder`, which is made if need be.
///
/// # Errors
/// What cannot be written, and why.
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

/// All but the audio.
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
    use section_export::cues::Snap;
    use section_export::excerpt::OnJump;
    use section_export::library::MatchRule;
    use section_export::plan::{Inputs, Plan, Wish};
    use section_export::select::{Selection, TempoRange};
    use section_export::span::{Length, Span};
    use section_export::timeline::Mp3Offset;

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
        let span = Span { length: Length::Sections(6), snap: Snap::Downbeat, fallback: false };
        let mp3_offset = Mp3Offset::Auto;
        let plan = Plan::new(&inputs, &Wish { selection, playlist: None, span, on_jump: OnJump::Cut, mp3_offset });
        let mut skipped: Vec<_> = plan.skipped.iter().map(|skipped| skipped.reason.kind()).collect();
        skipped.sort_unstable();
        assert_eq!(skipped, ["no_audio", "no_intro", "other_tempo"]);
        assert_eq!((plan.parts.len(), inputs.library.unused.as_slice()), (5, &[][..]));
        for part in &plan.parts {
            let track = TRACKS.iter().find(|track| part.audio.ends_with(track.file())).unwrap();
            let (beats, cues) = (track.beats(), part.wanted.cues);
            // Its audio has moved to this computer; the collection knows it as it was.
            let rules = (part.found_by, part.listed_by);
            assert_eq!(rules, (MatchRule::FileName, Some(MatchRule::FullPath)), "{}", track.name);
            assert_eq!(part.wanted.grid.is_steady(), track.bpm[0] == track.bpm[1], "{}", track.name);
            for (cue, bar) in [(cues.ini, 4), (cues.begin, 24), (cues.end, 28)] {
                assert!((cue - beats[4 * bar]).abs() < 6e-4, "{}: {cue} in bar {bar}", track.name);
            }
        }
    }
}
