//! A configuration as the text of a `station.toml`.

use std::fmt::Write as _;
use std::path::Path;

use super::report::Report;
use super::settings::OldSettings;
use crate::config::{BufferConfig, PlaylistConfig, StationConfig, ThresholdsConfig};
use crate::error::Error;
use crate::item::ItemKind;
use crate::program::Order;

impl Report {
    /// The text of a `station.toml` that does what the older program did.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a path that is no UTF-8, which TOML cannot have.
    pub fn station_file(&self) -> Result<String, Error> {
        let OldSettings { config, flags, no_counterpart } = &self.settings;
        let mut text =
            String::from("# Does what an older program did. Written by crowd-radio import-old.\n#\n# Start it:\n");
        let flags = flags.iter().map(|flag| format!(" {flag}")).collect::<String>();
        text.push_str(&format!("#   crowd-radio run --config station.toml --data data{flags}\n"));
        if self.station.is_some() {
            text.push_str("# --publish ipfs can be left out. An update is published whenever a segment has ended.\n");
        }
        text.push_str("#\n# What has no counterpart, or is not the same:\n");
        no_counterpart.iter().for_each(|words| text.push_str(&format!("# - {}\n", one_line(words))));
        text.push_str(&format!("\nname = {}\n", string(&config.name)));
        stream(config, &mut text);
        config.playlist.iter().try_for_each(|playlist| self::playlist(playlist, &mut text))?;
        if let Some(play) = &config.schedule.play {
            text.push_str(&format!("\n[schedule]\nplay = {}\n", string(play)));
        }
        for every in &config.schedule.every {
            let tracks = every.tracks.map_or(1, std::num::NonZeroU32::get);
            text.push_str("\n# The station begins with one, and all play in turn.\n[[schedule.every]]\n");
            text.push_str(&format!("playlist = {}\ntracks = {tracks}\n", string(&every.playlist)));
        }
        config.buffer.iter().for_each(|config| buffer(config, &mut text));
        Ok(text)
    }
}

fn stream(config: &StationConfig, text: &mut String) {
    let stream = &config.stream;
    text.push_str(&format!("\n[stream]\nsample_rate = {}\nbit_rate = {}\n", stream.sample_rate, stream.bit_rate));
    text.push_str(&format!(
        "segment_seconds = {:?}\nloudness_lufs = {:?}\n",
        stream.segment_seconds, stream.loudness_lufs
    ));
}

fn playlist(playlist: &PlaylistConfig, text: &mut String) -> Result<(), Error> {
    text.push_str(&format!(
        "\n[[playlist]]\nname = {}\nfolder = {}\n",
        string(&playlist.name),
        path(&playlist.folder)?
    ));
    if !playlist.tracks.is_empty() {
        text.push_str("tracks = [\n");
        for track in &playlist.tracks {
            text.push_str(&format!("    {},\n", path(track)?));
        }
        text.push_str("]\n");
    }
    if !playlist.subfolders {
        text.push_str("subfolders = false\n");
    }
    if playlist.kind == ItemKind::Jingle {
        text.push_str("kind = \"jingle\"\n");
    }
    let order = match playlist.order {
        Order::Path => "path",
        Order::List => "list",
        Order::Shuffle => "shuffle",
    };
    text.push_str(&format!("order = \"{order}\"\n"));
    Ok(())
}

fn buffer(config: &BufferConfig, text: &mut String) {
    text.push_str("\n[buffer]\nprompts = [\n");
    config.prompts.iter().for_each(|prompt| text.push_str(&format!("    {},\n", string(prompt))));
    text.push_str("]\n");
    if let Some(chunks) = config.chunks {
        text.push_str(&format!("chunks = {chunks}\n"));
    }
    let (seconds, block, silence) = (config.chunk_seconds, config.chunks_per_prompt, config.break_seconds);
    text.push_str(&format!("chunk_seconds = {seconds}\nchunks_per_prompt = {block}\nbreak_seconds = {silence:?}\n"));
    if let Some(waits) = config.cooldown_seconds {
        text.push_str(&format!("cooldown_seconds = {waits:?}\n"));
    }
    match config.thresholds {
        ThresholdsConfig::Hours(hours) => text.push_str(&format!("thresholds.hours = {hours:?}\n")),
        ThresholdsConfig::Share(shares) => text.push_str(&format!("thresholds.share = {shares:?}\n")),
    }
}

fn path(path: &Path) -> Result<String, Error> {
    let text = path.to_str().map(string);
    text.ok_or_else(|| Error::Invalid(format!("{}: its name is no UTF-8: rename it", path.display())))
}

/// A comment must not go on in another line.
fn one_line(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A basic string of TOML.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_is_read_as_it_was() {
        let all: String = (0..0x250).filter_map(char::from_u32).chain("[brackets] 50 % \u{1F3B5}".chars()).collect();
        let read: std::collections::BTreeMap<String, String> =
            toml_edit::de::from_str(&format!("text = {}", string(&all))).unwrap();
        assert_eq!(read["text"], all);
    }
}
