//! A synthetic library: a click on every beat over a steady tone in each channel.

use std::error::Error;
use std::f64::consts::PI;
use std::path::Path;

use crowd_engine_benches::RATE;
use crowd_media::{Audio, SampleFormat, Samples, wav};
use serde_json::json;

/// The frequencies of the tones, left and right, Hz.
pub const TONES: [f64; 2] = [246.94, 370.0];
/// The frequency of a click, in Hz.
const CLICK_HZ: f64 = 8_000.0;
/// The width of the bell-shaped envelope of a click, in seconds.
const CLICK_WIDTH: f64 = 5e-4;
const BEATS: usize = 208;
/// The number of beats in a section, which has seven bars.
const SECTION: usize = 28;

/// A track of the library.
pub struct Track {
    pub name: &'static str,
    /// Its tempos in BPM before and after its middle.
    bpm: [f64; 2],
}

/// Two tracks with a steady tempo and one with a change.
const TRACKS: [Track; 3] = [
    Track { name: "slower", bpm: [118.37; 2] },
    Track { name: "faster", bpm: [125.46; 2] },
    Track { name: "changing", bpm: [118.0, 126.0] },
];

impl Track {
    pub fn is_steady(&self) -> bool {
        self.bpm[0] == self.bpm[1]
    }

    /// The times of its clicks, in seconds.
    pub fn beats(&self) -> Vec<f64> {
        let mut at = 0.3;
        let beat = |nth: usize| {
            let this = at;
            at += 60.0 / self.bpm[usize::from(nth >= BEATS / 2)];
            this
        };
        (0..BEATS).map(beat).collect()
    }

    fn sound(&self, beats: &[f64]) -> Vec<f32> {
        let rate = f64::from(RATE);
        let frames = ((beats[beats.len() - 1] + 1.0) * rate) as usize;
        let mut sound = vec![[0.0; 2]; frames];
        for (nth, frame) in sound.iter_mut().enumerate() {
            *frame = TONES.map(|hertz| 0.14 * (2.0 * PI * hertz * nth as f64 / rate).sin());
        }
        for beat in beats {
            let from = ((beat - 6.0 * CLICK_WIDTH) * rate) as usize;
            for (nth, frame) in sound.iter_mut().enumerate().skip(from).take((12.0 * CLICK_WIDTH * rate) as usize) {
                let t = nth as f64 / rate - beat;
                let click = 0.4 * (-0.5 * (t / CLICK_WIDTH).powi(2)).exp() * (2.0 * PI * CLICK_HZ * t).cos();
                frame.iter_mut().for_each(|sample| *sample += click);
            }
        }
        sound.into_iter().flatten().map(|sample| sample as f32).collect()
    }
}

/// Writes the library in the formats that section-export reads.
pub fn write(folder: &Path) -> Result<[Track; 3], Box<dyn Error>> {
    for folder in ["audio", "struct"].map(|name| folder.join(name)) {
        std::fs::create_dir_all(folder)?;
    }
    let mut collection = String::new();
    for track in &TRACKS {
        let beats = track.beats();
        let path = folder.join(format!("audio/{}.wav", track.name));
        wav::write(&path, &Audio::new(Samples::F32(track.sound(&beats)), RATE, 2)?, SampleFormat::I16)?;
        let rounded = |seconds: f64| (seconds * 100.0).round() / 100.0;
        let ends: Vec<f64> = (0..=BEATS - 2).step_by(SECTION).map(|nth| (beats[nth] + beats[nth + 1]) / 2.0).collect();
        let segment = |(nth, ends): (usize, &[f64])| json!({ "start": rounded(ends[0]), "end": rounded(ends[1]), "label": if nth == 0 { "intro" } else { "verse" } });
        let structure = json!({
            "path": format!("/music/{}.wav", track.name),
            "bpm": null,
            "beats": beats.iter().map(|beat| rounded(*beat)).collect::<Vec<_>>(),
            "segments": ends.windows(2).enumerate().map(segment).collect::<Vec<_>>(),
        });
        std::fs::write(folder.join(format!("struct/{}.json", track.name)), structure.to_string())?;
        collection += &format!("<TRACK Location=\"file://localhost/music/{}.wav\">", track.name);
        let marks = if track.is_steady() { &[0][..] } else { &[0, BEATS / 2] };
        for (mark, bpm) in marks.iter().zip(track.bpm) {
            collection +=
                &format!("<TEMPO Inizio=\"{:.3}\" Bpm=\"{bpm:.2}\" Metro=\"4/4\" Battito=\"1\"/>", beats[*mark]);
        }
        collection += "</TRACK>\n";
    }
    let xml = format!("<DJ_PLAYLISTS Version=\"1.0.0\"><COLLECTION>\n{collection}</COLLECTION></DJ_PLAYLISTS>\n");
    std::fs::write(folder.join("rekordbox.xml"), xml)?;
    Ok(TRACKS)
}
