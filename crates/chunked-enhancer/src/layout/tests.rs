#![allow(clippy::unwrap_used)]

use crowd_media::pcm;
use proptest::prelude::*;

use super::*;

/// The file's bytes `range`, put together from chunks of `pcm`.
fn read(layout: &Layout, grid: &Grid, pcm: &[u8], range: Range<u64>) -> Vec<u8> {
    make(layout, grid, pcm, layout.parts(range).unwrap())
}

fn make(layout: &Layout, grid: &Grid, pcm: &[u8], parts: Vec<Part>) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        let before = out.len() as u64;
        let wanted = match part {
            Part::Header(bytes) => {
                out.extend(&layout.header()[bytes.clone()]);
                bytes.len() as u64
            }
            Part::Pcm(bytes) => {
                out.extend(chunks(layout, grid, pcm, bytes.clone()).flatten());
                bytes.end - bytes.start
            }
            Part::Coded(segment) => {
                let mut coder = layout.coder(&segment).unwrap();
                let mut coded = Vec::new();
                for bytes in chunks(layout, grid, pcm, segment.pcm).flat_map(|chunk| chunk.chunks(10_001)) {
                    coder.push(bytes, &mut coded).unwrap();
                    if coded.len() as u64 >= segment.bytes.end {
                        break;
                    }
                }
                let end = segment.bytes.end.min(coded.len() as u64);
                out.extend(&coded[segment.bytes.start as usize..end as usize]);
                end - segment.bytes.start
            }
        };
        assert!(wanted > 0);
        assert_eq!(out.len() as u64 - before, wanted);
    }
    out
}

/// These bytes of `pcm`, found chunk by chunk.
fn chunks<'a>(layout: &Layout, grid: &Grid, pcm: &'a [u8], bytes: Range<u64>) -> impl Iterator<Item = &'a [u8]> {
    let (grid, frame_bytes) = (*grid, layout.frame_bytes());
    pieces(&grid, frame_bytes, bytes).map(move |piece| {
        let span = grid.span(piece.chunk).unwrap();
        let chunk = &pcm[(span.start * frame_bytes) as usize..(span.end * frame_bytes) as usize];
        &chunk[piece.bytes.start as usize..piece.bytes.end as usize]
    })
}

/// A random cut of the whole, and `ranges` random ranges of it, are those of `file`.
fn check(layout: &Layout, grid: &Grid, pcm: &[u8], file: &[u8], ranges: usize, state: &mut u64) {
    let len = layout.bytes().unwrap();
    assert_eq!(len, file.len() as u64);
    for _ in 0..ranges {
        let start = random(state, len + 9);
        let end = start + random(state, len + 9);
        let expected = &file[(start as usize).min(file.len())..(end as usize).min(file.len())];
        assert!(read(layout, grid, pcm, start..end) == expected, "{start}..{end}");
    }
    let (mut at, mut joined) = (0, Vec::new());
    while at < len {
        let end = at + random(state, len / 8) + 1;
        joined.extend(read(layout, grid, pcm, at..end));
        at = end;
    }
    assert!(joined == file);
}

fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 20) % below
}

#[test]
fn a_thousand_ranges_of_a_wav_are_those_of_the_file() {
    let rate = SampleRate::new(8_000).unwrap();
    let frames = Frames(8_000 * 70 + 123);
    let grid = Grid::standard(frames, rate);
    for depth in [Depth::I16, Depth::I24, Depth::F32] {
        let layout = Layout::wav(rate, frames, depth).unwrap();
        let spec = wav::Spec::new(rate.get(), CHANNELS, depth);
        let mut state = 1;
        let samples: Vec<f32> = (0..2 * frames.0).map(|_| random(&mut state, 999) as f32 / 999.0).collect();
        let mut writer = wav::Writer::new(std::io::Cursor::new(Vec::new()), spec).unwrap();
        writer.write_f32(&samples).unwrap();
        let file = writer.finish().unwrap().into_inner();
        let pcm = &file[layout.header().len()..];
        check(&layout, &grid, pcm, &file, 1_000, &mut state);
        assert_eq!(layout.whole(), layout.parts(0..u64::MAX).unwrap());
        assert!(layout.coder(&Segment { index: 0, pcm: 0..0, bytes: 0..0 }).is_err());
    }
}

/// A tone and its overtones, packed.
fn tone(frames: u64, depth: Depth) -> Vec<u8> {
    let samples: Vec<f32> =
        (0..2 * frames).map(|n| (n as f32 / 40.0).sin() * 0.5 + (n as f32 / 7.0).sin() * 0.2).collect();
    let mut packed = Vec::new();
    pcm::pack(&samples, depth, &mut packed);
    packed
}

#[test]
fn ranges_of_an_opus_are_those_of_the_file_whichever_is_made_first() {
    let rate = SampleRate::CD;
    let frames = Frames(44_100 * 23 + 77);
    let grid = Grid::standard(frames, rate);
    let pcm = tone(frames.0, Depth::I24);
    let layout = Layout::opus(rate, frames, Depth::I24, 96_000, 7, &Tags::default()).unwrap();
    let file = make(&layout, &grid, &pcm, layout.whole());
    check(&layout, &grid, &pcm, &file, 12, &mut 5);
}

#[test]
fn a_flac_has_no_ranges_and_decodes_to_the_waves_samples() {
    let rate = SampleRate::new(12_345).unwrap();
    let frames = Frames(12_345 * 40 + 5);
    let grid = Grid::standard(frames, rate);
    for depth in [Depth::I16, Depth::I24] {
        let pcm = tone(frames.0, depth);
        let layout = Layout::flac(rate, frames, depth, &Tags::default()).unwrap();
        assert_eq!((layout.bytes(), layout.parts(0..1)), (None, None));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("made.flac");
        std::fs::write(&path, make(&layout, &grid, &pcm, layout.whole())).unwrap();
        let decoded = crowd_media::open(&path, &crowd_media::DecodeOptions::default()).unwrap();
        assert!(decoded.warnings.is_empty(), "{:?}", decoded.warnings);
        let mut again = Vec::new();
        pcm::pack(&decoded.to_f32(), depth, &mut again);
        assert!(again == pcm);
    }
    assert!(Layout::flac(rate, frames, Depth::F32, &Tags::default()).is_err());
}

proptest! {
    #[test]
    fn pieces_follow_each_other_and_are_none_behind_the_end(
        frames in 0u64..300_000, start in 0u64..2_000_000, length in 0u64..2_000_000,
    ) {
        let grid = Grid::standard(Frames(frames), SampleRate::new(8_000).unwrap());
        let mut at = start;
        for piece in pieces(&grid, 6, start..start + length) {
            let span = grid.span(piece.chunk).unwrap();
            prop_assert_eq!(span.start * 6 + piece.bytes.start, at);
            prop_assert!(!piece.bytes.is_empty() && piece.bytes.end <= (span.end - span.start) * 6);
            at += piece.bytes.end - piece.bytes.start;
        }
        prop_assert_eq!(at, (start + length).min(frames * 6).max(start));
    }
}
