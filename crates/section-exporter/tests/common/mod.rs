//! A small library of click tracks in a temporary folder.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use crowd_engine::tempo::{BeatGrid, Mark};
use crowd_engine::{Bpm, SampleRate};
use crowd_media::{Audio, AudioFormat, Container, DecodeOptions, SampleFormat, Samples, Tags};
use serde_json::{Value, json};

/// A click track: a click on each beat, a steady tone, and a structure of an intro and `sections` sections of a bar
/// each.
#[derive(Clone)]
pub struct TestTrack {
    /// File name, with its folder in the audio folder.
    pub file: &'static str,
    /// Tempo, and the beat at which another tempo begins.
    pub bpm: f64,
    pub change: Option<(u32, f64)>,
    /// The beat at which the grid jumps, and the number of beats by which later beats are delayed.
    pub jump: Option<(u32, f64)>,
    pub first_beat: f64,
    pub rate: u32,
    pub channels: u16,
    pub depth: SampleFormat,
    pub intro: bool,
    pub sections: u32,
    pub key: Option<&'static str>,
    /// The value of `bpm` in the structure file.
    pub json_bpm: Value,
    pub peak: f32,
    pub in_xml: bool,
    pub has_audio: bool,
}

impl TestTrack {
    pub fn new(file: &'static str, bpm: f64) -> Self {
        let json_bpm = json!(bpm.round());
        Self {
            file,
            bpm,
            change: None,
            jump: None,
            first_beat: 0.11,
            rate: 44_100,
            channels: 2,
            depth: SampleFormat::I16,
            intro: true,
            sections: 7,
            key: None,
            json_bpm,
            peak: 0.7,
            in_xml: true,
            has_audio: true,
        }
    }

    pub fn beats(&self) -> u32 {
        4 * (self.sections + 1)
    }

    /// The time of beat `nth`, in seconds.
    pub fn beat(&self, nth: u32) -> f64 {
        let (until, faster) = self.change.unwrap_or((u32::MAX, self.bpm));
        let slow = f64::from(nth.min(until)) * 60.0 / self.bpm;
        let later = self.jump.filter(|(beat, _)| nth >= *beat).map_or(0.0, |(_, later)| later * 60.0 / self.bpm);
        self.first_beat + slow + f64::from(nth.saturating_sub(until)) * 60.0 / faster + later
    }

    fn audio(&self) -> Audio {
        let rate = f64::from(self.rate);
        let frames = ((self.beat(self.beats()) + 0.7) * rate) as usize;
        let mut mono: Vec<f64> =
            (0..frames).map(|i| 0.3 * (std::f64::consts::TAU * 330.0 * i as f64 / rate).sin()).collect();
        for beat in 0..self.beats() {
            let at = self.beat(beat) * rate;
            let reach = 0.004 * rate;
            for (i, sample) in
                mono.iter_mut().enumerate().take((at + reach) as usize).skip((at - reach).max(0.0) as usize)
            {
                let t = (i as f64 - at) / rate;
                *sample += (-0.5 * (t / 0.0005).powi(2)).exp() * (std::f64::consts::TAU * 8_000.0 * t).cos();
            }
        }
        let most = mono.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let scale = f64::from(self.peak) / most;
        let samples = mono.iter().flat_map(|x| std::iter::repeat_n((x * scale) as f32, usize::from(self.channels)));
        Audio::new(Samples::F32(samples.collect()), self.rate, self.channels).unwrap()
    }

    fn structure(&self, audio: &Path) -> Value {
        let grid = |seconds: f64| (seconds * 100.0).round() / 100.0;
        let beats: Vec<f64> = (0..self.beats()).map(|nth| grid(self.beat(nth))).collect();
        let sections = (0..=self.sections).map(|nth| {
            let label = if nth == 0 && self.intro { "intro" } else { "verse" };
            json!({ "start": grid(self.beat(4 * nth)), "end": grid(self.beat(4 * nth + 4)), "label": label })
        });
        json!({
            "path": audio, "bpm": self.json_bpm, "key": self.key, "beats": beats,
            "downbeats": beats.iter().step_by(4).collect::<Vec<_>>(),
            "beat_positions": (0..self.beats()).map(|nth| nth % 4 + 1).collect::<Vec<_>>(),
            "segments": sections.collect::<Vec<_>>(),
        })
    }

    fn xml(&self, id: usize, audio: &Path) -> String {
        let location = section_export::rekordbox::Location::of_file(audio);
        let location = location.raw().replace('&', "&amp;");
        let same_tempo = self.jump.map(|(beat, _)| (beat, self.bpm));
        let change = self.change.or(same_tempo).map(|(beat, bpm)| {
            format!("<TEMPO Inizio=\"{:.3}\" Bpm=\"{bpm:.2}\" Metro=\"4/4\" Battito=\"1\"/>", self.beat(beat))
        });
        format!(
            "<TRACK TrackID=\"{id}\" AverageBpm=\"{:.2}\" Rating=\"255\" Location=\"{location}\">\
             <TEMPO Inizio=\"{:.3}\" Bpm=\"{:.2}\" Metro=\"4/4\" Battito=\"1\"/>{}</TRACK>\n",
            self.bpm,
            self.first_beat,
            self.bpm,
            change.unwrap_or_default()
        )
    }

    /// The expected times of clicks in an excerpt at `target` BPM that is cut from `from` to `until`, in seconds.
    pub fn clicks(&self, from: f64, until: f64, target: f64) -> Vec<f64> {
        let marks = [Some((0, self.bpm)), self.change].into_iter().flatten();
        let mark = |(beat, bpm)| Mark { seconds: self.beat(beat), bpm: Bpm::new(bpm).unwrap(), number: 1 };
        let grid = BeatGrid::new(&marks.map(mark).collect::<Vec<_>>(), 4, SampleRate::CD).unwrap();
        let [first, last] = [from, until].map(|seconds| grid.beat_at(seconds * 44_100.0));
        let all = first.ceil() as i64..=last.floor() as i64;
        all.map(|beat| (beat as f64 - first) * 60.0 / target).collect()
    }
}

/// A folder with `audio`, `struct` and `rekordbox.xml`.
pub struct TestLibrary {
    pub folder: tempfile::TempDir,
}

impl TestLibrary {
    pub fn new(tracks: &[TestTrack]) -> Self {
        let library = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(library.path("struct")).unwrap();
        let mut xml = String::new();
        for (nth, track) in tracks.iter().enumerate() {
            let audio = library.path("audio").join(track.file);
            fs::create_dir_all(audio.parent().unwrap()).unwrap();
            let container = if track.file.ends_with("flac") { Container::Flac } else { Container::Wav };
            if track.has_audio {
                let format = AudioFormat::new(container, track.depth).unwrap();
                crowd_media::write(&audio, &track.audio(), format, &Tags::default()).unwrap();
            }
            let file = library.path("struct").join(format!("{nth:02}.json"));
            fs::write(file, track.structure(&audio).to_string()).unwrap();
            if track.in_xml {
                xml += &track.xml(nth + 1, &audio);
            }
        }
        let xml = format!("<DJ_PLAYLISTS Version=\"1.0.0\"><COLLECTION>\n{xml}</COLLECTION></DJ_PLAYLISTS>\n");
        fs::write(library.path("rekordbox.xml"), xml).unwrap();
        library
    }

    /// Adds playlists to the collection: XML of NODEs. The TrackID of a track is its number from 1.
    pub fn playlists(&self, nodes: &str) {
        let xml = fs::read_to_string(self.path("rekordbox.xml")).unwrap();
        let nodes = format!("</COLLECTION><PLAYLISTS><NODE Type=\"0\" Name=\"ROOT\">{nodes}</NODE></PLAYLISTS>");
        fs::write(self.path("rekordbox.xml"), xml.replace("</COLLECTION>", &nodes)).unwrap();
    }

    /// The content of `report.json`.
    pub fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("report.json")).unwrap()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `section-export` with these arguments, run in the library's folder.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("section-export").unwrap();
        command.current_dir(self.folder.path()).args(arguments.split_whitespace());
        command
    }

    /// The output of an export to 122 BPM with these additional arguments.
    pub fn export(&self, arguments: &str) -> RunOutput {
        let standard =
            "--bpm 122 --delta 10 --rekordbox-xml rekordbox.xml --audio-dir audio --csv-out sections.csv struct";
        RunOutput::of(&mut self.command(&format!("{standard} {arguments}")))
    }

    /// The rows of the table, each as a list of columns.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut table = csv::Reader::from_path(self.path("sections.csv")).unwrap();
        table.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    pub fn audio(&self, file: &str) -> Audio {
        crowd_media::open(&self.path(file), &DecodeOptions::default()).unwrap()
    }
}

/// The exit status and output of a run.
pub struct RunOutput {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl RunOutput {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The left channel.
pub fn left(audio: &Audio) -> Vec<f64> {
    let channels = usize::from(audio.channels);
    match &audio.samples {
        Samples::F32(samples) => samples.iter().step_by(channels).map(|x| f64::from(*x)).collect(),
        Samples::I16(samples) => samples.iter().step_by(channels).map(|x| f64::from(*x) / 32_768.0).collect(),
    }
}

/// The times of 8 kHz clicks in seconds: the centre of each burst of power in that band.
pub fn find_clicks(sound: &[f64], rate: f64) -> Vec<f64> {
    let turn = std::f64::consts::TAU * 8_000.0 / rate;
    let half = (0.0008 * rate) as usize;
    // The power of 8 kHz around each frame, by a short windowed correlation.
    let wave: Vec<(f64, f64)> = (0..2 * half)
        .map(|i| {
            let window = (std::f64::consts::PI * (i as f64 + 0.5) / (2 * half) as f64).sin().powi(2);
            let (sin, cos) = (turn * i as f64).sin_cos();
            (window * cos, window * sin)
        })
        .collect();
    let power: Vec<f64> = (0..sound.len().saturating_sub(2 * half))
        .map(|from| {
            let products = sound[from..from + 2 * half].iter().zip(&wave);
            let (re, im) = products.fold((0.0, 0.0), |(re, im), (x, (cos, sin))| (re + x * cos, im + x * sin));
            re * re + im * im
        })
        .collect();
    let most = power.iter().copied().fold(0.0, f64::max);
    let mut clicks = Vec::new();
    let mut at = 0;
    while let Some(begin) = power[at..].iter().position(|p| *p > 0.1 * most) {
        let begin = at + begin;
        let end = begin + power[begin..].iter().position(|p| *p <= 0.1 * most).unwrap_or(power.len() - begin);
        let weight: f64 = power[begin..end].iter().sum();
        let moment: f64 = power[begin..end].iter().enumerate().map(|(i, p)| (begin + i) as f64 * p).sum();
        clicks.push((moment / weight + half as f64 - 0.5) / rate);
        at = end;
    }
    clicks
}
