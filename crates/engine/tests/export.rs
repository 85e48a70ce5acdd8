//! The promises of an export of a track or an excerpt.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::f64::consts::PI;

use common::Noise;
use crowd_engine::export::{TimeMap, export, export_with_progress};
use crowd_engine::tempo::{BeatGrid, Mark};
use crowd_engine::{Bpm, Frames, Rate, SampleRate, StretchMethod, Track};

const RATE: f64 = 44_100.0;

fn keeping_pitch() -> impl Iterator<Item = StretchMethod> {
    StretchMethod::ALL.iter().copied().filter(|method| method.keeps_pitch())
}

fn track(seconds: f64, mut sound: impl FnMut(f64) -> f64) -> Track {
    let samples: Vec<f32> = (0..(seconds * RATE) as usize).map(|i| sound(i as f64 / RATE) as f32).collect();
    Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
}

fn bpm(bpm: f64) -> Bpm {
    Bpm::new(bpm).unwrap()
}

/// Music from 0.1 s on: numbers of beats, each with their tempo.
struct Drums(Vec<(u32, f64)>);

impl Drums {
    /// The beats, in seconds.
    fn beats(&self) -> Vec<f64> {
        let mut seconds = 0.1;
        let mut beat = |tempo: f64| {
            seconds += 60.0 / tempo;
            seconds - 60.0 / tempo
        };
        self.0.iter().flat_map(|(beats, tempo)| vec![*tempo; *beats as usize]).map(&mut beat).collect()
    }

    fn grid(&self) -> BeatGrid {
        let (beats, mut nth) = (self.beats(), 0);
        let mark = |&(count, tempo): &(u32, f64)| {
            nth += count as usize;
            Mark { seconds: beats[nth - count as usize], bpm: bpm(tempo), number: 1 }
        };
        BeatGrid::new(&self.0.iter().map(mark).collect::<Vec<_>>(), 4, SampleRate::CD).unwrap()
    }

    /// A click on every beat, over a steady tone and some noise.
    fn track(&self) -> Track {
        let (beats, mut noise) = (self.beats(), Noise(5));
        let seconds = beats[beats.len() - 1] + 0.4;
        track(seconds, |t| {
            let next = beats.partition_point(|beat| *beat < t);
            let near = [next.saturating_sub(1), next.min(beats.len() - 1)].map(|nth| t - beats[nth]);
            let click: f64 =
                near.iter().map(|d| (-0.5 * (d / 5e-4).powi(2)).exp() * (2.0 * PI * 8_000.0 * d).cos()).sum();
            0.4 * click + 0.1 * (2.0 * PI * 311.0 * t).sin() + 5e-4 * f64::from(noise.sample())
        })
    }
}

/// The position of the click near `frame`, in frames: the centre of the energy above the tone.
fn click(stereo: &[f32], frame: f64) -> f64 {
    let (mut sum, mut moment) = (0.0, 0.0);
    for i in (frame as usize).saturating_sub(600)..(frame as usize + 600).min(stereo.len() / 2 - 2) {
        let [a, b, c] = [0, 1, 2].map(|n| f64::from(stereo[2 * (i + n)]));
        let power = (a - 2.0 * b + c).powi(2);
        (sum, moment) = (sum + power, moment + power * (i + 1) as f64);
    }
    moment / sum
}

#[test]
fn a_whole_track_has_its_exact_length_and_is_untouched_at_speed_one() {
    let music = Drums(vec![(20, 124.0)]).track();
    for &method in StretchMethod::ALL {
        for speed in [0.917, 1.0, 1.083] {
            let time_map = TimeMap::whole(&music, Rate::new(speed).unwrap());
            let mut reported = 0;
            let out = export_with_progress(&music, method, &time_map, |Frames(more)| reported += more);
            let wanted = (music.frames().0 as f64 / speed).round() as u64;
            assert_eq!((out.len() as u64, reported), (2 * wanted, wanted), "{method} at {speed}");
            if speed == 1.0 {
                assert!(same(&music, 0, &out), "{method}");
            }
        }
    }
}

/// Whether `stereo` has the samples of the track from `frame` on.
fn same(track: &Track, frame: i64, stereo: &[f32]) -> bool {
    let (mut left, mut right) = (vec![0.0; stereo.len() / 2], vec![0.0; stereo.len() / 2]);
    track.read(frame, [&mut left, &mut right]);
    stereo.as_chunks::<2>().0.iter().zip(left.iter().zip(&right)).all(|(frame, (l, r))| frame == &[*l, *r])
}

#[test]
fn an_excerpt_begins_at_its_frame_and_does_not_depend_on_music_long_before_it() {
    let music = Drums(vec![(40, 124.0)]).track();
    let time_map = TimeMap::steady(Frames(300_001), Rate::new(0.97).unwrap(), Frames(200_000));
    // The same excerpt of the track without its beginning.
    let (mut left, mut right) = (vec![0.0; 500_000], vec![0.0; 500_000]);
    music.read(256_000, [&mut left, &mut right]);
    let first = left[300_001 - 256_000];
    let rest = Track::from_interleaved(left, SampleRate::CD, 1).unwrap();
    for &method in StretchMethod::ALL {
        let out = export(&music, method, &time_map);
        assert!((out[0] - first).abs() < 1e-3, "{method}: {} for {first}", out[0]);
        assert!(out == export(&rest, method, &time_map.clone().moved(-256_000)), "{method}");
    }
}

#[test]
fn an_excerpt_at_its_original_tempo_is_the_track_bit_for_bit() {
    let drums = Drums(vec![(60, 123.456)]);
    let (music, grid) = (drums.track(), drums.grid());
    let time_map = TimeMap::on_beats(&grid, 100_000.0..grid.frame_at(40.3), bpm(123.456), SampleRate::CD).unwrap();
    for &method in StretchMethod::ALL {
        assert!(time_map.is_bypass() && same(&music, 100_000, &export(&music, method, &time_map)), "{method}");
    }
}

#[test]
fn beats_of_a_varying_tempo_become_evenly_spaced() {
    for drums in [
        Drums(vec![(30, 120.0), (40, 123.0)]),
        Drums(vec![(24, 118.0), (16, 126.0), (30, 121.3)]),
        Drums((0..70).map(|nth| (1, 120.0 + 2.0 * f64::from(nth).sin())).collect()),
    ] {
        let (music, grid) = (drums.track(), drums.grid());
        let beat = 60.0 * RATE / 122.5;
        let time_map =
            TimeMap::on_beats(&grid, grid.frame_at(2.5)..grid.frame_at(66.5), bpm(122.5), SampleRate::CD).unwrap();
        assert_eq!(time_map.frames().0, (64.0 * beat).round() as u64);
        for method in keeping_pitch() {
            let out = export(&music, method, &time_map);
            for nth in 0..64 {
                let expected = (f64::from(nth) + 0.5) * beat;
                let off = (click(&out, expected) - expected) / RATE * 1e3;
                assert!(off.abs() < 0.3, "{method}: beat {nth} is {off:.2} ms off");
            }
        }
    }
}

#[test]
fn attacks_are_heard_on_time_at_every_speed() {
    let drums = Drums(vec![(40, 122.0)]);
    let (music, grid) = (drums.track(), drums.grid());
    for target in [86.0, 110.0, 118.0, 130.0, 172.0] {
        let beat = 60.0 * RATE / target;
        let span = grid.frame_at(2.5)..grid.frame_at(38.5);
        let time_map = TimeMap::on_beats(&grid, span, bpm(target), SampleRate::CD).unwrap();
        for method in keeping_pitch() {
            let out = export(&music, method, &time_map);
            let off = |nth: i32| click(&out, (f64::from(nth) + 0.5) * beat) - (f64::from(nth) + 0.5) * beat;
            let worst = (0..36).map(|nth| off(nth).abs()).fold(0.0, f64::max) / RATE * 1e3;
            assert!(worst < 0.35, "{method} to {target} BPM: {worst:.2} ms");
        }
    }
}

#[test]
fn a_steady_tone_stays_one_tone_for_a_minute() {
    let music = Drums(vec![(120, 120.0)]).track();
    for (method, least) in [(StretchMethod::Hq, 60.0), (StretchMethod::Wsola, 40.0)] {
        let out = export(&music, method, &TimeMap::whole(&music, Rate::new(1.02).unwrap()));
        let left: Vec<f64> = out.as_chunks::<2>().0.iter().map(|frame| f64::from(frame[0])).collect();
        // The spectrum of the whole minute has one line, which any step of the phase would widen.
        let level = |hertz: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in left.iter().enumerate() {
                let window = 0.5 - 0.5 * (2.0 * PI * i as f64 / left.len() as f64).cos();
                let (sin, cos) = (2.0 * PI * hertz * i as f64 / RATE).sin_cos();
                (re, im) = (re + x * window * cos, im + x * window * sin);
            }
            10.0 * f64::log10(re * re + im * im)
        };
        for beside in [0.2, 0.5, 1.0] {
            let clear = level(311.0) - level(311.0 - beside).max(level(311.0 + beside));
            assert!(clear > least, "{method}: {clear:.1} dB at {beside} Hz");
        }
    }
}
