//! Opus packets that are encoded segment by segment are one stream.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use common::station;
use crowd_engine::SampleRate;
use crowd_media::Reader;
use crowd_radio::encode::{OpusRange, ProgramSound};
use crowd_radio::manifest::Manifest;
use crowd_radio::program::{Program, WalkState};
use crowd_radio::sound::{ReadLimits, SoundCache};
use crowd_streaming::opus::{LiveOgg, PACKETS_IN_PAGE};

const PACKET: usize = 960;
const BIT_RATE: u32 = 96_000;
/// The number of packets, in pages of ten.
const PACKETS: u64 = 2_400;

fn decode(packets: &[Vec<u8>]) -> Vec<[f32; 2]> {
    let ogg = LiveOgg { serial: 1 };
    let mut bytes = ogg.headers(0);
    for (page, packets) in packets.chunks(PACKETS_IN_PAGE).enumerate() {
        let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
        bytes.extend(ogg.page(page as u64, packets.as_slice().try_into().unwrap()));
    }
    let mut reader = Reader::from_bytes("a.opus".as_ref(), Cursor::new(bytes)).unwrap();
    let mut sound = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        sound.extend(block.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
    }
    sound
}

/// The signal-to-noise ratio of packet `n`, in dB.
fn ratio(wanted: &[[f32; 2]], found: &[[f32; 2]], n: usize) -> f64 {
    let (mut signal, mut noise) = (1e-9, 1e-9);
    let range = n * PACKET..(n + 1) * PACKET;
    for (wanted, found) in wanted[range.clone()].as_flattened().iter().zip(found[range].as_flattened()) {
        signal += f64::from(wanted * wanted);
        noise += f64::from((wanted - found).powi(2));
    }
    10.0 * (signal / noise).log10()
}

/// The packets of a range, encoded in two steps.
fn packets(sound: &mut ProgramSound, range: Range<u64>) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut encoder = OpusRange::new(BIT_RATE, range.clone()).unwrap();
    encoder.encode(range.start + 20, sound, &mut packets).unwrap();
    encoder.encode(range.end, sound, &mut packets).unwrap();
    packets
}

#[test]
fn the_joints_of_segments_are_as_good_as_one_encoder() {
    let folder = tempfile::tempdir().unwrap();
    station::prepare(folder.path(), &[("a", 13), ("b", 9)], &[]);
    let manifest = Manifest::read(&folder.path().join("out")).unwrap();
    let plan = Arc::new(manifest.plan(Duration::ZERO).unwrap());
    let program = || Program::new(WalkState::default(), plan.clone());
    let sound = || ProgramSound::new(program(), SoundCache::new(SampleRate::DAT, ReadLimits::PATIENT));
    let wanted = sound().read(0..PACKETS * PACKET as u64).unwrap();
    let whole = packets(&mut sound(), 0..PACKETS);
    let continuous = decode(&whole);

    // Segments of 0.94 s, and of 2.5 s.
    for length in [47, 125] {
        let mut cut = Vec::new();
        let mut source = sound();
        let joints: Vec<u64> = (length..PACKETS).step_by(length as usize).collect();
        for start in (0..PACKETS).step_by(length as usize) {
            cut.extend(packets(&mut source, start..(start + length).min(PACKETS)));
        }
        assert_eq!(cut.len() as u64, PACKETS);
        let cut = decode(&cut);
        assert_eq!([cut.len(), continuous.len()], [wanted.len(); 2]);

        // The packets around each joint, against the same packets of the one encoder.
        let mut worst = f64::INFINITY;
        for offset in -3_i64..8 {
            let ratios: Vec<[f64; 2]> = joints
                .iter()
                .filter_map(|joint| joint.checked_add_signed(offset).filter(|packet| *packet < PACKETS))
                .map(|packet| [&cut, &continuous].map(|found| ratio(&wanted, found, packet as usize)))
                .collect();
            let mean = |of: usize| ratios.iter().map(|ratio| ratio[of]).sum::<f64>() / ratios.len() as f64;
            let change = mean(0) - mean(1);
            println!("{length} packets, {offset:+} from a joint: {:.2} dB, one encoder {:.2} dB", mean(0), mean(1));
            assert!(change > -0.5, "{length} packets, {offset:+} from a joint: {change:.2} dB");
            worst = ratios.iter().map(|ratio| ratio[0] - ratio[1]).fold(worst, f64::min);
        }
        // A single packet may be less good, by 5 dB here. It is then still better than packets with an onset.
        assert!(worst > -6.0, "{worst:.2} dB");
    }
}
