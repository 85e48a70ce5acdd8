//! The demuxer of Matroska files.

use std::collections::VecDeque;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::errors::{Result as SymphoniaResult, SeekErrorKind, seek_error, unsupported_error};
use symphonia::core::formats::probe::{ProbeDataMatchSpec, ProbeFormatData, ProbeableFormat, Score, Scoreable};
use symphonia::core::formats::well_known::FORMAT_ID_MKV;
use symphonia::core::formats::{FormatInfo, FormatOptions, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track};
use symphonia::core::io::{MediaSourceStream, ScopedStream};
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::block_index::BlockIndex;
use super::block_scanner::{BlockScanner, OpusPacket, ScannedElement};

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_MKV, short_name: "matroska", long_name: "Matroska / MatroskaReader" };
/// The number of the only track that symphonia is given.
const TRACK: u32 = 1;

/// Reads packets of Opus; time stamps are frames at 48 kHz.
pub(in crate::decode) struct MatroskaReader<'s> {
    scanner: BlockScanner<MediaSourceStream<'s>>,
    index: BlockIndex,
    info: MediaInfo,
    tracks: [Track; 1],
    metadata: MetadataLog,
    waiting: VecDeque<OpusPacket>,
}

impl<'s> MatroskaReader<'s> {
    fn open(stream: MediaSourceStream<'s>, options: FormatOptions) -> SymphoniaResult<Self> {
        let mut scanner = BlockScanner::new(stream)?;
        let Some(index) = BlockIndex::make(&mut scanner)? else { return unsupported_error("matroska: no Opus in it") };
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_OPUS).with_sample_rate(48_000);
        params.with_extra_data(index.stream.private.clone().into_boxed_slice());
        let mut track = Track::new(TRACK);
        track.with_codec_params(CodecParameters::Audio(params));
        track.with_num_frames(index.frames).with_duration(Duration::new(index.frames));
        if let Some(tick) = TimeBase::try_new(1, 48_000) {
            track.with_time_base(tick);
        }
        let tracks = [track];
        let mut metadata = options.external_data.metadata.unwrap_or_default();
        metadata.push(index.tags.clone());
        // The length of the track is the counted one; the length of the file is that of its header, if that is longer.
        let mut info = MediaInfo::new();
        if let Some(promised) = index.promised {
            info.with_duration(Duration::new(promised.max(index.frames)));
        }
        Ok(Self { scanner, info, index, tracks, metadata, waiting: VecDeque::new() })
    }

    /// Reads packets until some are waiting; false at the end.
    fn fill(&mut self) -> SymphoniaResult<bool> {
        while self.waiting.is_empty() {
            match self.scanner.next()? {
                ScannedElement::Block(_, packets) => self.waiting.extend(packets),
                ScannedElement::Description(..) => {}
                ScannedElement::End => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl FormatReader for MatroskaReader<'_> {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    fn media_info(&self) -> &MediaInfo {
        &self.info
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn seek(&mut self, _mode: SeekMode, to: SeekTo) -> SymphoniaResult<SeekedTo> {
        let SeekTo::Timestamp { ts, track_id: TRACK } = to else { return seek_error(SeekErrorKind::InvalidTrack) };
        let wanted = u64::try_from(ts.get()).unwrap_or(0);
        let (at, frame) = self.index.before(wanted);
        self.waiting.clear();
        self.scanner.jump(at, frame)?;
        while self.fill()? {
            match self.waiting.front() {
                Some(packet) if packet.frame + packet.frames <= wanted => drop(self.waiting.pop_front()),
                Some(packet) => {
                    let actual_ts = Timestamp::from(packet.frame as i64);
                    return Ok(SeekedTo { track_id: TRACK, required_ts: ts, actual_ts });
                }
                None => {}
            }
        }
        seek_error(SeekErrorKind::OutOfRange)
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn next_packet(&mut self) -> SymphoniaResult<Option<Packet>> {
        self.fill()?;
        Ok(self.waiting.pop_front().map(|packet| {
            PacketBuilder::new()
                .track_id(TRACK)
                .pts(Timestamp::from(packet.frame as i64))
                .dur(Duration::new(packet.frames - packet.trim))
                .trim_end(Duration::new(packet.trim))
                .data(packet.data)
                .build()
        }))
    }

    fn into_inner<'t>(self: Box<Self>) -> MediaSourceStream<'t>
    where
        Self: 't,
    {
        self.scanner.file
    }
}

impl Scoreable for MatroskaReader<'_> {
    fn score(_stream: ScopedStream<&mut MediaSourceStream<'_>>) -> SymphoniaResult<Score> {
        Ok(Score::Supported(255))
    }
}

impl<'s> ProbeableFormat<'s> for MatroskaReader<'_> {
    fn try_probe_new(
        stream: MediaSourceStream<'s>,
        options: FormatOptions,
    ) -> SymphoniaResult<Box<dyn FormatReader + 's>> {
        Ok(Box::new(MatroskaReader::open(stream, options)?))
    }

    fn probe_data() -> &'static [ProbeFormatData] {
        &[ProbeFormatData {
            spec: ProbeDataMatchSpec {
                extensions: &["webm", "mka", "mkv"],
                mime_types: &["audio/webm", "audio/x-matroska"],
                markers: &[b"\x1A\x45\xDF\xA3"],
            },
            info: INFO,
        }]
    }
}
