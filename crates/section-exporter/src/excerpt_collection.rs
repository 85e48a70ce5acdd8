//! A Rekordbox collection of the excerpts, with their beat grids and cues, so that they are ready to mix once imported.

use std::fmt::Write as _;
use std::fs;
use std::path::absolute;

use crowd_engine::{Bpm, SampleRate};
use quick_xml::escape::escape;

use crate::cut::{CutError, time_map};
use crate::decimal::plain;
use crate::export::ExportedExcerpt;
use crate::inputs::Inputs;
use crate::rekordbox::{CUE_NAME_PREFIX, Location};
use crate::target_tempo::TargetTempo;

/// A beat counts as the first beat of the excerpt even if it is up to this many beats before the first frame. A cut begins
/// on a whole frame, so the frame of the first beat may be rounded up.
const FIRST_BEAT_TOLERANCE: f64 = 0.002;

/// A TEMPO mark of an excerpt.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ExcerptTempoMark {
    /// The time of the beat in the excerpt, in seconds.
    seconds: f64,
    /// The number of the beat in its bar, from 1.
    number: u8,
}

/// The collection of these excerpts as XML. If `pads` is true, the cues are on the hot cue pads A, B and C, else they are
/// memory cues. There is a playlist for each target tempo, whose name is `list` and the tempo.
///
/// # Errors
/// [`CutError`] when a file is missing, or the beats make no grid.
pub fn to_xml(inputs: &Inputs, excerpts: &[ExportedExcerpt], list: &str, pads: bool) -> Result<String, CutError> {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<DJ_PLAYLISTS Version=\"1.0.0\">\n  <PRODUCT Name=\"section-export\" \
         Version=\"{}\" Company=\"\"/>\n  <COLLECTION Entries=\"{}\">\n",
        env!("CARGO_PKG_VERSION"),
        excerpts.len()
    );
    for (nth, excerpt) in excerpts.iter().enumerate() {
        write_track(&mut xml, nth + 1, inputs, excerpt, pads)?;
    }
    xml.push_str("  </COLLECTION>\n  <PLAYLISTS>\n");
    let mut targets: Vec<TargetTempo> = Vec::new();
    for excerpt in excerpts {
        if !targets.contains(&excerpt.target) {
            targets.push(excerpt.target);
        }
    }
    let _infallible = writeln!(xml, "    <NODE Type=\"0\" Name=\"ROOT\" Count=\"{}\">", targets.len());
    for target in targets {
        let keys = excerpts.iter().enumerate().filter(|(_, excerpt)| excerpt.target == target).map(|(nth, _)| nth + 1);
        let keys: Vec<usize> = keys.collect();
        let tempo = target.bpm().map(|bpm| format!(" {} BPM", plain(bpm, 4))).unwrap_or_default();
        let (name, count) = (attribute(&format!("{list}{tempo}")), keys.len());
        let _infallible = writeln!(xml, "      <NODE Name=\"{name}\" Type=\"1\" KeyType=\"0\" Entries=\"{count}\">");
        for key in keys {
            let _infallible = writeln!(xml, "        <TRACK Key=\"{key}\"/>");
        }
        xml.push_str("      </NODE>\n");
    }
    xml.push_str("    </NODE>\n  </PLAYLISTS>\n</DJ_PLAYLISTS>\n");
    Ok(xml)
}

fn write_track(
    xml: &mut String,
    id: usize,
    inputs: &Inputs,
    excerpt: &ExportedExcerpt,
    pads: bool,
) -> Result<(), CutError> {
    let planned = excerpt.planned;
    let (planned_excerpt, info) = (&planned.excerpt, &excerpt.info);
    let io = |source| crowd_media::Error::io(excerpt.stretched.clone(), "look at", source);
    let file = absolute(&excerpt.stretched).map_err(io)?;
    let bytes = fs::metadata(&file).map_err(io)?.len();
    let seconds = info.frames as f64 / f64::from(info.sample_rate);
    let bpm = excerpt.target.beat_bpm(planned_excerpt);
    let name = planned.title(inputs);
    let artist = planned.artist(inputs).unwrap_or_default();
    let key = info.key.as_deref().unwrap_or_default();
    let kind = if file.extension().is_some_and(|extension| extension == "flac") { "FLAC File" } else { "WAV File" };
    let comments = format!(
        "{} to {} s of {}: {}",
        plain(planned_excerpt.cues.ini, 3),
        plain(planned_excerpt.cues.end, 3),
        planned.audio.file_name().unwrap_or_default().to_string_lossy(),
        planned_excerpt.labels.join(", ")
    );
    let _infallible = writeln!(
        xml,
        "    <TRACK TrackID=\"{id}\" Name=\"{} (excerpt)\" Artist=\"{}\" Kind=\"{kind}\" Size=\"{bytes}\" TotalTime=\"{:.0}\" \
         AverageBpm=\"{bpm:.2}\" BitRate=\"{:.0}\" SampleRate=\"{}\" Comments=\"{}\" Location=\"{}\" Tonality=\"{}\">",
        attribute(&name),
        attribute(artist),
        seconds,
        bytes as f64 * 8.0 / 1_000.0 / seconds.max(0.001),
        info.sample_rate,
        attribute(&comments),
        attribute(Location::of_file(&file).raw()),
        attribute(key),
    );
    let grid = &planned_excerpt.grid;
    for ExcerptTempoMark { seconds, number } in tempo_marks(excerpt)? {
        let _infallible = writeln!(
            xml,
            "      <TEMPO Inizio=\"{seconds:.3}\" Bpm=\"{}\" Metro=\"{}/4\" Battito=\"{number}\"/>",
            two_decimals(bpm),
            grid.beats_per_bar(),
        );
    }
    let cues = [("ini", 0.0), ("begin", info.begin_adj), ("end", info.end_adj)];
    for (pad, (name, seconds)) in cues.into_iter().enumerate() {
        let num = if pads { pad.to_string() } else { "-1".to_owned() };
        let _infallible = writeln!(
            xml,
            "      <POSITION_MARK Name=\"{CUE_NAME_PREFIX}{name}\" Type=\"0\" Start=\"{:.3}\" Num=\"{num}\"/>",
            seconds.max(0.0)
        );
    }
    xml.push_str("    </TRACK>\n");
    Ok(())
}

/// The TEMPO marks of an excerpt. There is one on the first beat, and one on every later beat whose number in the bar does
/// not follow that of the beat before.
fn tempo_marks(excerpt: &ExportedExcerpt) -> Result<Vec<ExcerptTempoMark>, CutError> {
    let planned_excerpt = &excerpt.planned.excerpt;
    let rate = SampleRate::new(excerpt.info.sample_rate)?;
    let target = Bpm::new(excerpt.target.beat_bpm(planned_excerpt))?;
    let (span, time_map) =
        time_map(&planned_excerpt.grid, planned_excerpt.cues.ini, planned_excerpt.cues.end, target, rate)?;
    let grid = planned_excerpt.grid.beat_grid(rate);
    let bar = planned_excerpt.grid.beats_per_bar();
    let first = (grid.beat_at(span.start) - FIRST_BEAT_TOLERANCE).ceil();
    let last = grid.beat_at(span.end) - FIRST_BEAT_TOLERANCE;
    let mut tempos: Vec<ExcerptTempoMark> = Vec::new();
    let mut due = 0;
    for beat in (0..).map(|nth| first + f64::from(nth)).take_while(|beat| *beat <= last) {
        // The result is from 1 to the number of beats in a bar, which is at most 32.
        let number = (grid.bar_phase(beat).round() as u8) % bar + 1;
        if number != due {
            let seconds = time_map.frame_of(grid.frame_at(beat)) / f64::from(rate.get());
            tempos.push(ExcerptTempoMark { seconds: seconds.max(0.0), number });
        }
        due = number % bar + 1;
    }
    Ok(tempos)
}

/// A tempo with at least two decimals, as Rekordbox writes them, and with more where they are needed.
fn two_decimals(bpm: f64) -> String {
    let text = format!("{bpm:.6}");
    let short = text.trim_end_matches('0');
    let decimals = short.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals < 2 { format!("{bpm:.2}") } else { short.to_owned() }
}

/// Text as the value of an attribute: characters that XML cannot hold are left out, line breaks become blanks.
fn attribute(text: &str) -> String {
    let allowed = text.chars().filter_map(|c| match c {
        '\t' | '\n' | '\r' => Some(' '),
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => None,
        c => Some(c),
    });
    escape(allowed.collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tempos_have_at_least_two_decimals() {
        for (bpm, text) in [(122.0, "122.00"), (122.5, "122.50"), (123.456, "123.456"), (60.0 / 0.49, "122.44898")] {
            assert_eq!(two_decimals(bpm), text);
        }
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_left_out() {
        assert_eq!(attribute("A & \"B\"\n<C>\u{1}'\u{7}夜"), "A &amp; &quot;B&quot; &lt;C&gt;&apos;夜");
    }
}
