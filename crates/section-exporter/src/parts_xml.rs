//! A Rekordbox collection of the excerpts themselves, with their beats and cues, so that they are ready to mix once imported.

use std::fmt::Write as _;
use std::fs;
use std::path::absolute;

use crowd_engine::{Bpm, SampleRate};
use quick_xml::escape::escape;

use crate::cut::{CutError, course};
use crate::decimal::plain;
use crate::export::Exported;
use crate::plan::Inputs;
use crate::rekordbox::{Location, OURS};
use crate::target::Target;

/// A beat this little before the first frame is its first: a cut begins on a whole frame, in beats.
const ON_FIRST: f64 = 0.002;

/// A TEMPO mark of an excerpt.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tempo {
    /// Where the beat lies in the excerpt, in seconds.
    seconds: f64,
    /// Its number in its bar, from 1.
    number: u8,
}

/// The collection of these excerpts as XML. `pads` puts the cues on hot cue pads A, B and C instead of among the memory cues. `list` is what the
/// playlists of it are called, of which there is one for each target.
///
/// # Errors
/// [`CutError`] when a file is not there any more, or its beats make no grid.
pub fn text(inputs: &Inputs, parts: &[Exported], list: &str, pads: bool) -> Result<String, CutError> {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<DJ_PLAYLISTS Version=\"1.0.0\">\n  <PRODUCT Name=\"section-export\" \
         Version=\"{}\" Company=\"\"/>\n  <COLLECTION Entries=\"{}\">\n",
        env!("CARGO_PKG_VERSION"),
        parts.len()
    );
    for (nth, part) in parts.iter().enumerate() {
        track(&mut xml, nth + 1, inputs, part, pads)?;
    }
    xml.push_str("  </COLLECTION>\n  <PLAYLISTS>\n");
    let mut targets: Vec<Target> = Vec::new();
    for part in parts {
        if !targets.contains(&part.target) {
            targets.push(part.target);
        }
    }
    let _infallible = writeln!(xml, "    <NODE Type=\"0\" Name=\"ROOT\" Count=\"{}\">", targets.len());
    for target in targets {
        let keys = parts.iter().enumerate().filter(|(_, part)| part.target == target).map(|(nth, _)| nth + 1);
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

fn track(xml: &mut String, id: usize, inputs: &Inputs, part: &Exported, pads: bool) -> Result<(), CutError> {
    let planned = part.planned;
    let (wanted, outcome) = (&planned.wanted, &part.outcome);
    let io = |source| crowd_media::Error::Io { path: part.part.clone(), doing: "look at", source };
    let file = absolute(&part.part).map_err(io)?;
    let bytes = fs::metadata(&file).map_err(io)?.len();
    let seconds = outcome.frames as f64 / f64::from(outcome.sample_rate);
    let bpm = part.target.of(wanted);
    let name = planned.title(inputs);
    let artist = planned.artist(inputs).unwrap_or_default();
    let key = outcome.key.as_deref().unwrap_or_default();
    let kind = if file.extension().is_some_and(|extension| extension == "flac") { "FLAC File" } else { "WAV File" };
    let comments = format!(
        "{} to {} s of {}: {}",
        plain(wanted.cues.ini, 3),
        plain(wanted.cues.end, 3),
        planned.audio.file_name().unwrap_or_default().to_string_lossy(),
        wanted.labels.join(", ")
    );
    let _infallible = writeln!(
        xml,
        "    <TRACK TrackID=\"{id}\" Name=\"{} (excerpt)\" Artist=\"{}\" Kind=\"{kind}\" Size=\"{bytes}\" TotalTime=\"{:.0}\" \
         AverageBpm=\"{bpm:.2}\" BitRate=\"{:.0}\" SampleRate=\"{}\" Comments=\"{}\" Location=\"{}\" Tonality=\"{}\">",
        attribute(&name),
        attribute(artist),
        seconds,
        bytes as f64 * 8.0 / 1_000.0 / seconds.max(0.001),
        outcome.sample_rate,
        attribute(&comments),
        attribute(Location::of_file(&file).raw()),
        attribute(key),
    );
    let grid = &wanted.grid;
    for Tempo { seconds, number } in tempos(part)? {
        let _infallible = writeln!(
            xml,
            "      <TEMPO Inizio=\"{seconds:.3}\" Bpm=\"{}\" Metro=\"{}/4\" Battito=\"{number}\"/>",
            two_decimals(bpm),
            grid.beats_per_bar(),
        );
    }
    let cues = [("ini", 0.0), ("begin", outcome.begin_adj), ("end", outcome.end_adj)];
    for (pad, (name, seconds)) in cues.into_iter().enumerate() {
        let num = if pads { pad.to_string() } else { "-1".to_owned() };
        let _infallible = writeln!(
            xml,
            "      <POSITION_MARK Name=\"{OURS}{name}\" Type=\"0\" Start=\"{:.3}\" Num=\"{num}\"/>",
            seconds.max(0.0)
        );
    }
    xml.push_str("    </TRACK>\n");
    Ok(())
}

/// The first beat of an excerpt, and every later one that begins a bar out of turn.
fn tempos(part: &Exported) -> Result<Vec<Tempo>, CutError> {
    let wanted = &part.planned.wanted;
    let rate = SampleRate::new(part.outcome.sample_rate)?;
    let target = Bpm::new(part.target.of(wanted))?;
    let (span, course) = course(&wanted.grid, wanted.cues.ini, wanted.cues.end, target, rate)?;
    let grid = wanted.grid.beat_grid(rate);
    let bar = wanted.grid.beats_per_bar();
    let first = (grid.beat_at(span.start) - ON_FIRST).ceil();
    let last = grid.beat_at(span.end) - ON_FIRST;
    let mut tempos: Vec<Tempo> = Vec::new();
    let mut due = 0;
    for beat in (0..).map(|nth| first + f64::from(nth)).take_while(|beat| *beat <= last) {
        // Between 1 and the beats of a bar, of which there are at most 32.
        let number = (grid.bar_phase(beat).round() as u8) % bar + 1;
        if number != due {
            let seconds = course.frame_of(grid.frame_at(beat)) / f64::from(rate.get());
            tempos.push(Tempo { seconds: seconds.max(0.0), number });
        }
        due = number % bar + 1;
    }
    Ok(tempos)
}

/// At least two decimals, as Rekordbox writes them, and more where there are more.
fn two_decimals(bpm: f64) -> String {
    let text = format!("{bpm:.6}");
    let short = text.trim_end_matches('0');
    let decimals = short.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals < 2 { format!("{bpm:.2}") } else { short.to_owned() }
}

/// Text as the value of an attribute: what XML cannot hold is left out, line breaks are blanks.
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
    fn tempos_have_two_decimals_or_as_many_as_they_need() {
        for (bpm, text) in [(122.0, "122.00"), (122.5, "122.50"), (123.456, "123.456"), (60.0 / 0.49, "122.44898")] {
            assert_eq!(two_decimals(bpm), text);
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out_of_a_name() {
        assert_eq!(attribute("A & \"B\"\n<C>\u{1}'\u{7}夜"), "A &amp; &quot;B&quot; &lt;C&gt;&apos;夜");
    }
}
