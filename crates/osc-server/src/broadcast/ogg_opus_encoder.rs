//! Encodes the sound of one connection: Opus in Ogg.

use crowd_engine::SampleRate;
use crowd_media::opus::{PacketEncoder, RATE};
use crowd_media::{Error, StreamResampler};
use crowd_streaming::opus::{LiveOgg, PACKETS_IN_PAGE};

/// The media type of the stream.
pub const CONTENT_TYPE: &str = "audio/ogg";

/// The number of samples in a packet.
const PACKET_SAMPLES: usize = 2 * PacketEncoder::FRAMES as usize;
/// The number of samples that the first packet leaves out, as [`LiveOgg`] requires.
const DELAY_SAMPLES: usize = 2 * PacketEncoder::DELAY as usize;

/// Whether sound of this rate can be encoded with this bit rate.
///
/// # Errors
/// The error of the encoder or of the resampler.
pub(super) fn check(rate: SampleRate, bit_rate: u32) -> Result<(), Error> {
    OggOpusEncoder::new(rate, bit_rate, 0, "").map(|_| ())
}

/// One Ogg stream. It begins with the first sound.
pub(super) struct OggOpusEncoder {
    resampler: StreamResampler,
    encoder: PacketEncoder,
    ogg: LiveOgg,
    name: String,
    /// The number of the next page.
    page: u64,
    /// Sound that is in no packet yet, interleaved, at [`RATE`].
    sound: Vec<f32>,
    /// The number of samples that still have to be left out at the beginning.
    skip: usize,
    /// The number of all samples of the stream, at [`RATE`].
    samples: u64,
    /// The packets that are in no page yet.
    packets: Vec<Vec<u8>>,
}

impl OggOpusEncoder {
    /// A stream with this serial number, of sound at `rate` Hz. Its title is the name of the station.
    ///
    /// # Errors
    /// When a rate is not possible.
    pub fn new(rate: SampleRate, bit_rate: u32, serial: u32, name: &str) -> Result<Self, Error> {
        Ok(Self {
            resampler: StreamResampler::new(rate.get(), RATE, 2)?,
            encoder: PacketEncoder::new(bit_rate)?,
            ogg: LiveOgg { serial },
            name: name.to_owned(),
            page: 0,
            sound: Vec::new(),
            skip: DELAY_SAMPLES,
            samples: 0,
            packets: Vec::new(),
        })
    }

    /// Encodes interleaved frames, and appends the pages that are complete to `out`.
    ///
    /// # Errors
    /// The error of the encoder or of the resampler.
    pub fn push(&mut self, sound: &[f32], out: &mut Vec<u8>) -> Result<(), Error> {
        let before = self.sound.len();
        self.resampler.push(sound, &mut self.sound)?;
        self.encode(before, out)
    }

    /// Encodes the rest, and appends the last page.
    ///
    /// # Errors
    /// The error of the encoder or of the resampler.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let before = self.sound.len();
        self.resampler.finish(&mut self.sound)?;
        self.encode(before, out)?;
        let (frames, written) = (self.samples / 2, self.page * PACKETS_IN_PAGE as u64 * PacketEncoder::FRAMES);
        while written + (self.packets.len() as u64) * PacketEncoder::FRAMES < frames {
            self.sound.resize(PACKET_SAMPLES, 0.0);
            self.encode_packets()?;
        }
        // The last page needs a packet.
        if self.packets.len() > PACKETS_IN_PAGE {
            self.write_page(out);
        }
        self.write_headers(out);
        let packets: Vec<&[u8]> = self.packets.iter().map(Vec::as_slice).collect();
        out.extend(self.ogg.last_page(self.page, &packets, frames));
        Ok(())
    }

    /// Encodes what was added to the sound after its first `before` samples.
    fn encode(&mut self, before: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        self.samples += (self.sound.len() - before) as u64;
        let skip = self.skip.min(self.sound.len());
        self.sound.drain(..skip);
        self.skip -= skip;
        self.encode_packets()?;
        while self.packets.len() >= PACKETS_IN_PAGE {
            self.write_page(out);
        }
        Ok(())
    }

    /// Writes the next page, if there are enough packets.
    fn write_page(&mut self, out: &mut Vec<u8>) {
        let Some((packets, _)) = self.packets.split_first_chunk::<PACKETS_IN_PAGE>() else { return };
        let page = self.ogg.page(self.page, &packets.each_ref().map(Vec::as_slice));
        self.write_headers(out);
        out.extend(page);
        self.packets.drain(..PACKETS_IN_PAGE);
        self.page += 1;
    }

    fn encode_packets(&mut self) -> Result<(), Error> {
        let mut done = 0;
        while let Some(samples) = self.sound.get(done..done + PACKET_SAMPLES) {
            let mut packet = Vec::new();
            self.encoder.encode(samples, false, &mut packet)?;
            self.packets.push(packet);
            done += PACKET_SAMPLES;
        }
        self.sound.drain(..done);
        Ok(())
    }

    /// Writes the headers before the first page.
    fn write_headers(&self, out: &mut Vec<u8>) {
        if self.page == 0 {
            out.extend(self.ogg.headers_with(0, &[("TITLE", &self.name)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(frames: usize, rate: SampleRate) -> Vec<f32> {
        let step = std::f32::consts::TAU * 440.0 / rate.get() as f32;
        (0..2 * frames).map(|n| 0.5 * ((n / 2) as f32 * step).sin()).collect()
    }

    fn decode(bytes: &[u8]) -> Vec<f32> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream.ogg");
        std::fs::write(&path, bytes).unwrap();
        let audio = crowd_media::open(&path, &crowd_media::DecodeOptions::default()).unwrap();
        assert_eq!(audio.sample_rate, RATE);
        audio.to_f32()
    }

    #[test]
    fn every_frame_of_the_sound_is_in_the_stream_at_its_place() {
        for (rate, frames) in [
            (SampleRate::DAT, 48_000 - 1),
            (SampleRate::DAT, 9_600),
            (SampleRate::DAT, 9_600 + 100),
            (SampleRate::DAT, 9_600 + 1_000),
            (SampleRate::DAT, 19_200),
            (SampleRate::DAT, 10),
            (SampleRate::CD, 44_100),
        ] {
            let mut encoder = OggOpusEncoder::new(rate, 192_000, 7, "x").unwrap();
            let mut stream = Vec::new();
            for piece in sound(frames, rate).chunks(2 * 1_000) {
                encoder.push(piece, &mut stream).unwrap();
            }
            encoder.finish(&mut stream).unwrap();
            let decoded = decode(&stream);
            let length = frames * RATE as usize / rate.get() as usize;
            assert_eq!(decoded.len(), 2 * length, "{frames} frames at {rate:?}");
            // The first 2.5 ms are not encoded.
            let from = 2 * 1_000;
            let expected = sound(length, SampleRate::DAT);
            let errors: Vec<f32> = decoded.iter().zip(&expected).skip(from).map(|(a, b)| (a - b).powi(2)).collect();
            let rms = (errors.iter().sum::<f32>() / errors.len().max(1) as f32).sqrt();
            // If it were one frame late, the RMS of the error would be 0.02.
            assert!(rms < 0.01, "{frames} frames at {rate:?}: {rms}");
        }
    }

    #[test]
    fn impossible_bit_rates_are_refused() {
        for bit_rate in [0, 47_999, 48_100, 510_400] {
            assert!(check(SampleRate::DAT, bit_rate).is_err(), "{bit_rate}");
        }
        assert!(check(SampleRate::CD, 192_000).is_ok());
    }
}
