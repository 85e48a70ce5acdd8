//! Requests for renditions, and renditions with their keys.

use std::sync::OnceLock;

use crowd_engine::{Frames, SampleRate};
use crowd_library::MusicFile;
use crowd_media::SampleFormat;
use crowd_store::{ChunkId, Pinning, StoreKey};

use crate::analysis::AnalysisKind;
use crate::error::Error;
use crate::layout::{Format, Layout};
use crate::master::ResolvedTreatment;
use crate::preset::Treatment;

/// The version of the renditions. It is raised when the same request gives other bytes than before. A change of the analysis raises
/// `analysis::VERSION` instead. A change of how treatments are resolved raises `master::VERSION` instead.
const VERSION: u32 = 4;

/// The kind of the chunks in the store. The first chunks of renditions are evicted last, because the start of playback waits for them.
pub const CHUNKS: crowd_store::ChunkKind =
    crowd_store::ChunkKind { magic: *b"crowdchk", version: 1, pinning: Pinning::FIRST_CHUNKS };

/// A client's request for a rendition of a track. The defaults are those of a URL without parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RenditionRequest {
    /// How it is mastered.
    pub treatment: Treatment,
    /// The format in which it is sent.
    pub format: Format,
    /// The sample format of a WAV or FLAC. If there is none, it is 24-bit for a file of more than 16 bits, and 16-bit otherwise.
    pub sample_format: Option<SampleFormat>,
    /// How the track is measured.
    pub analysis: AnalysisKind,
}

/// One track with one treatment in one format, identified by its key.
pub struct Rendition {
    /// Identifies the rendition on this machine. It is the [`content_key`](Self::content_key) if the file was hashed before the rendition
    /// was constructed, and another key otherwise.
    pub key: StoreKey,
    /// The file.
    pub music: MusicFile,
    /// How it is mastered.
    pub treatment: Treatment,
    /// The format in which it is sent.
    pub format: Format,
    /// The sample format of the rendition.
    pub sample_format: SampleFormat,
    /// How the track is measured.
    pub analysis: AnalysisKind,
    /// Frames per second.
    pub rate: SampleRate,
    /// The header and the chunks of the rendition.
    pub layout: Layout,
    /// Bits per sample of the file; none if it is lossy, has float samples, or has more than two channels.
    pub source_bits: Option<u32>,
    content_key: OnceLock<StoreKey>,
    resolved: OnceLock<ResolvedTreatment>,
}

impl Rendition {
    /// The rendition of `music` that is requested. Nothing is decoded or measured for it.
    ///
    /// # Errors
    /// [`Error::Media`] when the file cannot be read, [`Error::Invalid`] for parameters that exclude each other.
    pub fn new(music: MusicFile, request: &RenditionRequest) -> Result<Self, Error> {
        let reader = music.reader()?;
        // A file of more than two channels is mixed to stereo, and the mix has samples that are not integers.
        let source_bits = reader.info().bits.filter(|_| reader.info().channels <= 2);
        let rate = SampleRate::new(reader.sample_rate())?;
        let sample_format = match (request.format, request.sample_format) {
            (Format::Flac | Format::Hls, Some(SampleFormat::F32)) => {
                return Err(Error::Invalid("bits 32f: FLAC has no floats; give 16 or 24, or format wav".to_owned()));
            }
            (Format::Opus, _) => SampleFormat::F32,
            (_, Some(sample_format)) => sample_format,
            (_, None) if source_bits.is_some_and(|bits| bits > 16) => SampleFormat::I24,
            _ => SampleFormat::I16,
        };
        let layout = Layout::new(request.format, rate, Frames(reader.frames()), sample_format)?;
        // Nothing is measured for the original.
        let original = request.treatment.intensity.is_none();
        let treatment = if original {
            Treatment { intensity: request.treatment.intensity, ..Treatment::default() }
        } else {
            request.treatment
        };
        let analysis = if original { AnalysisKind::default() } else { request.analysis };
        let content = match music.hash() {
            Some(hash) => format!("content {hash}"),
            None => format!("file {}", music.local_id()),
        };
        let key = key(&content, &treatment, request.format, sample_format, analysis);
        Ok(Self {
            key,
            music,
            treatment,
            format: request.format,
            sample_format,
            analysis,
            rate,
            layout,
            source_bits,
            content_key: OnceLock::new(),
            resolved: OnceLock::new(),
        })
    }

    /// Identifies a chunk on this machine.
    pub fn local_chunk_id(&self, index: usize) -> ChunkId {
        chunk_id(self.key, index)
    }

    /// Identifies a chunk in every store, on any machine; none while the file is not hashed.
    pub fn chunk_id(&self, index: usize) -> Option<ChunkId> {
        Some(chunk_id(self.content_key()?, index))
    }

    /// The hash of everything that determines the bytes of the rendition; none while the file is not hashed.
    pub fn content_key(&self) -> Option<StoreKey> {
        let hash = self.music.hash()?;
        let of_content =
            || key(&format!("content {hash}"), &self.treatment, self.format, self.sample_format, self.analysis);
        Some(*self.content_key.get_or_init(of_content))
    }

    /// The length of the rendition in seconds.
    pub fn seconds(&self) -> f64 {
        self.layout.frames() as f64 / f64::from(self.rate.get())
    }

    /// The resolved treatment; none before it is [set](Self::set_resolved).
    pub fn resolved(&self) -> Option<&ResolvedTreatment> {
        self.resolved.get()
    }

    /// Sets the resolved treatment, unless it is set already. Returns the one that is set.
    pub fn set_resolved(&self, resolved: ResolvedTreatment) -> &ResolvedTreatment {
        self.resolved.get_or_init(|| resolved)
    }
}

fn chunk_id(key: StoreKey, index: usize) -> ChunkId {
    ChunkId { key, index: u32::try_from(index).unwrap_or(u32::MAX) }
}

/// The hash of a text that contains everything that determines the bytes of a rendition.
fn key(
    content: &str,
    treatment: &Treatment,
    format: Format,
    sample_format: SampleFormat,
    analysis: AnalysisKind,
) -> StoreKey {
    let text = format!(
        "enhance-server {} version {VERSION} on {}\n{content}\npreset {} intensity {:08x}\nanalysis {analysis} version {}, settled version {}\nformat {format} depth {sample_format}\n",
        env!("CARGO_PKG_VERSION"),
        // Other processors may round the last bit in another way.
        crowd_engine::dsp::arithmetic(),
        treatment.preset,
        treatment.intensity.get().to_bits(),
        crate::analysis::VERSION,
        crate::master::VERSION,
    );
    StoreKey(blake3::hash(text.as_bytes()).into())
}
