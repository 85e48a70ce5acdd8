//! The streams of a file one after the other, at one rate and with one number of channels.

use std::path::{Path, PathBuf};

use super::Info;
use super::decoded::Decoded;
use super::demuxer::Demuxer;
use super::file_facts;
use super::link::{self, Link};
use super::packets::Outcome;
use super::source::Input;
use super::stage::{Stage, scaled};
use crate::downmix::Mix;
use crate::resample::Converter;
use crate::{Error, FileVersion};

/// A file as one row of frames: what its first stream is, at the highest rate and with the most channels of any.
pub(super) struct Chain {
    path: PathBuf,
    input: Input,
    pub info: Info,
    parts: Vec<Part>,
    /// Which part is read, and how.
    at: usize,
    reading: Reading,
    /// What was wrong with parts that were read before.
    past: Outcome,
    non_finite_samples: u64,
    notes: Vec<String>,
}

/// One stream of the file.
struct Part {
    link: Link,
    /// Its first frame, at the chain's rate.
    first: u64,
}

struct Reading {
    decoded: Decoded,
    stage: Option<Stage>,
    /// Frames in the stream's own channels.
    raw: Vec<f32>,
}

impl Chain {
    /// Opens all that `input` holds, which is named `path` in errors.
    pub fn open(path: &Path, input: Input) -> Result<Self, Error> {
        let links = link::find(path, &input)?;
        // Of a joined file each part has a length of its own.
        let id = input.id.filter(|_| links.len() == 1);
        let known = file_facts::recall(id).frames;
        let mut parts: Vec<(Link, Info)> = Vec::new();
        let mut notes = Vec::new();
        let mut reading = None;
        let mut fault = None;
        for link in links {
            match Demuxer::new(path, &input, &link).and_then(|demuxer| Decoded::new(demuxer, known)) {
                Ok(decoded) => {
                    if decoded.counted.is_some() {
                        file_facts::remember(id, |facts| facts.frames = decoded.counted);
                    }
                    notes.extend(decoded.demuxer.notes.iter().cloned());
                    parts.push((link, decoded.demuxer.info.clone()));
                    reading = reading.or(Some(decoded));
                }
                Err(e @ Error::Io { .. }) => return Err(e),
                Err(e) => {
                    notes.push(format!("bytes {} to {} were left out: {e}", link.view.body.start, link.view.body.end));
                    fault = fault.or(Some(e));
                }
            }
        }
        let (Some(decoded), Some((_, first))) = (reading, parts.first()) else {
            return Err(fault.unwrap_or_else(|| Error::NotAudio { path: path.to_owned() }));
        };
        let mut info = first.clone();
        let most = |of: fn(&Info) -> u32| parts.iter().map(|(_, info)| of(info)).max().unwrap_or(0);
        info.sample_rate = most(|info| info.sample_rate);
        info.channels = u16::try_from(most(|info| u32::from(info.channels))).unwrap_or(info.channels);
        if let Some((_, widest)) = parts.iter().find(|(_, part)| part.channels == info.channels) {
            info.speakers = widest.speakers;
        }
        let same = |(_, part): &(Link, Info)| {
            (part.sample_rate, part.channels, part.bits) == (info.sample_rate, info.channels, info.bits)
        };
        info.bits = info.bits.filter(|_| parts.iter().all(same));
        let mut end = 0;
        let placed = parts.into_iter().map(|(link, part)| {
            let frames = scaled(part.frames.unwrap_or(0), part.sample_rate, info.sample_rate);
            end += frames;
            Part { link, first: end - frames }
        });
        let parts: Vec<Part> = placed.collect();
        info.frames = Some(end);
        info.warnings.clone_from(&notes);
        let reading = Reading::new(decoded, info.sample_rate)?;
        Ok(Self {
            path: path.to_owned(),
            input,
            info,
            parts,
            at: 0,
            reading,
            past: Outcome::default(),
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

    /// Under which what is learnt about the file is remembered.
    pub fn id(&self) -> Option<FileVersion> {
        self.input.id
    }

    /// What it is called.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file, bytes.
    pub fn file_len(&self) -> u64 {
        self.input.len
    }

    /// Goes to frame `frame`.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        let at = self.parts.iter().rposition(|part| part.first <= frame).unwrap_or(0);
        let local = frame - self.parts.get(at).map_or(0, |part| part.first);
        if at != self.at {
            self.enter(at)?;
        }
        match &mut self.reading.stage {
            None => self.reading.decoded.seek(local),
            Some(stage) => {
                let from = stage.seek(local);
                self.reading.decoded.seek(from)
            }
        }
    }

    /// Appends the next frames to `out`, interleaved, which may be none; false at the end.
    pub fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error> {
        if self.reading.next(self.info.channels, out)? {
            return Ok(true);
        }
        if self.at + 1 >= self.parts.len() {
            return Ok(false);
        }
        self.enter(self.at + 1)?;
        Ok(true)
    }

    /// Opens another part at its start.
    fn enter(&mut self, at: usize) -> Result<(), Error> {
        let Some(part) = self.parts.get(at) else { return Ok(()) };
        let decoded = Decoded::new(Demuxer::new(&self.path, &self.input, &part.link)?, None)?;
        let before = std::mem::replace(&mut self.reading, Reading::new(decoded, self.info.sample_rate)?);
        self.past.add(before.decoded.packets.outcome);
        self.non_finite_samples += before.decoded.non_finite_samples;
        self.at = at;
        Ok(())
    }

    /// How decoding went so far.
    pub fn outcome(&self) -> Outcome {
        let mut all = Outcome::default();
        all.add(self.past.clone());
        all.add(self.reading.decoded.packets.outcome.clone());
        all
    }

    /// Samples that were not finite and became 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite_samples + self.reading.decoded.non_finite_samples
    }

    /// What is wrong with the file as far as it was read, in words.
    pub fn warnings(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.outcome().warnings()).collect()
    }
}

impl Reading {
    fn new(decoded: Decoded, rate: u32) -> Result<Self, Error> {
        let Info { sample_rate, channels, .. } = decoded.demuxer.info;
        let stage = if sample_rate == rate {
            None
        } else {
            Some(Stage::new(Converter::new(sample_rate, rate, usize::from(channels))?))
        };
        Ok(Self { decoded, stage, raw: Vec::new() })
    }

    fn next(&mut self, channels: u16, out: &mut Vec<f32>) -> Result<bool, Error> {
        let own = self.decoded.demuxer.info.channels;
        if own == channels && self.stage.is_none() {
            return self.decoded.next(out);
        }
        self.raw.clear();
        let decoded = &mut self.decoded;
        let more = match &mut self.stage {
            None => decoded.next(&mut self.raw)?,
            Some(stage) => stage.next(&mut self.raw, |into| decoded.next(into))?,
        };
        spread(&self.raw, (own, decoded.demuxer.info.speakers), channels, out);
        Ok(more)
    }
}

/// Brings frames of fewer channels to more: one becomes the same in the first two, more than one become two first.
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
        _ => Mix::new(own, speakers, 1.0).apply(raw, |s| s, &mut stereo),
    }
    debug_assert_eq!(stereo.len() / 2, raw.len() / own_width);
    for frame in stereo.chunks_exact(2) {
        out.extend_from_slice(frame);
        out.resize(out.len() + width - 2, 0.0);
    }
}
