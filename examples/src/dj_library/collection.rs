//! The library as Rekordbox exports it.

use super::sections::SECTION_BARS;
use super::tracks::{MUSIC, TRACKS, Track};
use crate::synth::RATE;

/// The collection, with tempos, keys and cues.
pub fn xml() -> String {
    let tracks: String = TRACKS.iter().zip(1..).map(|(track, id)| element(track, id)).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>

<DJ_PLAYLISTS Version="1.0.0">
  <PRODUCT Name="rekordbox" Version="6.7.3" Company="AlphaTheta"/>
  <COLLECTION Entries="{}">
{tracks}  </COLLECTION>
</DJ_PLAYLISTS>
"#,
        TRACKS.len()
    )
}

fn element(track: &Track, id: usize) -> String {
    let beats = track.beats();
    let (first, last) = (beats[0], beats[beats.len() - 1]);
    let average = (beats.len() - 1) as f64 * 60.0 / (last - first);
    let name = attribute(track.name);
    let escaped_path = attribute(&location(&format!("{MUSIC}/{}", track.file())));
    let tempo =
        |at: f64, bpm: f64| format!("      <TEMPO Inizio=\"{at:.3}\" Bpm=\"{bpm:.2}\" Metro=\"4/4\" Battito=\"1\"/>\n");
    let mut marks = tempo(first, track.bpm[0]);
    if track.bpm[0] != track.bpm[1] {
        marks += &tempo(beats[beats.len() / 2], track.bpm[1]);
    }
    let drop = beats[8 * SECTION_BARS];
    format!(
        r#"    <TRACK TrackID="{id}" Name="{name}" Artist="Nobody" TotalTime="{:.0}" AverageBpm="{average:.2}" SampleRate="{RATE}"
           Tonality="{}" Location="file://localhost{escaped_path}">
{marks}      <POSITION_MARK Name="Drop" Type="0" Start="{drop:.3}" Num="0" Red="40" Green="226" Blue="20"/>
    </TRACK>
"#,
        last + 1.0,
        track.key,
    )
}

/// Escapes a path as Rekordbox does. Bytes beyond ASCII and some ASCII characters become lower-case hexadecimal; '#' and '+'
/// stay as they are.
fn location(path: &str) -> String {
    let escaped = |byte: u8| !byte.is_ascii_graphic() || b"\"%&'[]`{}|<>\\".contains(&byte);
    path.bytes().map(|byte| if escaped(byte) { format!("%{byte:02x}") } else { char::from(byte).to_string() }).collect()
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
