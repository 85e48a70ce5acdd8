//! Tests of the joins between connections.

use super::*;
use crate::provider::event::{PcmFormat, SourceMetadata};

const FORMAT: PcmFormat = PcmFormat { sample_rate: 48_000, channels: 2 };

/// A chunk whose left or right samples count up from a frame.
fn chunk(from: u64, frames: u64, right: bool) -> AudioChunk {
    let value = |frame: u64| i16::try_from(1_000 + frame % 20_000).unwrap();
    let pcm = (from..from + frames).flat_map(|frame| if right { [0, value(frame)] } else { [value(frame), 0] });
    let starts_anew = from == 0;
    AudioChunk { pcm: pcm.collect(), format: FORMAT, frame: from, starts_anew, source: SourceMetadata::default() }
}

/// All that can be taken: the samples, and where they start anew. Frames are counted without a gap.
fn all(output: &mut Output, next: &mut u64) -> (Vec<i16>, Vec<u64>) {
    let (mut pcm, mut anew) = (Vec::new(), Vec::new());
    while let Some(chunk) = output.take() {
        assert_eq!(chunk.frame, *next);
        *next += chunk.frames() as u64;
        if chunk.starts_anew {
            anew.push(chunk.frame);
        }
        pcm.extend(chunk.pcm);
    }
    (pcm, anew)
}

#[test]
fn two_connections_are_joined_in_the_same_frame_however_their_chunks_are_cut() {
    for (a, b, fade) in [(100, 100, 400), (100, 70, 333), (7, 250, 256), (1, 1, 1), (64, 1_000, 100)] {
        let mut output = Output::new(fade as usize);
        let mut next = 0;
        output.add(1);
        output.add(2);
        output.push(1, chunk(0, 500, false));
        let (mut pcm, mut anew) = all(&mut output, &mut next);
        for index in 0..1_000_u64.div_ceil(b) {
            output.push(2, chunk(index * b, b, true));
        }
        for index in 0..600_u64.div_ceil(a) {
            output.push(1, chunk(500 + index * a, a, false));
        }
        let (more, again) = all(&mut output, &mut next);
        pcm.extend(more);
        anew.extend(again);
        assert_eq!(anew, [0]);
        assert!(!output.has(1) && output.has(2) && !output.is_fading());
        for (frame, samples) in (0_u64..).zip(pcm.chunks(2)) {
            let (left, right) = match frame.checked_sub(500) {
                None => (chunk(frame, 1, false).pcm[0], 0),
                Some(at) if at < fade => {
                    let angle = (at as f64 + 0.5) / fade as f64 * std::f64::consts::FRAC_PI_2;
                    let (from, to) = (chunk(frame, 1, false).pcm[0], chunk(at, 1, true).pcm[1]);
                    let scaled = |value: i16, gain: f64| (f64::from(value) * gain).round() as i16;
                    (scaled(from, angle.cos()), scaled(to, angle.sin()))
                }
                Some(at) => (0, chunk(at, 1, true).pcm[1]),
            };
            assert_eq!(samples, [left, right], "frame {frame} with chunks of {a} and {b}");
        }
        assert_eq!(next, 500 + 1_000_u64.div_ceil(b) * b);
    }
}

#[test]
fn what_arrived_before_an_end_is_heard_and_the_next_connection_starts_anew() {
    let mut output = Output::new(100);
    let mut next = 0;
    output.add(1);
    output.push(1, chunk(0, 150, false));
    output.end(1);
    output.add(2);
    output.push(2, chunk(0, 300, true));
    let (pcm, anew) = all(&mut output, &mut next);
    assert_eq!((pcm.len() / 2, anew), (450, vec![0, 150]));
}

#[test]
fn an_end_within_a_crossfade_starts_anew() {
    // The first one ends: the second is alone.
    let mut output = Output::new(100);
    let mut next = 0;
    output.add(1);
    output.add(2);
    output.push(2, chunk(0, 300, true));
    output.push(1, chunk(0, 50, false));
    assert_eq!(all(&mut output, &mut next).1, [0]);
    assert!(output.is_fading());
    output.end(1);
    let (pcm, anew) = all(&mut output, &mut next);
    assert_eq!((anew, pcm[1], next), (vec![50], 1_050, 300));
    // The second one ends: the first is as it was.
    output.add(3);
    output.push(3, chunk(0, 100, false));
    output.push(2, chunk(300, 50, true));
    all(&mut output, &mut next);
    assert!(output.is_fading());
    output.push(2, chunk(350, 50, true));
    output.end(3);
    let (pcm, anew) = all(&mut output, &mut next);
    assert_eq!((anew, pcm[1], next), (vec![350], 1_350, 400));
}
