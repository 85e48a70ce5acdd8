//! `crowd-radio demo`.

use std::f32::consts::TAU;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use crowd_cli::{ExitReason, print};
use crowd_media::peaks::Peaks;
use crowd_media::picture::{Chart, Curve, CurveLane, SpanLane};
use crowd_media::{Audio, SampleFormat, Samples, wav};
use jiff::Timestamp;
use serde_json::Value;

use super::values::PROGRAM;
use crate::config::StationConfig;
use crate::error::Error;
use crate::health::{Alarm, Heard, Listener, Monitor};
use crate::setup::{GeneratedMusic, Preparer};

const RATE: u32 = 48_000;
const TRACKS: [GeneratedMusic; 3] = [
    GeneratedMusic { title: "Rain on the Window", prompt: "lofi hip hop, rainy night", seed: 7, seconds: 48 },
    GeneratedMusic { title: "Small Hours", prompt: "chill piano, warm", seed: 11, seconds: 44 },
    GeneratedMusic { title: "Platform Two", prompt: "minimal house, 122 bpm", seed: 5, seconds: 46 },
];
const CONFIG: &str = "name = \"crowd-radio demo\"
[stream]
segment_seconds = 2
[[playlist]]
name = \"music\"
folder = \"music\"
[[playlist]]
name = \"jingles\"
folder = \"jingles\"
kind = \"jingle\"
[schedule]
crossfade_seconds = 2
[[schedule.every]]
playlist = \"jingles\"
tracks = 1
";

/// Generates music and a jingle, prepares and broadcasts them, listens to itself, and draws what was heard.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for the station and the picture
    #[arg(long, value_name = "DIR", default_value = "out/radio")]
    out: PathBuf,
    /// Time to listen, in seconds
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u64).range(5..=86_400))]
    seconds: u64,
    /// Port of the server; with 0 a free one is chosen
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
}

/// What was heard.
#[derive(Default)]
struct Recording {
    frames: Vec<[f32; 2]>,
    /// The level of each segment in dBFS, by its time in seconds.
    levels: Vec<(f64, f64)>,
    segments: u64,
    missed: u64,
    last: Option<u64>,
}

impl Demo {
    /// Runs the demo.
    ///
    /// # Errors
    /// When the folder cannot be written, or the station does not start.
    pub fn run(&self) -> Result<ExitReason, Error> {
        let tell = |text: &str| eprintln!("{PROGRAM}: {text}");
        let config = self.write_files(tell)?;
        tell("measuring and encoding");
        let processed = self.out.join("processed");
        Preparer::new(StationConfig::read(&config)?, &processed)?.prepare(|_, _| ())?;
        let mut station = Station::start(&processed, &self.out.join("state"), self.port)?;
        tell(&format!("on air for {} s: {}", self.seconds, station.url));
        let (recording, alarms) = self.listen(&station.url);
        let titles = titles(&station.url);
        station.stop();
        let picture = self.out.join("heard.png");
        recording.draw(&picture, &titles)?;
        wav::write(&self.out.join("heard.wav"), &recording.audio()?, SampleFormat::I16)?;
        let (segments, missed) = (recording.segments, recording.missed);
        print(|out| {
            writeln!(
                out,
                "heard {segments} segments, missed {missed}, alarms {}: {}",
                alarms.len(),
                picture.display()
            )?;
            alarms.iter().try_for_each(|alarm| writeln!(out, "  {}: {}", alarm.since, alarm.text))
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))?;
        let fine = alarms.is_empty() && missed == 0 && segments > 0;
        Ok(if fine { ExitReason::Done } else { ExitReason::Failed })
    }

    /// Generates the files that are not there yet. Returns the path of the configuration.
    fn write_files(&self, tell: impl Fn(&str)) -> Result<PathBuf, Error> {
        let (music, jingles) = (self.out.join("music"), self.out.join("jingles"));
        for folder in [&music, &jingles] {
            std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "make the folder", error))?;
        }
        for track in TRACKS {
            let path = music.join(format!("{}.flac", track.title));
            if !path.exists() {
                tell(&format!("generating \"{}\" ({})", track.title, track.prompt));
                track.write(&path, RATE)?;
            }
        }
        let jingle = jingles.join("Jingle.wav");
        if !jingle.exists() {
            let sound = Audio::new(Samples::F32(chime()), RATE, 1)?;
            wav::write(&jingle, &sound, SampleFormat::I16)?;
        }
        let config = self.out.join("station.toml");
        std::fs::write(&config, CONFIG).map_err(|error| Error::io(&config, "write", error))?;
        Ok(config)
    }

    /// Listens for some time. Returns what was heard and all alarms.
    fn listen(&self, url: &str) -> (Recording, Vec<Alarm>) {
        let (mut listener, mut monitor) = (Listener::new(url), Monitor::new(Duration::ZERO));
        let (mut recording, mut alarms) = (Recording::default(), Vec::<Alarm>::new());
        let bar = crowd_cli::progress_bar(self.seconds, "{wide_bar} {pos} of {len} s {msg}", false);
        let start = Instant::now();
        while start.elapsed().as_secs() < self.seconds {
            let heard = listener.listen();
            for alarm in monitor.judge(&heard, Timestamp::now()).alarms {
                if !alarms.iter().any(|known| (known.kind, known.since) == (alarm.kind, alarm.since)) {
                    alarms.push(alarm);
                }
            }
            if let Ok(heard) = heard {
                recording.add(heard);
            }
            bar.set_position(start.elapsed().as_secs());
            thread::sleep(Duration::from_millis(400));
        }
        bar.finish_and_clear();
        (recording, alarms)
    }
}

impl Recording {
    fn add(&mut self, heard: Heard) {
        let Some(levels) = heard.levels else { return };
        self.missed += self.last.map_or(0, |last| heard.number.saturating_sub(last + 1));
        self.last = Some(heard.number);
        self.segments += 1;
        let seconds = |frames: usize| frames as f64 / f64::from(RATE);
        self.levels.push((seconds(self.frames.len()), levels.level_dbfs));
        self.frames.extend(heard.sound.frames);
        self.levels.push((seconds(self.frames.len()), levels.level_dbfs));
    }

    fn audio(&self) -> Result<Audio, Error> {
        Ok(Audio::new(Samples::F32(self.frames.as_flattened().to_vec()), RATE, 2)?)
    }

    /// Draws the waveform, the levels, and the titles with the seconds until they ended.
    fn draw(&self, path: &Path, titles: &[(f64, f64, String)]) -> Result<(), Error> {
        let seconds = self.frames.len() as f64 / f64::from(RATE);
        let peaks = Peaks::of(&self.audio()?);
        let spans = titles.iter().map(|(start, end, title)| (seconds - start, seconds - end, title.clone()));
        let spans = spans.filter(|(start, end, _)| *end > 0.0 && *start < seconds);
        let spans = spans.map(|(start, end, title)| (start.max(0.0), end.min(seconds), title)).collect();
        let levels = CurveLane::new("Level of each segment").unit("dBFS").range(-60.0, 0.0);
        let levels = levels.curve(Curve::new("RMS", self.levels.clone()));
        let chart =
            Chart::new("What a listener heard").subtitle(&format!("{} segments of HLS, decoded", self.segments));
        Ok(chart.spans(SpanLane::new("Items", spans)).waveform("Sound", &peaks).curves(levels).write(path)?)
    }
}

/// A station in another process, which ends when this is dropped.
struct Station {
    process: Child,
    url: String,
}

impl Station {
    fn start(processed: &Path, state: &Path, port: u16) -> Result<Self, Error> {
        let program = std::env::current_exe().map_err(|error| Error::io(PROGRAM, "find", error))?;
        let mut command = Command::new(&program);
        command.args(["stream", "--port", &port.to_string(), "--processed"]).arg(processed).arg("--state").arg(state);
        let mut process =
            command.stderr(Stdio::piped()).spawn().map_err(|error| Error::io(&program, "start", error))?;
        let mut log = BufReader::new(process.stderr.take().ok_or_else(|| Error::Invalid("no log".to_owned()))?).lines();
        let mut said = String::new();
        for line in log.by_ref().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("listening on ") {
                let url = address.trim().trim_end_matches("stream.m3u8").to_owned();
                thread::spawn(move || log.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
                return Ok(Self { process, url });
            }
            said = line;
        }
        _ = process.wait();
        Err(Error::Invalid(format!("the station does not start: {said}")))
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The items that played, with how many seconds ago they began and ended.
fn titles(url: &str) -> Vec<(f64, f64, String)> {
    let text =
        ureq::get(format!("{url}now.json")).call().ok().and_then(|response| response.into_body().read_to_string().ok());
    let now: Value = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let present = Timestamp::now().as_nanosecond() as f64 / 1e9;
    let items = now["history"].as_array().into_iter().flatten().chain([&now["playing"]]);
    let items = items.filter_map(|item| {
        let (starts, seconds) = (item["starts"].as_f64()?, item["seconds"].as_f64()?);
        Some((present - starts, present - starts - seconds, item["title"].as_str()?.to_owned()))
    });
    items.collect()
}

/// Three rising tones.
fn chime() -> Vec<f32> {
    let note = |frame: usize, start: f32, hertz: f32| {
        let time = frame as f32 / RATE as f32 - start;
        if time < 0.0 { 0.0 } else { (-4.0 * time).exp() * (time * 200.0).min(1.0) * (TAU * hertz * time).sin() }
    };
    let notes = [(0.0, 523.25), (0.22, 659.26), (0.44, 783.99)];
    (0..RATE as usize * 2)
        .map(|frame| 0.25 * notes.iter().map(|(start, hertz)| note(frame, *start, *hertz)).sum::<f32>())
        .collect()
}
