//! Renders music to files.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;
use crowd_cli::path::display_text;
use crowd_cli::{ExitReason, UsageError, progress_bar};
use crowd_media::{Container, SampleFormat, SoundFile, SoundFormat, Tags, atomic};

use super::music_options::{MusicOptions, Words};
use super::picture::Picture;
use super::values::{frames_in, seconds};
use super::{midi, notes, sound_font};
use crate::session::Session;
use crate::steering::log::{Header, LogWriter, SessionLog, SoundFontFile};
use crate::steering::steered_session::SteeredSession;
use crate::synth::sound_font::SoundFont;
use crate::synth::{QUANTUM, SILENCE};
use crate::types::bar::Bar;
use crate::types::stem::Stem;

/// The length without `--seconds`.
const USUAL_SECONDS: f64 = 60.0;

/// The options of a rendering.
#[derive(Clone, Debug, Args)]
pub struct RenderOptions {
    /// The mix, as WAV, FLAC or Opus by its extension
    pub out: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub music: MusicOptions,
    /// How long the music is; 60 without, or as long as the log of --replay
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub seconds: Option<f64>,
    /// Write the sound from this time on; notes and pictures are of all of it
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub from: Option<f64>,
    /// The seed: the same seed makes the same music
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,
    /// Frames a second of the files
    #[arg(long, value_name = "HERTZ", default_value_t = 48_000,
        value_parser = clap::value_parser!(u32).range(8_000..=192_000))]
    pub sample_rate: u32,
    /// A log of `render` or `play`: the same music is made again, with all its changes
    #[arg(long, value_name = "LOG", conflicts_with_all = ["prompt", "style", "bpm", "scale", "density", "brightness",
        "temperature", "mute", "vocabulary", "seed", "sample_rate"])]
    pub replay: Option<PathBuf>,
    /// A sound font (SF2) whose instruments are played in place of the built-in ones; drums stay built in. With --replay, in place of
    /// that of the log
    #[arg(long, value_name = "FILE.sf2")]
    pub soundfont: Option<PathBuf>,
    /// A folder for the stems, as WAV of 32-bit floats
    #[arg(long, value_name = "DIR")]
    pub stems: Option<PathBuf>,
    /// The notes as a MIDI file, a track for each stem
    #[arg(long, value_name = "FILE")]
    pub midi: Option<PathBuf>,
    /// Notes, chords, scales and sections as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// A picture with waveform, form, chords, density and tempo, as PNG
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// A log with which --replay makes the same music again
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub overwrite: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Renders the music that the options describe.
///
/// # Errors
/// A [`UsageError`] when no file is asked for, and errors of the files.
pub fn render(options: &RenderOptions) -> Result<ExitReason, Box<dyn Error>> {
    let RenderOptions { out, stems, midi, json, picture, .. } = options;
    if out.is_none() && stems.is_none() && midi.is_none() && json.is_none() && picture.is_none() {
        let advice = "nothing would be written: give a file, --stems, --midi, --json or --picture";
        return Err(UsageError(advice.to_owned()).into());
    }
    let (mut log, words) = job(options)?;
    check_outputs(options)?;
    let font = match (&options.soundfont, &log.header.sound_font) {
        (Some(path), _) => Some(SoundFont::read(path)?),
        (None, Some(logged)) => Some(sound_font::of_log(logged)?),
        (None, None) => None,
    };
    log.header.sound_font = font.as_ref().map(SoundFontFile::of);
    let rate = log.header.sample_rate;
    let frames = log.end.unwrap_or_default();
    let from = frames_in(options.from.unwrap_or(0.0), rate);
    if from >= frames {
        let seconds = frames as f64 / f64::from(rate);
        return Err(UsageError(format!("--from is not before the end of the music, which is {seconds} s long")).into());
    }
    let tags = tags(&log);
    let mut files = Files {
        from,
        mix: out
            .as_ref()
            .map(|path| Ok::<_, Box<dyn Error>>(SoundFile::create(path, format_of(path)?, rate, frames - from, &tags)?))
            .transpose()?,
        stems: stems.as_ref().map(|folder| stem_files(folder, rate, frames - from)).transpose()?.unwrap_or_default(),
        picture: picture.as_ref().map(|_| Picture::new(rate)).transpose()?,
    };
    let mut music = SteeredSession::new(rate, log.header.seed, words.vocabulary, &log.header.start)?;
    if let Some(font) = &font {
        music.set_sound_font(font)?;
    }
    let bars = write(options, &log, &mut music, &mut files)?;
    files.mix.into_iter().chain(files.stems).try_for_each(SoundFile::commit)?;
    let begin = bars.first();
    let (bpm, scale) = (begin.map_or(0.0, |bar| bar.bpm), begin.map_or("", |bar| &bar.scale_name));
    let seconds = frames as f64 / f64::from(rate);
    let summary =
        format!("{seconds:.1} s, {} bars, {bpm} bpm, begins in {scale}, seed {}", bars.len(), log.header.seed);
    if let Some(path) = midi {
        atomic::write(path, &midi::file(&bars)?)?;
    }
    if let Some(path) = json {
        atomic::write(path, notes::json(log.header.seed, &bars).to_string().as_bytes())?;
    }
    if let (Some(path), Some(picture)) = (picture, files.picture) {
        picture.write(&title(&log), &summary, path)?;
    }
    if let Some(path) = &options.log {
        atomic::write(path, &text_of(&log)?)?;
    }
    if !options.quiet {
        music.status().not_understood.iter().for_each(|sentence| eprintln!("{sentence}"));
        eprintln!("{summary}");
    }
    Ok(ExitReason::Done)
}

/// Refuses outputs that exist, unless they may be replaced.
fn check_outputs(options: &RenderOptions) -> Result<(), Box<dyn Error>> {
    let RenderOptions { out, stems, midi, json, picture, log, .. } = options;
    let stems = stems.iter().flat_map(|folder| Stem::ALL.map(|stem| stem_path(folder, stem)));
    let files = [out, midi, json, picture, log].into_iter().flatten().cloned().chain(stems);
    for path in files.filter(|_| !options.overwrite) {
        if path.try_exists().map_err(|error| format!("{}: {error}", display_text(&path)))? {
            return Err(format!("{}: it exists: give another name, or --overwrite", display_text(&path)).into());
        }
    }
    Ok(())
}

/// The format of the mix, by the extension of its path.
fn format_of(path: &Path) -> Result<SoundFormat, UsageError> {
    SoundFormat::of_path(path)
        .ok_or_else(|| UsageError(format!("{}: give a name that ends with .wav, .flac or .opus", display_text(path))))
}

fn stem_path(folder: &Path, stem: Stem) -> PathBuf {
    folder.join(format!("{}.wav", stem.name()))
}

/// What is to be rendered: a log without changes, or the one that is replayed. Its end is the number of frames.
fn job(options: &RenderOptions) -> Result<(SessionLog, Words), Box<dyn Error>> {
    let frames = |seconds: f64, rate: u32| frames_in(seconds, rate).max(1);
    let Some(path) = &options.replay else {
        let words = options.music.words()?;
        let mut header = Header::new(options.sample_rate, options.seed, options.music.start()?);
        header.vocabulary.clone_from(&words.added);
        let end = Some(frames(options.seconds.unwrap_or(USUAL_SECONDS), options.sample_rate));
        return Ok((SessionLog { header, changes: Vec::new(), end }, words));
    };
    let file = File::open(path).map_err(|error| format!("{}: {error}", display_text(path)))?;
    let mut log = SessionLog::read(BufReader::new(file)).map_err(|error| format!("{}: {error}", display_text(path)))?;
    if !log.header.is_of_this_version() {
        let (theirs, ours) = (&log.header.version, env!("CARGO_PKG_VERSION"));
        eprintln!("{}: written by version {theirs}; version {ours} may make other music of it", display_text(path));
    }
    log.end = options.seconds.map(|seconds| frames(seconds, log.header.sample_rate)).or(log.end);
    if log.end.is_none_or(|end| end == 0) {
        let path = display_text(path);
        return Err(UsageError(format!("{path} has no end, as the program was killed: give --seconds")).into());
    }
    let words = Words::with(log.header.vocabulary.clone(), |index| format!("vocabulary {} of the log", index + 1))?;
    Ok((log, words))
}

/// The log with only the changes before its end.
fn text_of(log: &SessionLog) -> Result<Vec<u8>, Box<dyn Error>> {
    let end = log.end.unwrap_or_default();
    let mut text = Vec::new();
    let mut writer = LogWriter::new(&mut text, &log.header)?;
    let mut heard = log.changes.iter().filter(|(frame, _)| *frame < end);
    heard.try_for_each(|(frame, change)| writer.change(*frame, change))?;
    writer.end(end)?;
    Ok(text)
}

/// The prompts, for titles.
fn title(log: &SessionLog) -> String {
    let prompts: Vec<&str> = log.header.start.prompts.iter().map(|prompt| prompt.text.as_str()).collect();
    if prompts.is_empty() { "music-generator".to_owned() } else { prompts.join(", ") }
}

fn tags(log: &SessionLog) -> Tags {
    let mut tags = Tags::default();
    tags.title = Some(title(log));
    tags.artist = Some(format!("music-generator, seed {}", log.header.seed));
    tags
}

fn stem_files(folder: &Path, rate: u32, frames: u64) -> Result<Vec<SoundFile>, Box<dyn Error>> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", display_text(folder)))?;
    let format = SoundFormat::Lossless(Container::Wav, SampleFormat::F32);
    let create = |stem: Stem| Ok(SoundFile::create(&stem_path(folder, stem), format, rate, frames, &Tags::default())?);
    Stem::ALL.into_iter().map(create).collect()
}

/// The files that are written while the music is rendered.
struct Files {
    /// The first frame of the sound that is written.
    from: u64,
    mix: Option<SoundFile>,
    stems: Vec<SoundFile>,
    picture: Option<Picture>,
}

fn write(
    options: &RenderOptions,
    log: &SessionLog,
    music: &mut SteeredSession,
    files: &mut Files,
) -> Result<Vec<Bar>, Box<dyn Error>> {
    let end = log.end.unwrap_or_default();
    let progress = progress_bar(end, "{bar:40} {percent} %  {eta} left", options.quiet);
    let mut changes = log.changes.iter().peekable();
    let mut bars = Vec::new();
    // Notes alone take a hundredth of the time.
    let sounds = files.mix.is_some() || !files.stems.is_empty() || files.picture.is_some();
    while music.frame() < end {
        let first = music.frame();
        while let Some((_, change)) = changes.next_if(|(frame, _)| *frame <= first) {
            music.apply(change)?;
        }
        let mut stems = SILENCE;
        if sounds {
            music.render(&mut stems);
        } else {
            music.pass();
        }
        let count = (end - first).min(QUANTUM as u64) as usize;
        let mix = Session::sum(&stems);
        let mix = mix.get(..count).unwrap_or_default();
        let skipped = files.from.saturating_sub(first).min(count as u64) as usize;
        if let Some(file) = &mut files.mix {
            file.write(mix.get(skipped..).unwrap_or_default())?;
        }
        for (file, block) in files.stems.iter_mut().zip(&stems) {
            file.write(block.get(skipped..count).unwrap_or_default())?;
        }
        while let Some(mut bar) = music.take_bar() {
            let density = music.target().density;
            bar.notes.retain(|note| note.from_density <= density);
            if let Some(picture) = &mut files.picture {
                picture.bar(&bar);
            }
            bars.push(bar);
        }
        if let Some(picture) = &mut files.picture {
            picture.sound(mix, first, music.beat())?;
        }
        if first.is_multiple_of(1_024 * QUANTUM as u64) {
            progress.set_position(first);
        }
    }
    progress.finish_and_clear();
    Ok(bars)
}
