//! ffmpeg decodes every container to the exact number of frames. The tests need ffmpeg.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use crowd_media::opus::PacketEncoder;
use crowd_media::{AudioSpec, SampleFormat, Tags, flac::BlockEncoder, pcm};
use crowd_streaming::aac::{AacEncoder, AacFrame, AacRate, AacSettings};
use crowd_streaming::opus::{LiveOgg, PACKET, PACKETS_IN_PAGE};
use crowd_streaming::{AdtsSegment, MediaSample, MediaSegment, Mp4Track, TsSegment};

/// A stereo sine with a slow change of level.
fn sound(frames: usize) -> Vec<[f32; 2]> {
    let tone = |frame: usize, hertz: f64| (frame as f64 * hertz / 48_000.0 * std::f64::consts::TAU).sin() as f32;
    (0..frames).map(|n| [0.3 * tone(n, 440.0), 0.2 * tone(n, 660.0) + 0.05 * tone(n, 5_000.0)]).collect()
}

/// The number of frames that ffmpeg decodes. Warnings count as failures.
fn decoded_frames(file: &Path) -> usize {
    let decoded = Command::new("ffmpeg")
        .args(["-v", "warning", "-i"])
        .arg(file)
        .args(["-f", "f32le", "-ac", "2", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&decoded.stderr);
    // ADTS never states its duration.
    let warnings: Vec<&str> = text.lines().filter(|line| !line.contains("Estimating duration from bitrate")).collect();
    assert_eq!(warnings, Vec::<&str>::new(), "{}", file.display());
    decoded.stdout.len() / 8
}

fn aac_frames(settings: AacSettings, count: usize) -> Vec<AacFrame> {
    let mut encoder = AacEncoder::new(settings).unwrap();
    let mut frames = Vec::new();
    for block in sound(count * 1_024).chunks(1_024) {
        let block: Vec<[i16; 2]> = block.iter().map(|frame| frame.map(|sample| (sample * 32_767.0) as i16)).collect();
        frames.extend(encoder.encode(&block).unwrap());
    }
    frames.extend(encoder.finish().unwrap());
    assert_eq!(frames.len(), count);
    frames
}

fn opus_packets(count: usize) -> Vec<Vec<u8>> {
    let mut encoder = PacketEncoder::new(96_000).unwrap();
    let encode = |block: &[[f32; 2]]| {
        let mut packet = Vec::new();
        encoder.encode(block.as_flattened(), false, &mut packet).unwrap();
        packet
    };
    sound(count * PACKET as usize).chunks(PACKET as usize).map(encode).collect()
}

/// Writes an initialization segment and media segments of these frames, and returns the number of frames that ffmpeg decodes.
fn decoded_from_mp4(track: &Mp4Track, frames: &[(&[u8], u32)], in_segment: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = track.initialization_segment();
    let mut start = 0;
    for (number, frames) in frames.chunks(in_segment).enumerate() {
        let samples: Vec<MediaSample> = frames
            .iter()
            .map(|(bytes, duration)| MediaSample { bytes: bytes.len() as u32, duration: *duration })
            .collect();
        let data: Vec<u8> = frames.iter().flat_map(|(bytes, _)| bytes.to_vec()).collect();
        bytes.extend(MediaSegment { number: number as u32, start, samples: &samples, data: &data }.bytes().unwrap());
        start += samples.iter().map(|sample| u64::from(sample.duration)).sum::<u64>();
    }
    let file = folder.path().join("stream.mp4");
    fs::write(&file, bytes).unwrap();
    decoded_frames(&file)
}

#[test]
fn aac_in_transport_streams_packed_audio_and_mp4() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, bit_rate) in [(AacRate::Hz48000, 64_000), (AacRate::Hz48000, 320_000), (AacRate::Hz44100, 128_000)] {
        let settings = AacSettings { rate, bit_rate };
        let frames = aac_frames(settings, 300);
        let (mut ts, mut adts) = (Vec::new(), Vec::new());
        for (number, part) in frames.chunks(100).enumerate() {
            let first_frame = 100 * number as u64;
            let bytes =
                TsSegment { number: number as u64, first_frame, rate, title: "Title", frames: part }.bytes().unwrap();
            assert!(bytes.len() as u64 <= TsSegment::max_bytes(settings, 100));
            ts.extend(bytes);
            let bytes = AdtsSegment { first_frame, rate, title: Some("A title"), frames: part }.bytes().unwrap();
            assert!(bytes.len() as u64 <= AdtsSegment::max_bytes(settings, 100));
            // A file has one tag, at its beginning.
            adts.extend(&bytes[if number == 0 { 0 } else { 10 + 63 + 11 + 7 }..]);
        }
        for (name, bytes) in [("a.ts", ts), ("a.aac", adts)] {
            fs::write(folder.path().join(name), bytes).unwrap();
            assert_eq!(decoded_frames(&folder.path().join(name)), 300 * 1_024, "{name} {bit_rate}");
        }
        let samples: Vec<(&[u8], u32)> = frames.iter().map(|frame| (frame.bytes(), 1_024)).collect();
        assert_eq!(decoded_from_mp4(&Mp4Track::aac(settings), &samples, 100), 300 * 1_024);
    }
}

#[test]
fn flac_in_mp4() {
    let spec = AudioSpec::new(48_000, 2, SampleFormat::I16);
    let encoder = BlockEncoder::live(spec, &Tags::default()).unwrap();
    let (mut packed, mut data, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    pcm::pack(sound(20 * 4_096).as_flattened(), SampleFormat::I16, &mut packed);
    // The station has played for 1.8 years.
    let first = 666_000_000 * 4_096;
    encoder
        .encode_each(first, &packed, &mut data, |bytes, frames| sizes.push((bytes as usize, frames as u32)))
        .unwrap();
    let mut rest = &data[..];
    let mut samples = Vec::new();
    for (bytes, frames) in sizes {
        samples.push((&rest[..bytes], frames));
        rest = &rest[bytes..];
    }
    let track = Mp4Track::flac(encoder.header()).unwrap();
    assert_eq!(track.frames(), None);
    assert_eq!(decoded_from_mp4(&track, &samples, 7), 20 * 4_096);
}

#[test]
fn opus_in_mp4_and_in_ogg() {
    let packets = opus_packets(100);
    let samples: Vec<(&[u8], u32)> = packets.iter().map(|packet| (packet.as_slice(), PACKET)).collect();
    assert_eq!(decoded_from_mp4(&Mp4Track::opus(), &samples, 33), 96_000);

    // A listener who joins at page 5,000,000.
    let folder = tempfile::tempdir().unwrap();
    let (ogg, first) = (LiveOgg { serial: 3 }, 5_000_000);
    let mut bytes = ogg.headers(first);
    for (page, packets) in packets.chunks(PACKETS_IN_PAGE).enumerate() {
        let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
        bytes.extend(ogg.page(first + page as u64, packets.as_slice().try_into().unwrap()));
    }
    let file = folder.path().join("live.ogg");
    fs::write(&file, bytes).unwrap();
    assert_eq!(decoded_frames(&file), 96_000);
}
