//! The tracks of the library and their structure files.

use crowd_media::{Container, SampleFormat};
use serde_json::json;

use super::sections::{BARS, SECTION_BARS, SECTIONS};
use crate::synth::Noise;

/// The folder of the music on the computer on which it was analysed.
pub const MUSIC: &str = "/Users/dj/Music";
/// The step to which the analyser rounds times, in seconds.
const ANALYSED: f64 = 0.01;

/// A track of the library.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    /// Its file name without the extension, and its title.
    pub name: &'static str,
    /// Its tempo in BPM, in the first half and in the second.
    pub bpm: [f64; 2],
    /// The key as the collection has it: by name, on the Camelot wheel, or in Open Key.
    pub key: &'static str,
    /// The lowest note of its bass, a MIDI number.
    pub(super) tonic: f64,
    pub(super) minor: bool,
    /// The `bpm` of the structure file: a whole number, or none.
    pub(super) analysed_bpm: Option<u32>,
    pub(super) container: Container,
    pub(super) depth: SampleFormat,
    /// Whether the analyser calls its first section an intro.
    pub(super) intro: bool,
    /// Whether its audio is in the library.
    pub(super) audio: bool,
}

const PLAIN: Track = Track {
    name: "Harbour Lights",
    bpm: [122.48; 2],
    key: "Cm",
    tonic: 36.0,
    minor: true,
    analysed_bpm: Some(122),
    container: Container::Wav,
    depth: SampleFormat::I16,
    intro: true,
    audio: true,
};

/// The tracks. Five of them can be cut near 122 BPM; the others show reasons why tracks are skipped.
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
        depth: SampleFormat::I24,
        ..PLAIN
    },
    Track {
        name: "100% Pure #2 + Dub",
        bpm: [120.25; 2],
        key: "Eb",
        tonic: 39.0,
        minor: false,
        analysed_bpm: Some(120),
        depth: SampleFormat::I24,
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
    /// The name of its audio file.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.{}", self.name, if self.container == Container::Flac { "flac" } else { "wav" })
    }

    /// The times of its beats in seconds, and the end of the last one.
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

    /// Its structure file. Beats are in steps of 10 ms. Sections end up to 40 ms before or after a beat, as if another model
    /// had found them.
    pub(super) fn structure(&self) -> serde_json::Value {
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
        // The file system of the computer in `MUSIC` writes an ü as u and a combining diaeresis.
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
