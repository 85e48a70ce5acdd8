//! The sound of renditions: loudness, true peak, and chunks that are the same in any order.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crowd_engine::chunk::{ChunkGrid, ChunkProcessor, Chunked};
use crowd_engine::feed::{FileInput, Input};
use crowd_engine::{Frames, SampleRate};
use crowd_library::{ContentIndex, MusicFile};
use crowd_mastering::loudness::GainBound;
use crowd_mastering::measure::Error;
use crowd_media::loudness::{Loudness, Meter};
use crowd_media::{Audio, SampleFormat, Samples, wav};
use enhance_server::analysis::{self, ProbedTrack};
use enhance_server::master::{Enhancer, ResolvedTreatment, resolve_by_all, resolve_by_probes};
use enhance_server::preset::{Intensity, Preset, Treatment};

static GO: AtomicBool = AtomicBool::new(false);

fn loudness(rate: u32, sound: &[[f32; 2]]) -> Loudness {
    let mut meter = Meter::new(rate, 2, 0).unwrap();
    sound.chunks(4_096).for_each(|block| meter.push(block.as_flattened()).unwrap());
    meter.read()
}

/// The rendition of a whole file, made in chunks from first to last.
fn make(path: &Path, resolved: &ResolvedTreatment, bits: Option<u32>) -> (SampleRate, Vec<[f32; 2]>) {
    let (input, shape) = FileInput::open(path, None).unwrap();
    let enhancer = Enhancer::new(resolved, shape.sample_rate, input.bits(), bits).unwrap();
    let grid = ChunkGrid::standard(shape.frames, shape.sample_rate);
    let mut chunked = Chunked::new(enhancer, input, grid, Frames(0));
    let mut frames = Vec::new();
    for index in 0..grid.chunks() {
        chunked
            .make(index, |block| {
                frames.extend_from_slice(block);
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    (shape.sample_rate, frames)
}

fn treatment(preset: Preset, intensity: f32) -> Treatment {
    Treatment { preset, intensity: Intensity::try_from(intensity).unwrap() }
}

/// The files to measure with.
fn music() -> Vec<PathBuf> {
    let music = PathBuf::from(std::env::var_os("MUSIC").unwrap());
    if !music.is_dir() {
        return vec![music];
    }
    let mut files: Vec<_> = std::fs::read_dir(music).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn open(path: &Path) -> MusicFile {
    ContentIndex::default().open(path).unwrap()
}

/// `MUSIC=folder-or-file cargo test --release -p enhance-server --test sound -- --ignored --nocapture figures`
#[test]
#[ignore = "a measurement"]
fn figures() {
    for path in music() {
        let start = Instant::now();
        let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
        let read = start.elapsed();
        let start = Instant::now();
        resolve_by_probes(&probes, &Treatment::default(), &GO).unwrap();
        let resolve = start.elapsed();
        let start = Instant::now();
        let full = analysis::full(&open(&path), &GO).unwrap();
        let whole = start.elapsed();
        println!("{} {read:.0?} {resolve:.0?} {whole:.0?}\n  {:?}\n  {full:?}", path.display(), probes.analysis);
        for (preset, intensity) in Preset::ALL.map(|preset| (preset, 1.0)).into_iter().chain([(Preset::Warm, 0.5)]) {
            let treatment = treatment(preset, intensity);
            let quick = resolve_by_probes(&probes, &treatment, &GO).unwrap();
            let by_all = resolve_by_all(&open(&path), &full, &treatment, &GO).unwrap();
            let start = Instant::now();
            let (rate, sound) = make(&path, &quick, Some(16));
            let made = start.elapsed().as_secs_f64();
            let times = sound.len() as f64 / f64::from(rate.get()) / made;
            let off = |resolved: &ResolvedTreatment, loudness: Loudness| {
                format!(
                    "{:+.2} (off forecast {:+.2}) {:.2} dBTP",
                    loudness.integrated_lufs - preset.values().target_lufs,
                    loudness.integrated_lufs - resolved.predicted_lufs.unwrap(),
                    loudness.true_peak_dbtp
                )
            };
            println!(
                "  {preset} {intensity}: gain {:+.2}/{:+.2} quick {}, full {}; {times:.0} x",
                quick.settings.make_up_db,
                by_all.settings.make_up_db,
                off(&quick, loudness(rate.get(), &sound)),
                off(&by_all, loudness(rate.get(), &make(&path, &by_all, None).1)),
            );
        }
    }
}

/// `MUSIC=folder-or-file cargo test --release -p enhance-server --test sound -- --ignored --nocapture probes`
#[test]
#[ignore = "a measurement"]
fn probes_beside_all() {
    let mut bands: [Vec<f64>; 5] = Default::default();
    let (mut off, mut crests, mut ranges, mut times) = (vec![], vec![], vec![], vec![]);
    for path in music() {
        let start = Instant::now();
        let Ok(probes) = ProbedTrack::read(&open(&path), &GO) else { continue };
        resolve_by_probes(&probes, &Treatment::default(), &GO).unwrap();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let quick = &probes.analysis.sound;
        let full = analysis::full(&open(&path), &GO).unwrap();
        let (Some(a), Some(b)) = (quick.integrated_lufs, full.sound.integrated_lufs) else { continue };
        off.push((a - b).abs());
        bands.iter_mut().zip(quick.bands_db).for_each(|(all, band)| all.extend(band));
        crests.extend(quick.crest_db);
        ranges.push(quick.range_lu);
        println!("{}: {:+.2} LU, {:.0} ms", path.display(), a - b, times.last().unwrap());
    }
    for (what, mut numbers) in [("LU off", off), ("crest", crests), ("range", ranges), ("ms", times)]
        .into_iter()
        .chain(bands.map(|band| ("band", band)))
    {
        numbers.sort_by(f64::total_cmp);
        let at = |share: f64| numbers[((numbers.len() - 1) as f64 * share) as usize];
        println!("{what}: median {:.2}, 10 % {:.2}, 90 % {:.2}, most {:.2}", at(0.5), at(0.1), at(0.9), at(1.0));
    }
}

/// Music with a quiet start and a loud entry, in any number of channels.
fn write(path: &Path, rate: u32, seconds: u32, channels: u16) {
    let mut seed = 1u32;
    let samples = (0..rate * seconds).flat_map(|n| {
        let t = f64::from(n) / f64::from(rate);
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(seed) / f64::from(u32::MAX) - 0.5;
        let hit = (-(t % 0.5) * 20.0).exp() * noise;
        let tone = |hz: f64| (std::f64::consts::TAU * hz * t).sin();
        let level = if t < 4.0 { 0.1 } else { 1.0 };
        let sound = level * (0.2 * tone(55.0) + 0.08 * (tone(440.0) + tone(659.3)) + 0.4 * hit);
        (0..channels).map(move |channel| ((sound + 0.05 * f64::from(channel) * noise) * 32_767.0) as i16)
    });
    let audio = Audio::new(Samples::I16(samples.collect()), rate, channels).unwrap();
    wav::write(path, &audio, SampleFormat::I16).unwrap();
}

#[test]
fn every_preset_is_as_loud_as_it_says_and_under_its_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("music.wav");
    write(&path, 44_100, 20, 2);
    let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
    let full = analysis::full(&open(&path), &GO).unwrap();
    let apart = probes.analysis.sound.integrated_lufs.unwrap() - full.sound.integrated_lufs.unwrap();
    assert!(apart.abs() < 0.35, "quick is {apart} LU off");
    for (preset, intensity) in Preset::ALL.into_iter().flat_map(|preset| [(preset, 1.0), (preset, 0.3)]) {
        let treatment = treatment(preset, intensity);
        let quick = resolve_by_probes(&probes, &treatment, &GO).unwrap();
        let by_all = resolve_by_all(&open(&path), &full, &treatment, &GO).unwrap();
        for (resolved, within) in [(quick, 0.5), (by_all, 0.2)] {
            let (rate, sound) = make(&path, &resolved, Some(16));
            let loudness = loudness(rate.get(), &sound);
            let off = loudness.integrated_lufs - preset.values().target_lufs;
            assert!(off.abs() < within, "{preset} {intensity}: {off} LU off, {resolved:?}");
            assert!(loudness.true_peak_dbtp <= -0.9, "{preset} {intensity}: {} dBTP", loudness.true_peak_dbtp);
        }
    }
}

/// The frames of one chunk, made from the file alone.
fn chunk(path: &Path, resolved: &ResolvedTreatment, index: usize) -> Vec<[f32; 2]> {
    let (input, shape) = FileInput::open(path, None).unwrap();
    let enhancer = Enhancer::new(resolved, shape.sample_rate, input.bits(), Some(16)).unwrap();
    let grid = ChunkGrid::standard(shape.frames, shape.sample_rate);
    let mut frames = Vec::new();
    Chunked::new(enhancer, input, grid, Frames(0))
        .make(index, |block| {
            frames.extend_from_slice(block);
            ControlFlow::Continue(())
        })
        .unwrap();
    frames
}

#[test]
fn a_chunk_made_alone_is_that_of_the_whole_run_bit_for_bit_with_every_preset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("music.wav");
    for (n, preset) in Preset::ALL.into_iter().enumerate() {
        let rate = [8_000, 48_000, 22_050, 44_100, 96_000, 32_000][n];
        write(&path, rate, 65, 1 + n as u16 % 2);
        let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
        let resolved = resolve_by_probes(&probes, &treatment(preset, [1.0, 0.5][n / 3]), &GO).unwrap();
        let (_, whole) = make(&path, &resolved, Some(16));
        assert_eq!(whole.len() as u64, u64::from(rate) * 65);
        let mut at = whole.len();
        for index in (0..4).rev() {
            let alone = chunk(&path, &resolved, index);
            at -= alone.len();
            assert!(alone == whole[at..at + alone.len()], "{preset} at {rate} Hz, chunk {index}");
        }
        assert_eq!(at, 0);
    }
}

/// `MUSIC=file cargo test --release -p enhance-server --test sound -- --ignored --nocapture seams`
#[test]
#[ignore = "a measurement"]
fn seams() {
    let path = PathBuf::from(std::env::var_os("MUSIC").unwrap());
    let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
    let mut seed = 7u64;
    for preset in Preset::ALL {
        let resolved = resolve_by_probes(&probes, &treatment(preset, 1.0), &GO).unwrap();
        let (rate, whole) = make(&path, &resolved, None);
        let (mut input, shape) = FileInput::open(&path, None).unwrap();
        let chain = Enhancer::new(&resolved, rate, None, None).unwrap();
        let (latency, memory) = (chain.latency().0, chain.memory().0);
        let (mut differ, mut slowest, mut far) = (0, 0.0f64, 0);
        let seeks = 200;
        for _ in 0..seeks {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let first = (seed >> 33) % (shape.frames.0 / 4_096) * 4_096;
            let start = Instant::now();
            let mut run = chain.clone();
            let from = first.saturating_sub(memory) / 4_096 * 4_096;
            far += u64::from(from > 0);
            input.seek(from).unwrap();
            let (mut at, mut got) = (from, Vec::new());
            let mut block = Vec::new();
            while got.len() < 8_192 && at < shape.frames.0 {
                block.clear();
                if !input.read(&mut block).unwrap() {
                    break;
                }
                run.process(Frames(at), &mut block);
                at += block.len() as u64;
                let skip = (first + latency).saturating_sub(at - block.len() as u64).min(block.len() as u64);
                got.extend_from_slice(&block[skip as usize..]);
            }
            slowest = slowest.max(start.elapsed().as_secs_f64());
            let wanted = &whole[first as usize..];
            let n = got.len().min(wanted.len());
            differ += u64::from(got[..n] != wanted[..n]);
        }
        println!(
            "{} {preset}: {differ} of {seeks} seeks differ ({far} from a pre-roll of {:.1} s), the slowest took {:.0} ms",
            path.display(),
            memory as f64 / f64::from(rate.get()),
            slowest * 1e3
        );
    }
}

#[test]
fn at_intensity_0_the_original_passes_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    for channels in [1, 2] {
        let path = folder.path().join("music.wav");
        write(&path, 48_000, 5, channels);
        let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
        let resolved = resolve_by_probes(&probes, &treatment(Preset::Bright, 0.0), &GO).unwrap();
        let audio = crowd_media::open(&path, &Default::default()).unwrap().to_stereo().to_f32();
        for bits in [Some(16), Some(24), None] {
            assert!(make(&path, &resolved, bits).1.as_flattened() == audio, "{channels} channels to {bits:?} bits");
        }
        // Samples with more bits than the format are dithered.
        assert!(make(&path, &resolved, Some(8)).1.as_flattened().iter().all(|v| (v * 128.0).fract() == 0.0));
    }
}

#[test]
fn a_track_that_cannot_be_measured_keeps_its_level() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.wav");
    for frames in [1, 100, 10_000, 441_000, 4_410_000] {
        let audio = Audio::new(Samples::I16(vec![0; 2 * frames]), 44_100, 2).unwrap();
        wav::write(&path, &audio, SampleFormat::I16).unwrap();
        let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
        assert_eq!((probes.analysis.sound.integrated_lufs, probes.analysis.sound.crest_db), (None, None));
        let resolved = resolve_by_probes(&probes, &treatment(Preset::Punchy, 1.0), &GO).unwrap();
        assert_eq!((resolved.settings.make_up_db, resolved.predicted_lufs), (0.0, None));
        assert!(make(&path, &resolved, None).1.iter().all(|frame| *frame == [0.0; 2]));
    }
}

#[test]
fn analysis_and_resolved_treatment_are_the_same_each_time_and_after_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("music.wav");
    write(&path, 44_100, 90, 2);
    let treatment = treatment(Preset::Adaptive, 0.7);
    let once = ProbedTrack::read(&open(&path), &GO).unwrap();
    let again = ProbedTrack::read(&open(&path), &GO).unwrap();
    assert_eq!(once.analysis, again.analysis);
    let resolved = resolve_by_probes(&once, &treatment, &GO).unwrap();
    assert_eq!(resolved, resolve_by_probes(&again, &treatment, &GO).unwrap());
    let text = serde_json::to_string(&resolved).unwrap();
    assert_eq!(serde_json::from_str::<ResolvedTreatment>(&text).unwrap().settings, resolved.settings);
}

#[test]
fn a_measurement_that_is_not_needed_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("music.wav");
    write(&path, 44_100, 90, 2);
    let stop = AtomicBool::new(true);
    assert!(matches!(ProbedTrack::read(&open(&path), &stop), Err(Error::Stopped)));
    assert!(matches!(analysis::full(&open(&path), &stop), Err(Error::Stopped)));
    let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
    assert!(matches!(resolve_by_probes(&probes, &Treatment::default(), &stop), Err(Error::Stopped)));
}

/// Writes a sound of this many seconds as a file of floats. The arguments of `frame` are the second, and noise between -1 and 1 for both
/// channels.
fn write_sound(path: &Path, seconds: u32, frame: impl Fn(f64, [f64; 2]) -> [f64; 2]) {
    let mut seed = 1u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        2.0 * f64::from(seed) / f64::from(u32::MAX) - 1.0
    };
    let samples =
        (0..44_100 * seconds).flat_map(|n| frame(f64::from(n) / 44_100.0, [noise(), noise()]).map(|v| v as f32));
    let audio = Audio::new(Samples::F32(samples.collect()), 44_100, 2).unwrap();
    wav::write(path, &audio, SampleFormat::F32).unwrap();
}

fn sine(hz: f64, t: f64) -> f64 {
    (std::f64::consts::TAU * hz * t).sin()
}

/// The level of a tone in each 20 ms, in dB.
fn levels(hz: f64, sound: &[[f32; 2]]) -> Vec<f64> {
    const WINDOW: usize = 882;
    let level = |window: &[[f32; 2]]| {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, frame) in window.iter().enumerate() {
            let weight = 1.0 - (std::f64::consts::TAU * n as f64 / WINDOW as f64).cos();
            let turn = std::f64::consts::TAU * hz * n as f64 / 44_100.0;
            real += weight * f64::from(frame[0]) * turn.cos();
            imaginary += weight * f64::from(frame[0]) * turn.sin();
        }
        20.0 * (f64::hypot(real, imaginary) / (WINDOW / 2) as f64).log10()
    };
    sound.chunks_exact(WINDOW).map(level).collect()
}

/// The root mean square of a span of frames, in dB.
fn rms_db(sound: &[[f32; 2]]) -> f64 {
    let sum: f64 = sound.as_flattened().iter().map(|v| f64::from(*v).powi(2)).sum();
    10.0 * (sum / (2 * sound.len()) as f64).log10()
}

#[test]
fn a_kick_drum_hardly_moves_a_tone_above_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kick.wav");
    // The frequency of the kick, its decay, and the level of the tone.
    for (hz, decay, tone_db) in [(55.0, 10.0, -20.0), (50.0, 20.0, -20.0), (60.0, 5.0, -26.0)] {
        write_sound(&path, 7, |t, _| {
            let hit = t % 0.5;
            [sine(hz, hit) * (-decay * hit).exp() * 0.9 + 10f64.powf(tone_db / 20.0) * sine(3_000.0, t); 2]
        });
        let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
        for preset in Preset::ALL {
            let resolved = resolve_by_probes(&probes, &treatment(preset, 1.0), &GO).unwrap();
            let levels = levels(3_000.0, &make(&path, &resolved, None).1[44_100..6 * 44_100]);
            let most = levels.iter().copied().fold(f64::MIN, f64::max);
            let least = levels.iter().copied().fold(f64::MAX, f64::min);
            let allowed = if matches!(preset, Preset::Adaptive | Preset::Gentle | Preset::Live) { 3.0 } else { 6.0 };
            assert!(most - least <= allowed, "{preset}, {hz} Hz, {decay}/s, {tone_db} dB: {:.2} dB", most - least);
        }
    }
}

#[test]
fn a_dc_offset_is_removed_and_does_not_change_the_loudness() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("constant.wav");
    for intensity in [1.0, 0.5] {
        let of = |constant: f64| {
            write_sound(&path, 6, |t, noise| {
                let hit = 0.06 * (-(t % 0.5) * 20.0).exp();
                let music = 0.03 * sine(55.0, t) + 0.012 * (sine(440.0, t) + sine(659.3, t));
                noise.map(|noise| constant + music + hit * noise)
            });
            let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
            let resolved = resolve_by_probes(&probes, &treatment(Preset::Gentle, intensity), &GO).unwrap();
            let (rate, sound) = make(&path, &resolved, None);
            // The first half second is left out, because the filter settles there.
            let rest = &sound[22_050..];
            let mean = rest.iter().map(|frame| f64::from(frame[0])).sum::<f64>() / rest.len() as f64;
            (loudness(rate.get(), rest).integrated_lufs, mean)
        };
        let ((with, mean), (without, _)) = (of(0.03), of(0.0));
        assert!(mean.abs() < 1e-3, "{mean} of full scale is left");
        assert!((with - without).abs() < 0.2, "{with} LUFS with a constant, {without} without");
    }
}

#[test]
fn a_track_that_would_hardly_become_louder_is_not_lifted_and_the_shortfall_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("castanets.wav");
    let room = 10f64.powf(-66.0 / 20.0) * 3f64.sqrt();
    write_sound(&path, 8, |t, noise| {
        let hit = t % 0.2;
        let clap = 0.55 * sine(2_300.0, hit) * (-176.0 * hit).exp();
        noise.map(|noise| clap + 0.4 * noise * (-367.0 * hit).exp() + room * noise)
    });
    let source = crowd_media::open(&path, &Default::default()).unwrap().to_stereo().to_f32();
    // The last 60 ms before each hit contain only the noise of the room.
    let quiet = |sound: &[[f32; 2]]| {
        let room: Vec<_> = (5..35).flat_map(|hit| sound[hit * 8_820 - 2_646..hit * 8_820].to_vec()).collect();
        rms_db(&room)
    };
    let before = quiet(source.as_chunks::<2>().0);
    let probes = ProbedTrack::read(&open(&path), &GO).unwrap();
    for preset in Preset::ALL {
        let resolved = resolve_by_probes(&probes, &treatment(preset, 1.0), &GO).unwrap();
        let (rate, sound) = make(&path, &resolved, None);
        let lifted = quiet(&sound) - before;
        assert!(lifted < 9.0, "{preset}: the room is lifted by {lifted} dB");
        let missing = resolved.shortfall.clone().unwrap_or_else(|| panic!("{preset}: {resolved:?}"));
        let target = resolved.target_lufs.unwrap();
        assert_eq!(target, preset.values().target_lufs);
        let made = loudness(rate.get(), &sound).integrated_lufs;
        assert!((target - made - missing.lu).abs() < 0.5, "{preset}: {made} LUFS, {missing:?}");
        assert!(missing.bound != GainBound::Range && resolved.to_string().contains(&missing.reason), "{missing:?}");
        // The JSON of a job contains it too.
        let message = serde_json::to_value(&resolved).unwrap();
        assert_eq!((&message["target_lufs"], &message["shortfall"]["lu"]), (&target.into(), &missing.lu.into()));
        assert_eq!(message["shortfall"]["reason"], missing.reason);
    }
}
