//! Cutting a part out of a track: once as it is, once brought to another tempo.

mod error;
mod level;
mod source;

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use crowd_engine::export::{self, TimeMap};
use crowd_engine::{Bpm, SampleRate, StretchMethod, Track};
use crowd_media::peaks::Peaks;
use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags, loudness};

use crate::grid::Grid;
pub use error::CutError;
use source::Source;
pub(crate) use source::{is_exact, own_depth};

/// What to cut out of which file, and how.
#[derive(Clone, Debug)]
pub struct Cut<'a> {
    /// The track.
    pub audio: &'a Path,
    /// Where its beats lie.
    pub grid: &'a Grid,
    /// Where the part begins, in seconds; the frame nearest to it is the first of both files.
    pub from: f64,
    /// Where it ends, in seconds, at most an hour later.
    pub until: f64,
    /// The tempo to bring it to: each beat of the grid will last a beat at that tempo.
    pub target: Bpm,
    /// How.
    pub method: StretchMethod,
    /// The loudness to bring the stretched part to, in LUFS, as long as its true peak stays at -1 dBTP or under. A mono part
    /// is measured as it will be heard, from two sides.
    pub loudness: Option<f64>,
    /// The kind of both files.
    pub container: Container,
    /// The depth of the stretched part, and of the original when the track is compressed with losses. When not given it is
    /// the track's own, and 24 bits for what was compressed.
    pub depth: Option<SampleFormat>,
    /// The key to write into both files' tags; the track's own tag when not given.
    pub key: Option<&'a str>,
    /// Whether overviews of both files are wanted, to draw a picture of them.
    pub overviews: bool,
}

/// What was written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Made {
    /// Frames per second of both files.
    pub sample_rate: u32,
    /// The part as it is in the track.
    pub original: Written,
    /// The part at the new tempo.
    pub part: Written,
    /// The integrated loudness of the part in LUFS; minus infinity for silence and for less than 0.4 s. A mono part is measured
    /// as it is heard, from two sides.
    pub lufs: f64,
    /// The key in the tags of the part.
    pub key: Option<String>,
    /// Which frame of the track sounds in which frame of the stretched part.
    pub course: TimeMap,
    /// What is to be known about it, in words.
    pub warnings: Vec<String>,
}

impl Made {
    /// The slowest and the fastest speed; the same when the tempo is steady.
    pub fn speeds(&self) -> RangeInclusive<f64> {
        self.course.speeds()
    }

    /// When, in seconds of the stretched part, a place of the track (in seconds) sounds.
    pub fn seconds_of(&self, place: f64) -> f64 {
        let rate = f64::from(self.sample_rate);
        self.course.frame_of(place * rate) / rate
    }
}

/// One of the two files.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// Its length.
    pub frames: u64,
    /// Its channels.
    pub channels: u16,
    /// Its container and depth.
    pub format: AudioFormat,
    /// Its largest sample, in dBFS.
    pub peak_dbfs: f64,
    /// By how many decibels it was made louder.
    pub gain_db: f64,
    /// Its overview, if that was wanted: of its samples before they were brought to its depth.
    pub overview: Option<Peaks>,
}

impl Cut<'_> {
    /// Writes the part as it is to `original`, unless that is there already, and brought to the target tempo to `part`. Their
    /// directories must exist; each file appears when it is complete. Reads no more of the track than it needs, and works on the calling thread.
    ///
    /// The original has the track's rate, channels and samples, bit for bit where the container can hold them. The part has
    /// the track's rate, and its channels when they are one or two; more are brought to two. It begins with the same frame.
    /// Integers are dithered. What would be over full scale is lowered as a whole by what is needed. Samples that need no
    /// change (a part at its own tempo) stay as they are, whatever their level.
    ///
    /// # Errors
    /// [`CutError`].
    pub fn make(&self, original: Option<&Path>, part: &Path) -> Result<Made, CutError> {
        let mut source = Source::open(self.audio, self.from, self.until)?;
        let rate = SampleRate::new(source.sample_rate)?;
        let (span, course) = course(self.grid, self.from, self.until, self.target, rate)?;
        let depth = self.depth.unwrap_or(source.depth(self.container));
        let format = AudioFormat::new(self.container, depth)?;
        source.read(self.until)?;

        let mut warnings = std::mem::take(&mut source.warnings);
        let frames = course.frames();
        let speed = (span.end - span.start) / frames.0 as f64;
        let mut tags = source.tags();
        tags.bpm = Some(rounded(self.target.get() / speed));
        tags.key = self.key.map(str::to_owned).or(tags.key);
        let copied = self.copy(&source, original, &tags, &mut warnings)?;

        tags.bpm = Some(rounded(self.target.get()));
        if !self.method.keeps_pitch() && course.speeds() != (1.0..=1.0) {
            tags.key = None;
        }
        if source.channels > 2 {
            warnings.push(format!("its {} channels are brought to two in the stretched part", source.channels));
            warnings.extend(source.downmix_gain_db()?.map(crowd_media::downmix_note));
        }
        let channels = source.channels.min(2);
        let local = course.clone().moved(-(source.first as i64));
        let track = source.into_track(rate)?;
        let mut audio = self.stretch(&track, &local)?;
        drop(track);
        let (gain_db, lufs) = self.level(&audio, course.is_bypass(), &mut warnings)?;
        if channels == 1 {
            let left = audio.into_f32().as_chunks::<2>().0.iter().map(|frame| frame[0]).collect();
            audio = Audio::new(Samples::F32(left), rate.get(), 1)?;
        }
        let part = self.write(Some(part), audio, gain_db, format, &tags)?;
        Ok(Made { sample_rate: rate.get(), original: copied, part, lufs, key: tags.key, course, warnings })
    }

    fn copy(
        &self,
        source: &Source,
        to: Option<&Path>,
        tags: &Tags,
        warnings: &mut Vec<String>,
    ) -> Result<Written, CutError> {
        let own = source.depth(self.container);
        let exact = source.is_exact(self.container);
        let depth = if exact { own } else { self.depth.unwrap_or(own) };
        let audio = source.part()?;
        // What a decoder gives may be over full scale; the track's own integers are what they are.
        let gain_db = if exact { 0.0 } else { level::room(level::peak(&audio)) };
        if gain_db < 0.0 {
            warnings.push(format!("the original is {:.3} dB lower: it decodes to more than full scale", -gain_db));
        }
        self.write(to, audio, gain_db, AudioFormat::new(self.container, depth)?, tags)
    }

    fn stretch(&self, track: &Track, course: &TimeMap) -> Result<Audio, CutError> {
        let samples = export::export(track, self.method, course);
        Ok(Audio::new(Samples::F32(samples), track.sample_rate().get(), 2)?)
    }

    /// The gain in decibels that the stretched part gets, and its loudness with it in LUFS.
    fn level(&self, part: &Audio, is_wire: bool, warnings: &mut Vec<String>) -> Result<(f64, f64), CutError> {
        if let Some(lufs) = self.loudness {
            return Ok(level::to_loudness(part, lufs, warnings)?);
        }
        let lufs = loudness::integrated(part)?;
        let room = if is_wire { 0.0 } else { level::room(level::peak(part)) };
        if room < 0.0 {
            warnings.push(format!("the part is {:.3} dB lower, so that nothing is clipped", -room));
        }
        Ok((room, lufs + room))
    }

    /// Writes a file; without a path only says what it would be.
    fn write(
        &self,
        path: Option<&Path>,
        mut audio: Audio,
        gain_db: f64,
        format: AudioFormat,
        tags: &Tags,
    ) -> Result<Written, CutError> {
        level::raise(&mut audio, gain_db);
        if let Some(path) = path {
            crowd_media::write(path, &audio, format, tags)?;
        }
        let peak_dbfs = level::decibels(level::peak(&audio));
        let overview = self.overviews.then(|| Peaks::of(&audio));
        Ok(Written { frames: audio.frames() as u64, channels: audio.channels, format, peak_dbfs, gain_db, overview })
    }
}

/// The frames of a track between two places in seconds, from a whole one on, and the way through them on which each beat lasts
/// as long as one at `target`.
///
/// # Errors
/// [`CutError::Engine`] when the target is out of reach.
pub fn course(
    grid: &Grid,
    from: f64,
    until: f64,
    target: Bpm,
    rate: SampleRate,
) -> Result<(Range<f64>, TimeMap), CutError> {
    let in_frames = f64::from(rate.get());
    let start = (from * in_frames).round();
    let span = start..start + (until - from) * in_frames;
    let course = TimeMap::on_beats(&grid.beat_grid(rate), span.clone(), target, rate)?;
    Ok((span, course))
}

/// A tempo as it is shown: a thousandth is 0.5 ms a minute.
fn rounded(bpm: f64) -> f64 {
    (bpm * 1e3).round() / 1e3
}
