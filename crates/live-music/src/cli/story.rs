//! `live-music story`.

use std::path::{Path, PathBuf};

use clap::Args;
use crowd_cli::progress_bar;
use music_generator::session::Session;
use music_generator::steering::log::LogWriter;

use super::story_file::StoryFile;
use super::story_picture::StoryPicture;
use crate::error::Error;
use crate::session::{Manifest, PanelSegment, SegmentFiles, SegmentSettings, StoryMusic, sound_file};
use crate::story::{PlannedPanel, StoryPlan};

/// The piece fades out over this time at its end, in seconds.
const FADE_SECONDS: f64 = 3.0;

/// Makes the music of a story, faster than it plays.
#[derive(Debug, Args)]
pub struct Story {
    #[command(flatten)]
    story: StoryFile,
    /// Folder for the files; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Format of the sound: wav, flac or opus
    #[arg(long, value_name = "FORMAT", default_value = "flac", value_parser = ["wav", "flac", "opus"])]
    format: String,
    /// The seed: the same seed and story make the same music. Without it, it follows from the name of the story
    #[arg(long)]
    seed: Option<u64>,
    /// Frames a second of the files
    #[arg(long, value_name = "HERTZ", default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    sample_rate: u32,
    /// Write a file for each stem of each panel too
    #[arg(long)]
    stems: bool,
    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
    /// Print the manifest, as JSON
    #[arg(long)]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

impl Story {
    /// Makes the music.
    ///
    /// # Errors
    /// Those of reading the story, of the music, and of the files.
    pub fn run(&self) -> Result<(), Error> {
        let (story, plan) = self.story.read()?;
        let settings = SegmentSettings {
            folder: self.out.clone(),
            extension: self.format.clone(),
            sample_rate: self.sample_rate,
            stems: self.stems,
            story_id: story.story_id.clone(),
        };
        std::fs::create_dir_all(&self.out).map_err(|error| Error::io(&self.out, "make the folder", error))?;
        let session = format!("session.{}", self.format);
        if !self.overwrite {
            let segments = plan.panels.iter().flat_map(|panel| SegmentFiles::names(panel.panel_number, &settings));
            [session.clone(), MANIFEST.to_owned(), PICTURE.to_owned(), LOG.to_owned()]
                .into_iter()
                .chain(segments)
                .try_for_each(|name| refuse_existing(&self.out.join(name)))?;
        }
        let seed = self.seed.unwrap_or_else(|| seed_of(&story.story_id));
        let manifest = self.make(&story.story_id, &plan, seed, &settings, session)?;
        let text = serde_json::to_string_pretty(&manifest).map_err(|error| Error::Invalid(error.to_string()))?;
        crowd_media::atomic::write(&self.out.join(MANIFEST), format!("{text}\n").as_bytes())?;
        if self.json {
            let printed = crowd_cli::print(|out| writeln!(out, "{text}"));
            return printed.map_err(|error: std::io::Error| Error::io("standard output", "write", error));
        }
        if !self.quiet {
            let (panels, seconds) = (manifest.panels.len(), manifest.frames as f64 / f64::from(manifest.sample_rate));
            eprintln!("{panels} panels, {seconds:.1} s, {} bpm, seed {seed}: {}", plan.bpm, self.out.display());
        }
        Ok(())
    }

    fn make(
        &self,
        story_id: &str,
        plan: &StoryPlan,
        seed: u64,
        settings: &SegmentSettings,
        session_name: String,
    ) -> Result<Manifest, Error> {
        let ends = ends_of(&plan.panels, self.sample_rate);
        let frames = ends.last().copied().unwrap_or_default();
        let first = plan.panels.first().ok_or_else(|| Error::Invalid("the story has no panels".to_owned()))?;
        let mut music = StoryMusic::new(self.sample_rate, seed, first.weighted(), first.config(plan.bpm))?;
        let path = self.out.join(&session_name);
        let mut session = sound_file(&path, &self.format, self.sample_rate, frames, story_id)?;
        let mut picture = StoryPicture::new(self.sample_rate)?;
        let mut log = Vec::new();
        let mut log_writer =
            LogWriter::new(&mut log, music.header()).map_err(|error| Error::io(LOG, "write", error))?;
        let progress = progress_bar(frames, "{bar:40} {percent} %  {eta} left", self.quiet || self.json);
        let fade = Fade::new(frames, self.sample_rate);
        let (mut panels, mut begin, mut told) = (Vec::new(), 0, Vec::new());
        for (panel, end) in plan.panels.iter().zip(ends) {
            if begin > 0 {
                music.transition(panel.weighted(), panel.config(plan.bpm), plan.ramp_seconds)?;
            }
            let mut files = SegmentFiles::create(panel.panel_number, end - begin, settings)?;
            while music.frame() < end {
                let frame = music.frame();
                let mut stems = music.render()?;
                stems.iter_mut().for_each(|stem| fade.apply(frame, stem));
                let mix = Session::sum(&stems);
                files.write(&mix, stems.iter().map(|stem| &stem[..]))?;
                session.write(&mix)?;
                picture.sound(&mix)?;
                for (frame, change) in music.take_changes() {
                    log_writer.change(frame, &change).map_err(|error| Error::io(LOG, "write", error))?;
                }
                if frame.is_multiple_of(SECOND) {
                    progress.set_position(frame);
                    picture.tempo(frame, music.status().bpm);
                }
            }
            for sentence in music.status().not_understood {
                if !told.contains(&sentence) {
                    eprintln!("{sentence}");
                    told.push(sentence);
                }
            }
            let (mut files, hash) = files.commit()?;
            let stems = files.split_off(1);
            panels.push(PanelSegment {
                panel_number: panel.panel_number,
                file: files.concat(),
                stems,
                first_frame: begin,
                frames: end - begin,
                blake3: hash,
                plan: panel.clone(),
            });
            begin = end;
        }
        progress.finish_and_clear();
        session.commit()?;
        log_writer.end(frames).map_err(|error| Error::io(LOG, "write", error))?;
        crowd_media::atomic::write(&self.out.join(LOG), &log)?;
        picture.write(story_id, &plan.panels, &panels, &self.out.join(PICTURE))?;
        Ok(Manifest {
            story_id: story_id.to_owned(),
            made_by: concat!("live-music ", env!("CARGO_PKG_VERSION")).to_owned(),
            provider: "built-in".to_owned(),
            seed,
            sample_rate: self.sample_rate,
            frames,
            bpm: plan.bpm,
            session: session_name,
            panels,
        })
    }
}

/// The manifest of a story.
const MANIFEST: &str = "manifest.json";
/// The picture of a story.
const PICTURE: &str = "arc.png";
/// The log with which music-generator makes the same music again, without the fade at the end.
const LOG: &str = "session.jsonl";
/// The frames between two looks at the tempo, a multiple of those of a block: about a second.
const SECOND: u64 = 64 * 750;

fn refuse_existing(path: &Path) -> Result<(), Error> {
    if path.try_exists().map_err(|error| Error::io(path, "look for", error))? {
        let path = path.display();
        return Err(Error::Invalid(format!("{path}: it exists: give another --out, or --overwrite")));
    }
    Ok(())
}

/// The frame after each panel, a multiple of the frames that are made at once.
fn ends_of(panels: &[PlannedPanel], rate: u32) -> Vec<u64> {
    let mut seconds = 0.0;
    let ends = panels.iter().map(|panel| {
        seconds += panel.seconds;
        ((seconds * f64::from(rate)) as u64).next_multiple_of(StoryMusic::FRAMES as u64)
    });
    ends.collect()
}

/// The seed of a story without one.
fn seed_of(story_id: &str) -> u64 {
    let hash = blake3::hash(story_id.as_bytes());
    // Players and log files write seeds as numbers of JSON, of which 53 bits are exact.
    hash.as_bytes().iter().take(6).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// The fade at the end.
struct Fade {
    from: u64,
    frames: f64,
}

impl Fade {
    fn new(frames: u64, rate: u32) -> Self {
        let length = ((FADE_SECONDS * f64::from(rate)) as u64).min(frames / 2).max(1);
        Self { from: frames - length, frames: length as f64 }
    }

    /// Fades a block that begins at `frame`, as a quarter of a cosine.
    fn apply(&self, frame: u64, block: &mut [[f32; 2]]) {
        if frame + block.len() as u64 <= self.from {
            return;
        }
        for (index, sample) in block.iter_mut().enumerate() {
            let done = (frame + index as u64).saturating_sub(self.from) as f64 / self.frames;
            let gain = (done.min(1.0) * std::f64::consts::FRAC_PI_2).cos() as f32;
            *sample = sample.map(|value| value * gain);
        }
    }
}
