//! What is wrong in a configuration.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crowd_engine::SampleRate;

use super::station_config::StationConfig;
use crate::item::ItemKind;
use crate::program::{Calendar, GENERATED, Order};

impl StationConfig {
    /// The problems of the configuration in words; none if the station can use it. Folders must exist.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |fine: bool, problem: String| {
            if !fine {
                problems.push(problem);
            }
        };
        let stream = &self.stream;
        let rate = stream.sample_rate;
        check([32_000, 44_100, 48_000].contains(&rate), format!("sample_rate = {rate}: give 32000, 44100 or 48000 Hz"));
        let bits = stream.bit_rate;
        check((32_000..=320_000).contains(&bits), format!("bit_rate = {bits}: give 32000 to 320000 bits a second"));
        let seconds = stream.segment_seconds;
        check((1.0..=60.0).contains(&seconds), format!("segment_seconds = {seconds}: give 1 to 60 s"));
        let lufs = stream.loudness_lufs;
        check((-30.0..=-9.0).contains(&lufs), format!("loudness_lufs = {lufs}: give -30 to -9 LUFS"));

        let control = self.name.chars().any(char::is_control);
        check(!control, format!("name = \"{}\": give a name without control characters", self.name.escape_debug()));

        let schedule = &self.schedule;
        let (fade, pause) = (schedule.crossfade_seconds, schedule.pause_seconds);
        check((0.0..=30.0).contains(&fade), format!("crossfade_seconds = {fade}: give 0 to 30 s"));
        check((0.0..=60.0).contains(&pause), format!("pause_seconds = {pause}: give 0 to 60 s"));
        let both = "crossfade_seconds and pause_seconds: items either overlap or have a pause: give one of them";
        check(fade == 0.0 || pause == 0.0, both.to_owned());
        let zone =
            schedule.time_zone.as_ref().and_then(|zone| Calendar::new(zone, Duration::ZERO, SampleRate::DAT).err());
        check(zone.is_none(), zone.map_or_else(String::new, |error| error.to_string()));

        let mut names = BTreeSet::new();
        for playlist in &self.playlist {
            let name = playlist.name.escape_debug();
            let no_folder = playlist.folder == Path::new("");
            check(names.insert(playlist.name.clone()), format!("two playlists have the name \"{name}\": rename one"));
            let listed = playlist.order == Order::List;
            let advice = "add tracks = [\"first.flac\", \"second.flac\"], or give another order";
            check(!listed || !playlist.tracks.is_empty(), format!("playlist \"{name}\": order = \"list\": {advice}"));
            let all = playlist.sections.is_none() || playlist.tracks.is_empty();
            check(all, format!("playlist \"{name}\": tracks and sections: give one of them"));
            if let Some(table) = &playlist.sections {
                let is_file = table.is_file();
                let table = table.display();
                check(is_file, format!("playlist \"{name}\": there is no table {table}: correct the path of sections"));
                check(no_folder, format!("playlist \"{name}\": folder and sections: give one of them"));
                check(playlist.kind == ItemKind::Track, format!("playlist \"{name}\": jingles are not in {table}"));
            } else if no_folder {
                check(false, format!("playlist \"{name}\": give a folder, or sections = \"sections.csv\""));
            } else {
                let (folder, advice) = (&playlist.folder, "make the folder, or correct the path");
                let problem = format!("playlist \"{name}\": there is no folder {}: {advice}", folder.display());
                check(folder.is_dir(), problem);
            }
        }
        for every in &schedule.every {
            let advice = "give tracks = N, minutes = N, or both";
            let known = every.tracks.is_some() || every.minutes.is_some();
            check(known, format!("[[schedule.every]] of \"{}\": it has no interval: {advice}", every.playlist));
        }
        for at in &schedule.at {
            let name = at.playlist.escape_debug();
            let advice = "give time = \"12:00\" or minute = 0 (of every hour)";
            check(at.time.is_some() != at.minute.is_some(), format!("[[schedule.at]] of \"{name}\": {advice}"));
            if let Some(minute) = at.minute {
                check(minute < 60, format!("[[schedule.at]] of \"{name}\": minute = {minute}: give 0 to 59"));
            }
            let wait = at.wait_seconds;
            let range = format!("[[schedule.at]] of \"{name}\": wait_seconds = {wait}: give 0 to 3600 s");
            check((0.0..=3_600.0).contains(&wait), range);
        }
        if let Some(file) = &self.filler {
            let advice = "correct the path, or leave it out to have music generated";
            check(file.is_file(), format!("filler: there is no file {}: {advice}", file.display()));
        }
        if let Some(buffer) = &self.buffer {
            problems.extend(buffer.problems());
            if !names.insert(GENERATED.to_owned()) {
                problems.push(format!("a playlist has the name \"{GENERATED}\", which [buffer] has: rename it"));
            }
        }
        problems.extend(self.live.iter().flat_map(super::live_config::LiveConfig::problems));
        match self.schedule() {
            Err(error) => problems.push(error.to_string()),
            Ok(schedule) => {
                let used: BTreeSet<&str> = schedule.playlists().filter(|name| !names.contains(*name)).collect();
                problems.extend(used.into_iter().map(|name| {
                    let name = name.escape_debug();
                    format!("the schedule uses the playlist \"{name}\": add [[playlist]] with this name and a folder")
                }));
            }
        }
        problems
    }
}
