//! Cuts an excerpt out of a track and writes it twice: unchanged, and brought to another tempo.

mod error;
mod gain;
mod source_audio;

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use crowd_engine::export::{self, TimeMap};
use crowd_engine::{Bpm, SampleRate, StretchMethod, Track};
use crowd_media::peaks::Peaks;
use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags, loudness};

use crate::grid::Grid;
pub use error::CutError;
use source_audio::SourceAudio;
pub(crate) use source_audio::{is_exact, own_sample_format};

/// The parameters of a cut: the file, the span of the excerpt, and the form of the written files.
#[derive(Clone, Debug)]
pub struct CutSpec<'a> {
    /// The file of the track.
    pub audio: &'a Path,
    /// The beat grid of the track.
    pub grid: &'a Grid,
    /// The start of the excerpt, in seconds; the frame nearest to it is the first frame of both files.
    pub from: f64,
    /// The end of the excerpt, in seconds, at most an hour later.
    pub until: f64,
    /// The tempo of the stretched file. Each beat of the grid lasts one beat at that tempo.
    pub target: Bpm,
    /// The stretch method.
    pub method: StretchMethod,
    /// The loudness that the stretched file is brought to, in LUFS. It is lower where the true peak would be above -1 dBTP.
    /// A mono file is measured as if two speakers played it.
    pub loudness: Option<f64>,
    /// The container of both files.
    pub container: Container,
    /// The sample format of the stretched file, and of the original if the track's samples cannot be written bit for
    /// bit. `None` is the track's own sample format, or 24 bits for a track that was compressed with losses.
    pub sample_format: Option<SampleFormat>,
    /// The key in the tags of both files; `None` keeps the track's own tag.
    pub key: Option<&'a str>,
    /// Whether the peaks of both waveforms are computed, for a picture.
    pub with_peaks: bool,
}

/// The result of a cut: the written files and their figures.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CutResult {
    /// Frames per second of both files.
    pub sample_rate: u32,
    /// The excerpt as it is in the track.
    pub original: WrittenFile,
    /// The excerpt at the target tempo.
    pub stretched: WrittenFile,
    /// The integrated loudness of the stretched file, in LUFS. It is minus infinity for silence and for less than 0.4 s. A
    /// mono file is measured as if two speakers played it.
    pub lufs: f64,
    /// The key in the tags of the stretched file.
    pub key: Option<String>,
    /// The frame of the track that each frame of the stretched file is made of.
    pub time_map: TimeMap,
    /// Warnings about the files, in sentences for the user.
    pub warnings: Vec<String>,
}

impl CutResult {
    /// The lowest and the highest speed; they are equal when the tempo is steady.
    pub fn speeds(&self) -> RangeInclusive<f64> {
        self.time_map.speeds()
    }

    /// Converts a time in the track to the time in the stretched file, both in seconds.
    pub fn seconds_of(&self, seconds: f64) -> f64 {
        let rate = f64::from(self.sample_rate);
        self.time_map.frame_of(seconds * rate) / rate
    }
}

/// The figures of one of the two files.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WrittenFile {
    /// Its length in frames.
    pub frames: u64,
    /// Its number of channels.
    pub channels: u16,
    /// Its container and sample format.
    pub format: AudioFormat,
    /// Its largest sample, in dBFS.
    pub peak_dbfs: f64,
    /// The gain that was applied, in dB.
    pub gain_db: f64,
    /// The peaks of its waveform, if they were requested. They are computed before the samples are rounded to the sample
    /// format.
    pub peaks: Option<Peaks>,
}

impl CutSpec<'_> {
    /// Writes the unchanged excerpt to `original`, unless that is `None`, and the excerpt at the target tempo to `stretched`.
    /// The folders of both must exist. Each file appears when it is complete. Only the needed frames of the track are
    /// read, on the calling thread.
    ///
    /// The original has the sample rate, channels and samples of the track, bit for bit where the container can hold
    /// them. The stretched file has the sample rate of the track. It has one or two channels: more channels are mixed to
    /// two. Both files begin with the same frame of the track. Samples that are rounded to integers are dithered. If
    /// samples would be above full scale, the gain of the whole file is lowered as far as needed. The samples of an excerpt
    /// at its own tempo are copied, whatever their peak.
    ///
    /// # Errors
    /// [`CutError`].
    pub fn write_files(&self, original: Option<&Path>, stretched: &Path) -> Result<CutResult, CutError> {
        let mut source = SourceAudio::open(self.audio, self.from, self.until)?;
        let rate = SampleRate::new(source.sample_rate)?;
        let (span, time_map) = time_map(self.grid, self.from, self.until, self.target, rate)?;
        let sample_format = self.sample_format.unwrap_or(source.sample_format(self.container));
        let format = AudioFormat::new(self.container, sample_format)?;
        source.read(self.until)?;

        let mut warnings = std::mem::take(&mut source.warnings);
        let frames = time_map.frames();
        let speed = (span.end - span.start) / frames.0 as f64;
        let mut tags = source.tags();
        tags.bpm = Some(rounded(self.target.get() / speed));
        tags.key = self.key.map(str::to_owned).or(tags.key);
        let original = self.write_original(&source, original, &tags, &mut warnings)?;

        tags.bpm = Some(rounded(self.target.get()));
        if !self.method.keeps_pitch() && time_map.speeds() != (1.0..=1.0) {
            tags.key = None;
        }
        if source.channels > 2 {
            warnings.push(format!("its {} channels are mixed to two in the stretched file", source.channels));
            warnings.extend(source.downmix_gain_db()?.map(crowd_media::downmix_note));
        }
        let channels = source.channels.min(2);
        let local = time_map.clone().moved(-(source.first as i64));
        let track = source.into_track(rate)?;
        let mut audio = self.stretch(&track, &local)?;
        drop(track);
        let (gain_db, lufs) = self.gain_and_loudness(&audio, time_map.is_bypass(), &mut warnings)?;
        if channels == 1 {
            let left = audio.into_f32().as_chunks::<2>().0.iter().map(|frame| frame[0]).collect();
            audio = Audio::new(Samples::F32(left), rate.get(), 1)?;
        }
        let stretched = self.write(Some(stretched), audio, gain_db, format, &tags)?;
        Ok(CutResult { sample_rate: rate.get(), original, stretched, lufs, key: tags.key, time_map, warnings })
    }

    fn write_original(
        &self,
        source: &SourceAudio,
        to: Option<&Path>,
        tags: &Tags,
        warnings: &mut Vec<String>,
    ) -> Result<WrittenFile, CutError> {
        let own_format = source.sample_format(self.container);
        let exact = source.is_exact(self.container);
        let sample_format = if exact { own_format } else { self.sample_format.unwrap_or(own_format) };
        let audio = source.excerpt()?;
        // Samples of a lossy decoder may be above full scale. Integer samples never are.
        let gain_db = if exact { 0.0 } else { gain::clip_gain_db(gain::peak(&audio)) };
        if gain_db < 0.0 {
            warnings
                .push(format!("the original is {:.3} dB lower: the track decodes to more than full scale", -gain_db));
        }
        self.write(to, audio, gain_db, AudioFormat::new(self.container, sample_format)?, tags)
    }

    fn stretch(&self, track: &Track, time_map: &TimeMap) -> Result<Audio, CutError> {
        let samples = export::export(track, self.method, time_map);
        Ok(Audio::new(Samples::F32(samples), track.sample_rate().get(), 2)?)
    }

    /// The gain in decibels for the stretched file, and the resulting loudness in LUFS.
    fn gain_and_loudness(
        &self,
        stretched: &Audio,
        is_bypass: bool,
        warnings: &mut Vec<String>,
    ) -> Result<(f64, f64), CutError> {
        if let Some(lufs) = self.loudness {
            return Ok(gain::gain_to_loudness(stretched, lufs, warnings)?);
        }
        let lufs = loudness::integrated(stretched)?;
        let headroom = if is_bypass { 0.0 } else { gain::clip_gain_db(gain::peak(stretched)) };
        if headroom < 0.0 {
            warnings.push(format!("the stretched file is {:.3} dB lower, so that nothing is clipped", -headroom));
        }
        Ok((headroom, lufs + headroom))
    }

    /// Writes a file, and returns its figures. Without a path it only returns the figures.
    fn write(
        &self,
        path: Option<&Path>,
        mut audio: Audio,
        gain_db: f64,
        format: AudioFormat,
        tags: &Tags,
    ) -> Result<WrittenFile, CutError> {
        gain::apply_gain(&mut audio, gain_db);
        if let Some(path) = path {
            crowd_media::write(path, &audio, format, tags)?;
        }
        let peak_dbfs = gain::decibels(gain::peak(&audio));
        let peaks = self.with_peaks.then(|| Peaks::of(&audio));
        Ok(WrittenFile { frames: audio.frames() as u64, channels: audio.channels, format, peak_dbfs, gain_db, peaks })
    }
}

/// The frames of a track between two times in seconds, and the time map on which each beat of the grid lasts one beat at
/// `target`. The first frame is a whole number.
///
/// # Errors
/// [`CutError::Engine`] when the speed is outside the range of the engine.
pub fn time_map(
    grid: &Grid,
    from: f64,
    until: f64,
    target: Bpm,
    rate: SampleRate,
) -> Result<(Range<f64>, TimeMap), CutError> {
    let in_frames = f64::from(rate.get());
    let start = (from * in_frames).round();
    let span = start..start + (until - from) * in_frames;
    let time_map = TimeMap::on_beats(&grid.beat_grid(rate), span.clone(), target, rate)?;
    Ok((span, time_map))
}

/// A tempo for a tag, rounded to a thousandth. The error is at most 0.25 ms a minute at 120 BPM.
fn rounded(bpm: f64) -> f64 {
    (bpm * 1e3).round() / 1e3
}
