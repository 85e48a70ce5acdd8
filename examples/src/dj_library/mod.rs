//! A DJ's library made of nothing, as `section-export` reads it: audio, what an analyser says of it, a Rekordbox collection.

mod collection;
mod tune;

use std::error::Error;
use std::fs;
use std::path::Path;

use crowd_media::{Audio, AudioFormat, Container, Depth, Samples, Tags};
use serde_json::json;

use crate::synth::{Noise, RATE};
use tune::{BARS, SECTION_BARS, SECTIONS};

/// Where the library was when it was analysed: another computer, as usual.
const MUSIC: &str = "/Users/dj/Music";
/// The frame an analyser works on, in seconds.
const ANALYSED: f64 = 0.01;

/// A track of the library.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    /// Its file's name without the extension, and its title.
    pub name: &'static str,
    /// Its tempo in BPM, up to the middle and from there on.
    pub bpm: [f64; 2],
    /// As the library writes it: by name, on the Camelot wheel, or in Open Key.
    pub key: &'static str,
    /// The lowest note of its bass, a MIDI number.
    tonic: f64,
    minor: bool,
    /// What the analyser says of its tempo: a whole number, or nothing.
    analysed_bpm: Option<u32>,
    container: Container,
    depth: Depth,
    /// Whether the analyser calls its first section an intro.
    intro: bool,
    /// Whether its audio is there.
    audio: bool,
}

const PLAIN: Track = Track {
    name: "Harbour Lights",
    bpm: [122.48; 2],
    key: "Cm",
    tonic: 36.0,
    minor: true,
    analysed_bpm: Some(122),
    container: Container::Wav,
    depth: Depth::I16,
    intro: true,
    audio: true,
};

/// What there is. Of these, five can be cut near 122 BPM; the others show what is skipped, and why.
pub const TRACKS: [Track; 8] = [
    PLAIN,
    Track { name: "Grüße aus Köln (Ærø Dub)", bpm: [121.5; 2], key: "6A", tonic: 31.0, ..PLAIN },
    Track {
        name: "Tess & Ivo - It's Only Rain",
        bpm: [123.87; 2],
        key: "Fm",
        tonic: 29.0,
        analysed_bpm: Some(124),
        container: Container::Flac,
        depth: Depth::I24,
        ..PLAIN
    },
    Track {
        name: "100% Pure #2 + Dub",
        bpm: [120.25; 2],
        key: "Eb",
        tonic: 39.0,
        minor: false,
        analysed_bpm: Some(120),
        depth: Depth::I24,
        ..PLAIN
    },
    Track {
        name: "Live Drummer",
        bpm: [118.0, 125.0],
        key: "10m",
        analysed_bpm: None,
        container: Container::Flac,
        ..PLAIN
    },
    Track { name: "Night Ferry", bpm: [128.0; 2], key: "Am", tonic: 33.0, analysed_bpm: Some(128), ..PLAIN },
    Track { name: "Cold Open", bpm: [122.0; 2], key: "Gm", tonic: 31.0, intro: false, ..PLAIN },
    Track { name: "Lost File", bpm: [122.4; 2], audio: false, ..PLAIN },
];

impl Track {
    /// Its file's name.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.{}", self.name, if self.container == Container::Flac { "flac" } else { "wav" })
    }

    /// Where its beats begin, in seconds, and where the last one ends.
    #[must_use]
    pub fn beats(&self) -> Vec<f64> {
        let mut at = 0.21 + 0.017 * self.name.len() as f64;
        let mut beats = vec![at];
        for beat in 0..4 * BARS {
            at += 60.0 / self.bpm[usize::from(beat >= 2 * BARS)];
            beats.push(at);
        }
        beats
    }

    /// What an analyser writes about it: beats in steps of 10 ms, and sections that another model found, so that their
    /// ends lie up to 40 ms beside the beats.
    fn structure(&self) -> serde_json::Value {
        let all = self.beats();
        let (end, beats) = all.split_last().unwrap_or((&0.0, &[]));
        let rounded = |seconds: f64| ((seconds / ANALYSED).round() * ANALYSED * 1e3).round() / 1e3;
        let mut beside = Noise::new(self.name.len() as u32);
        let mut ends: Vec<f64> = all.iter().step_by(4 * SECTION_BARS).map(|at| at + 0.04 * beside.sample()).collect();
        ends.insert(0, 0.0);
        ends.push(end + 1.0);
        let first = if self.intro { SECTIONS[0] } else { "inst" };
        let labels = ["start", first].into_iter().chain(SECTIONS[1..].iter().copied()).chain(["end"]);
        let segments = labels
            .zip(ends.windows(2))
            .map(|(label, ends)| json!({ "start": rounded(ends[0]), "end": rounded(ends[1]), "label": label }));
        // That computer writes an ü as u and two dots.
        let name = self.file().replace('ü', "u\u{308}").replace('ö', "o\u{308}");
        json!({
            "path": format!("{MUSIC}/{name}"),
            "bpm": self.analysed_bpm,
            "beats": beats.iter().map(|at| rounded(*at)).collect::<Vec<_>>(),
            "downbeats": beats.iter().step_by(4).map(|at| rounded(*at)).collect::<Vec<_>>(),
            "beat_positions": (0..beats.len()).map(|beat| beat % 4 + 1).collect::<Vec<_>>(),
            "segments": segments.collect::<Vec<_>>(),
        })
    }
}

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
