//! What was asked for, and the key under which the answer is kept.

use std::sync::OnceLock;

use crowd_engine::{Frames, SampleRate};
use crowd_library::MusicFile;
use crowd_media::SampleFormat;
use crowd_store::{ChunkId, Pinning, StoreKey};

use crate::analysis::Kind;
use crate::error::Error;
use crate::layout::{Format, Layout};
use crate::master::Settled;
use crate::preset::Treatment;

/// Raised when the same order would give other bytes than before, for a reason outside the analysis.
const VERSION: u32 = 4;

/// The chunks that the store keeps: pieces of renditions. What a listener waits for, the first, is evicted last.
pub const CHUNKS: crowd_store::ChunkKind =
    crowd_store::ChunkKind { magic: *b"crowdchk", version: 1, pinning: Pinning::FIRST_CHUNKS };

/// What may be asked of a track. The defaults are those of a URL that says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Order {
    /// What is to be made of it.
    pub treatment: Treatment,
    /// As what it is sent.
    pub format: Format,
    /// Samples of a WAV or FLAC; none: 24 bits where the file has more than 16, else 16.
    pub depth: Option<SampleFormat>,
    /// How the track is measured.
    pub kind: Kind,
}

/// One track made in one way, known by its key.
pub struct Rendition {
    /// Names it on this machine: the key of its chunks, or another one when the file was not hashed yet.
    pub key: StoreKey,
    /// The file.
    pub music: MusicFile,
    /// What is made of it.
    pub treatment: Treatment,
    /// As what it is sent.
    pub format: Format,
    /// Word length of its samples.
    pub depth: SampleFormat,
    /// How the track is measured.
    pub kind: Kind,
    /// Frames per second.
    pub rate: SampleRate,
    /// Its pieces.
    pub layout: Layout,
    /// Bits per sample of the file, where it is lossless and has whole numbers.
    pub source_bits: Option<u32>,
    content_key: OnceLock<StoreKey>,
    settled: OnceLock<Settled>,
}

impl Rendition {
    /// What `order` makes of `music`: nothing is decoded for it, and nothing measured.
    ///
    /// # Errors
    /// [`Error::Media`] when the file cannot be read, [`Error::Invalid`] for what cannot be had together.
    pub fn new(music: MusicFile, order: &Order) -> Result<Self, Error> {
        let reader = music.reader()?;
        // Mixed down, whole numbers are none any more.
        let source_bits = reader.info().bits.filter(|_| reader.info().channels <= 2);
        let rate = SampleRate::new(reader.sample_rate())?;
        let depth = match (order.format, order.depth) {
            (Format::Flac | Format::Hls, Some(SampleFormat::F32)) => {
                return Err(Error::Invalid("bits 32f: FLAC has no floats; give 16 or 24, or format wav".to_owned()));
            }
            (Format::Opus, _) => SampleFormat::F32,
            (_, Some(depth)) => depth,
            (_, None) if source_bits.is_some_and(|bits| bits > 16) => SampleFormat::I24,
            _ => SampleFormat::I16,
        };
        let layout = Layout::new(order.format, rate, Frames(reader.frames()), depth)?;
        // Without a treatment nothing is measured.
        let none = order.treatment.intensity.is_none();
        let treatment = if none {
            Treatment { intensity: order.treatment.intensity, ..Treatment::default() }
        } else {
            order.treatment
        };
        let kind = if none { Kind::default() } else { order.kind };
        let content = match music.hash() {
            Some(hash) => format!("content {hash}"),
            None => format!("file {}", music.local_id()),
        };
        let key = key(&content, &treatment, order.format, depth, kind);
        Ok(Self {
            key,
            music,
            treatment,
            format: order.format,
            depth,
            kind,
            rate,
            layout,
            source_bits,
            content_key: OnceLock::new(),
            settled: OnceLock::new(),
        })
    }

    /// Names a piece on this machine.
    pub fn piece(&self, index: usize) -> ChunkId {
        chunk(self.key, index)
    }

    /// Names a piece wherever chunks are kept; none while the file is not hashed.
    pub fn chunk(&self, index: usize) -> Option<ChunkId> {
        Some(chunk(self.content_key()?, index))
    }

    /// Everything that decides about its bytes, hashed; none while the file is not hashed.
    pub fn content_key(&self) -> Option<StoreKey> {
        let hash = self.music.hash()?;
        let of_content = || key(&format!("content {hash}"), &self.treatment, self.format, self.depth, self.kind);
        Some(*self.content_key.get_or_init(of_content))
    }

    /// Its length.
    pub fn seconds(&self) -> f64 {
        self.layout.frames() as f64 / f64::from(self.rate.get())
    }

    /// What the treatment came to, once it was [measured](Self::settle).
    pub fn settled(&self) -> Option<&Settled> {
        self.settled.get()
    }

    /// Keeps what the treatment came to; the first stays.
    pub fn settle(&self, settled: Settled) -> &Settled {
        self.settled.get_or_init(|| settled)
    }
}

fn chunk(key: StoreKey, index: usize) -> ChunkId {
    ChunkId { key, index: u32::try_from(index).unwrap_or(u32::MAX) }
}

/// Text that says all, hashed: two orders have the same key when it is the same text.
fn key(content: &str, treatment: &Treatment, format: Format, depth: SampleFormat, kind: Kind) -> StoreKey {
    let text = format!(
        "enhance-server {} version {VERSION} on {}\n{content}\npreset {} intensity {:08x}\nanalysis {kind} version {}, settled version {}\nformat {format} depth {depth}\n",
        env!("CARGO_PKG_VERSION"),
        // Processors of another kind may round the last bit in another way.
        crowd_engine::dsp::arithmetic(),
        treatment.preset,
        treatment.intensity.get().to_bits(),
        crate::analysis::VERSION,
        crate::master::VERSION,
    );
    StoreKey(blake3::hash(text.as_bytes()).into())
}
