//! One file for each panel, the whole session, and a manifest.

use std::path::{Path, PathBuf};

use crowd_media::{SoundFile, SoundFormat, Tags};
use music_generator::types::stem::Stem;
use serde::Serialize;

use crate::error::Error;
use crate::story::PlannedPanel;

/// Where and how the files are written.
#[derive(Clone, Debug)]
pub struct SegmentSettings {
    /// The folder.
    pub folder: PathBuf,
    /// `wav`, `flac` or `opus`.
    pub extension: String,
    /// The sample rate in hertz.
    pub sample_rate: u32,
    /// Whether each stem gets a file for each panel too.
    pub stems: bool,
    /// The name of the story, for tags.
    pub story_id: String,
}

/// A panel in the manifest.
#[derive(Clone, Debug, Serialize)]
pub struct PanelSegment {
    /// Its number in the story.
    pub panel_number: u32,
    /// Its file.
    pub file: String,
    /// The files of its stems, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stems: Vec<String>,
    /// The first frame of the session that is in the file: that of the ramp from the panel before.
    pub first_frame: u64,
    /// The number of frames.
    pub frames: u64,
    /// The BLAKE3 hash of the file, in hexadecimal.
    pub blake3: String,
    /// Why it sounds so.
    #[serde(flatten)]
    pub plan: PlannedPanel,
}

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// The name of the story.
    pub story_id: String,
    /// The program and its version.
    pub made_by: String,
    /// The provider of the music.
    pub provider: String,
    /// The seed.
    pub seed: u64,
    /// The sample rate in hertz.
    pub sample_rate: u32,
    /// The number of frames of the session, which is the sum of those of the panels.
    pub frames: u64,
    /// The tempo in quarter notes a minute.
    pub bpm: f64,
    /// The file of the whole session.
    pub session: String,
    /// The panels, in their order.
    pub panels: Vec<PanelSegment>,
}

/// The files of the panel that plays.
pub struct SegmentFiles {
    settings: SegmentSettings,
    mix: SoundFile,
    stems: Vec<SoundFile>,
    names: Vec<String>,
}

impl SegmentFiles {
    /// The names of the files of a panel: the mix, then the stems.
    pub fn names(panel_number: u32, settings: &SegmentSettings) -> Vec<String> {
        let name = format!("music_panel_{panel_number:02}");
        let stems = Stem::ALL.iter().filter(|_| settings.stems);
        let stems = stems.map(|stem| format!("{name}_{}.{}", stem.name(), settings.extension));
        std::iter::once(format!("{name}.{}", settings.extension)).chain(stems).collect()
    }

    /// Begins the files of a panel of so many frames.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn create(panel_number: u32, frames: u64, settings: &SegmentSettings) -> Result<Self, Error> {
        let names = Self::names(panel_number, settings);
        let create = |name: &String, part: &str| {
            let title = format!("{}, panel {panel_number}{part}", settings.story_id);
            sound_file(&settings.folder.join(name), &settings.extension, settings.sample_rate, frames, &title)
        };
        let mut files = names.iter();
        let mix = files.next().map(|name| create(name, "")).transpose()?;
        let mix = mix.ok_or_else(|| Error::Invalid("a panel has no file".to_owned()))?;
        let stems = files.zip(Stem::ALL).map(|(name, stem)| create(name, &format!(", {}", stem.name())));
        let stems = stems.collect::<Result<_, _>>()?;
        Ok(Self { settings: settings.clone(), mix, stems, names })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// Those of the files.
    pub fn write<'a>(&mut self, mix: &[[f32; 2]], stems: impl Iterator<Item = &'a [[f32; 2]]>) -> Result<(), Error> {
        self.mix.write(mix)?;
        self.stems.iter_mut().zip(stems).try_for_each(|(file, frames)| file.write(frames))?;
        Ok(())
    }

    /// Completes the files. Returns the names, and the hash of the mix.
    ///
    /// # Errors
    /// Those of the files.
    pub fn commit(self) -> Result<(Vec<String>, String), Error> {
        let Self { settings, mix, stems, names } = self;
        mix.commit()?;
        stems.into_iter().try_for_each(SoundFile::commit)?;
        let path = settings.folder.join(names.first().map_or("", String::as_str));
        let mut hasher = blake3::Hasher::new();
        let hashed = std::fs::File::open(&path).and_then(|file| hasher.update_reader(file).map(|_| ()));
        hashed.map_err(|error| Error::io(&path, "read", error))?;
        Ok((names, hasher.finalize().to_hex().to_string()))
    }
}

/// A file of sound in one of the three formats.
///
/// # Errors
/// [`Error::Invalid`] for another extension; those of the file.
pub fn sound_file(path: &Path, extension: &str, rate: u32, frames: u64, title: &str) -> Result<SoundFile, Error> {
    let format = SoundFormat::of_extension(extension)
        .ok_or_else(|| Error::Invalid(format!("\"{}\": give wav, flac or opus", extension.escape_debug())))?;
    let mut tags = Tags::default();
    tags.title = Some(title.to_owned());
    tags.artist = Some("live-music".to_owned());
    Ok(SoundFile::create(path, format, rate, frames, &tags)?)
}
