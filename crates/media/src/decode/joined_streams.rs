//! The streams of a file one after the other, at one rate and with one number of channels.

use std::path::{Path, PathBuf};

use super::Info;
use super::demuxer::Demuxer;
use super::file_facts;
use super::file_streams::{self, FileStream};
use super::input::Input;
use super::packets::DamageReport;
use super::resample_stage::{ResampleStage, scaled};
use super::stream_decoder::StreamDecoder;
use crate::downmix::StereoMix;
use crate::{Error, ErrorKind, FileVersion};

/// A file as one sequence of frames, at the highest sample rate and with the most channels of any of its streams.
pub(super) struct JoinedStreams {
    path: PathBuf,
    input: Input,
    pub info: Info,
    streams: Vec<PlacedStream>,
    /// The stream that is read.
    at: usize,
    current: CurrentStream,
    /// The damage in streams that were read before.
    damage_before: DamageReport,
    non_finite_samples: u64,
    /// Sentences about what is wrong with the file as a whole.
    notes: Vec<String>,
}

/// A stream of the file and its position in the sequence.
struct PlacedStream {
    stream: FileStream,
    /// Its first frame, at the rate of the file.
    first: u64,
}

/// The stream that is read.
struct CurrentStream {
    decoder: StreamDecoder,
    stage: Option<ResampleStage>,
    /// Frames in the stream's own channels and at the file's rate.
    raw: Vec<f32>,
}

impl JoinedStreams {
    /// Opens all streams of `input`; errors name it `path`.
    pub fn open(path: &Path, input: Input) -> Result<Self, Error> {
        let found = file_streams::find(path, &input)?;
        // One length per file is cached, but each stream of a joined file has a length of its own.
        let id = input.id.filter(|_| found.len() == 1);
        let known = file_facts::recall(id).frames;
        let mut streams: Vec<(FileStream, Info)> = Vec::new();
        let mut notes = Vec::new();
        let mut current = None;
        let mut fault = None;
        for stream in found {
            match Demuxer::new(path, &input, &stream).and_then(|demuxer| StreamDecoder::new(demuxer, known)) {
                Ok(decoder) => {
                    if decoder.counted.is_some() {
                        file_facts::remember(id, |facts| facts.frames = decoder.counted);
                    }
                    notes.extend(decoder.demuxer.notes.iter().cloned());
                    streams.push((stream, decoder.demuxer.info.clone()));
                    current = current.or(Some(decoder));
                }
                Err(e) if e.io_error().is_some() => return Err(e),
                Err(e) => {
                    notes.push(format!(
                        "bytes {} to {} were left out: {e}",
                        stream.view.body.start, stream.view.body.end
                    ));
                    fault = fault.or(Some(e));
                }
            }
        }
        let (Some(decoder), Some((_, first))) = (current, streams.first()) else {
            return Err(fault.unwrap_or_else(|| Error::new(ErrorKind::NotAudio).with_path(path)));
        };
        let mut info = first.clone();
        let most = |of: fn(&Info) -> u32| streams.iter().map(|(_, info)| of(info)).max().unwrap_or(0);
        info.sample_rate = most(|info| info.sample_rate);
        info.channels = u16::try_from(most(|info| u32::from(info.channels))).unwrap_or(info.channels);
        if let Some((_, widest)) = streams.iter().find(|(_, stream)| stream.channels == info.channels) {
            info.speakers = widest.speakers;
        }
        let same = |(_, stream): &(FileStream, Info)| {
            (stream.sample_rate, stream.channels, stream.bits) == (info.sample_rate, info.channels, info.bits)
        };
        info.bits = info.bits.filter(|_| streams.iter().all(same));
        let mut end = 0;
        let placed = streams.into_iter().map(|(stream, its)| {
            let frames = scaled(its.frames.unwrap_or(0), its.sample_rate, info.sample_rate);
            end += frames;
            PlacedStream { stream, first: end - frames }
        });
        let streams: Vec<PlacedStream> = placed.collect();
        info.frames = Some(end);
        info.warnings.clone_from(&notes);
        let current = CurrentStream::new(decoder, info.sample_rate)?;
        Ok(Self {
            path: path.to_owned(),
            input,
            info,
            streams,
            at: 0,
            current,
            damage_before: DamageReport::default(),
            non_finite_samples: 0,
            notes,
        })
    }

    /// Frames in all.
    pub fn frames(&self) -> u64 {
        self.info.frames.unwrap_or(0)
    }

    /// The same file from its start, as if nothing of it had been read.
    pub fn again(&self) -> Result<Self, Error> {
        Self::open(&self.path, self.input.clone())
    }

    /// The version of the file, under which facts about it are remembered.
    pub fn id(&self) -> Option<FileVersion> {
        self.input.id
    }

    /// The path that errors name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file, bytes.
    pub fn file_len(&self) -> u64 {
        self.input.len
    }

    /// Makes `frame` the next one.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        let at = self.streams.iter().rposition(|stream| stream.first <= frame).unwrap_or(0);
        let local = frame - self.streams.get(at).map_or(0, |stream| stream.first);
        if at != self.at {
            self.enter(at)?;
        }
        match &mut self.current.stage {
            None => self.current.decoder.seek(local),
            Some(stage) => {
                let from = stage.seek(local);
                self.current.decoder.seek(from)
            }
        }
    }

    /// Appends the next frames to `out`, interleaved. It is possible that there are none. Returns false at the end.
    pub fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error> {
        if self.current.next(self.info.channels, out)? {
            return Ok(true);
        }
        if self.at + 1 >= self.streams.len() {
            return Ok(false);
        }
        self.enter(self.at + 1)?;
        Ok(true)
    }

    /// Opens the stream `at` at its start.
    fn enter(&mut self, at: usize) -> Result<(), Error> {
        let Some(stream) = self.streams.get(at) else { return Ok(()) };
        let decoder = StreamDecoder::new(Demuxer::new(&self.path, &self.input, &stream.stream)?, None)?;
        let before = std::mem::replace(&mut self.current, CurrentStream::new(decoder, self.info.sample_rate)?);
        self.damage_before.add(before.decoder.packets.damage);
        self.non_finite_samples += before.decoder.non_finite_samples;
        self.at = at;
        Ok(())
    }

    /// The damage found so far.
    pub fn damage(&self) -> DamageReport {
        let mut all = DamageReport::default();
        all.add(self.damage_before.clone());
        all.add(self.current.decoder.packets.damage.clone());
        all
    }

    /// Samples that were not finite and became 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite_samples + self.current.decoder.non_finite_samples
    }

    /// Sentences about what is wrong with the file, as far as it was read.
    pub fn warnings(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.damage().warnings()).collect()
    }
}

impl CurrentStream {
    fn new(decoder: StreamDecoder, rate: u32) -> Result<Self, Error> {
        let Info { sample_rate, channels, .. } = decoder.demuxer.info;
        let stage = if sample_rate == rate { None } else { Some(ResampleStage::new(sample_rate, rate, channels)?) };
        Ok(Self { decoder, stage, raw: Vec::new() })
    }

    fn next(&mut self, channels: u16, out: &mut Vec<f32>) -> Result<bool, Error> {
        let own = self.decoder.demuxer.info.channels;
        if own == channels && self.stage.is_none() {
            return self.decoder.next(out);
        }
        self.raw.clear();
        let decoder = &mut self.decoder;
        let more = match &mut self.stage {
            None => decoder.next(&mut self.raw)?,
            Some(stage) => stage.next(&mut self.raw, |into| decoder.next(into))?,
        };
        spread(&self.raw, (own, decoder.demuxer.info.speakers), channels, out);
        Ok(more)
    }
}

/// Converts frames of `own` channels to `channels` channels. Mono goes to the first two channels. More than two channels are mixed to
/// stereo first.
fn spread(raw: &[f32], (own, speakers): (u16, u32), channels: u16, out: &mut Vec<f32>) {
    let (own_width, width) = (usize::from(own.max(1)), usize::from(channels));
    if own == channels {
        out.extend_from_slice(raw);
        return;
    }
    let mut stereo = Vec::new();
    match own {
        1 => stereo.extend(raw.iter().flat_map(|&s| [s, s])),
        2 => stereo.extend_from_slice(raw),
        _ => StereoMix::new(own, speakers, 1.0).apply(raw, |s| s, &mut stereo),
    }
    debug_assert_eq!(stereo.len() / 2, raw.len() / own_width);
    for frame in stereo.chunks_exact(2) {
        out.extend_from_slice(frame);
        out.resize(out.len() + width - 2, 0.0);
    }
}
