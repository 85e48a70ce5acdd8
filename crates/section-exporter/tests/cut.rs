//! Cuts excerpts out of real files and checks what is written.
#![allow(clippy::unwrap_used, missing_docs)]

use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use crowd_engine::{Bpm, StretchMethod};
use crowd_media::peaks::Peaks;
use crowd_media::{Audio, AudioFormat, Container, DecodeOptions, SampleFormat, Samples, Tags, loudness, open, probe};
use section_export::cut::{CutError, CutResult, CutSpec};
use section_export::grid::Grid;
use section_export::structure::Structure;

/// A folder with one track in it.
struct SingleTrack {
    folder: tempfile::TempDir,
    track: PathBuf,
    grid: Grid,
}

impl SingleTrack {
    /// Makes a track of twenty seconds at 120 BPM in this format: a tone with a thump on every beat, `peak` high.
    fn new(format: AudioFormat, rate: u32, channels: u16, peak: f64) -> Self {
        let sound = |n: u32| {
            let t = f64::from(n) / f64::from(rate);
            let thump = (-(t % 0.5) * 30.0).exp() * (2.0 * PI * 90.0 * (t % 0.5)).sin();
            (0.5 * thump + 0.5 * (2.0 * PI * 331.0 * t).sin()) * peak
        };
        let frame = |n: u32| (0..channels).map(move |c| (sound(n) * (1.0 - 0.1 * f64::from(c))) as f32);
        let samples = (0..20 * rate).flat_map(frame).collect();
        let audio = Audio::new(Samples::F32(samples), rate, channels).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let track = folder.path().join("track").with_extension(format.extension());
        crowd_media::write(&track, &audio, format, &Tags::default()).unwrap();
        let grid = Grid::new(None, &Structure { bpm: Some(120.0), ..Structure::default() }).unwrap();
        Self { folder, track, grid }
    }

    fn wav(depth: SampleFormat) -> Self {
        Self::new(AudioFormat::new(Container::Wav, depth).unwrap(), 44_100, 2, 0.7)
    }

    /// A cut from 3 to 13 s, to 125 BPM.
    fn cut(&self) -> CutSpec<'_> {
        CutSpec {
            audio: &self.track,
            grid: &self.grid,
            from: 3.0,
            until: 13.0,
            target: Bpm::new(125.0).unwrap(),
            method: StretchMethod::Hq,
            loudness: None,
            container: Container::Wav,
            sample_format: None,
            key: None,
            with_peaks: false,
        }
    }

    fn write(&self, cut: &CutSpec) -> Result<CutResult, CutError> {
        cut.write_files(Some(&self.original()), &self.stretched())
    }

    fn original(&self) -> PathBuf {
        self.folder.path().join("original")
    }

    fn stretched(&self) -> PathBuf {
        self.folder.path().join("part")
    }
}

fn read(path: &Path) -> Audio {
    open(path, &DecodeOptions::default()).unwrap()
}

fn peak(audio: &Audio) -> f32 {
    audio.to_f32().iter().fold(0.0, |most, x| most.max(x.abs()))
}

#[test]
fn the_original_has_the_samples_of_the_track_in_its_own_format() {
    for (container, depth) in [
        (Container::Wav, SampleFormat::I16),
        (Container::Wav, SampleFormat::I24),
        (Container::Wav, SampleFormat::F32),
        (Container::Flac, SampleFormat::I24),
    ] {
        for (rate, channels) in [(44_100, 2), (48_000, 1), (96_000, 2)] {
            let format = AudioFormat::new(container, depth).unwrap();
            let music = SingleTrack::new(format, rate, channels, 0.7);
            // The requested sample format is that of the stretched file; the original keeps its own.
            let result =
                music.write(&CutSpec { container, sample_format: Some(SampleFormat::I16), ..music.cut() }).unwrap();
            assert_eq!((result.original.format, result.original.channels), (format, channels));
            assert_eq!(
                (result.stretched.format.sample_format(), result.stretched.channels),
                (SampleFormat::I16, channels)
            );
            let (all, copy) = (read(&music.track).to_f32(), read(&music.original()));
            let span = 3 * rate as usize * usize::from(channels)..13 * rate as usize * usize::from(channels);
            assert!(copy.to_f32() == all[span], "{format:?} {rate} Hz {channels} channels");
        }
    }
}

#[test]
fn an_excerpt_keeps_its_beats_at_the_target_tempo_and_maps_cue_times() {
    let music = SingleTrack::wav(SampleFormat::I16);
    for method in [StretchMethod::PlaybackRate, StretchMethod::Wsola, StretchMethod::Hq] {
        let result = music.write(&CutSpec { method, ..music.cut() }).unwrap();
        let excerpt = read(&music.stretched());
        assert_eq!((excerpt.frames() as u64, result.stretched.frames), (423_360, 423_360), "20 beats at 125 BPM");
        assert!((result.seconds_of(8.0) - 4.8).abs() < 1e-9);
        assert!((result.speeds().start() - 125.0 / 120.0).abs() < 1e-12);
        assert!(result.warnings.is_empty(), "{:?}", result.warnings);
        assert!(excerpt.to_f32()[..2].iter().all(|x| x.abs() < 0.01), "it begins where the track's sine crosses zero");
    }
}

#[test]
fn both_files_are_tagged_with_the_tempo_and_the_key_they_have() {
    let music = SingleTrack::wav(SampleFormat::I16);
    for method in [StretchMethod::PlaybackRate, StretchMethod::Hq] {
        music.write(&CutSpec { method, container: Container::Flac, key: Some("Gm"), ..music.cut() }).unwrap();
        let tags = |path: PathBuf| probe(&path).map(|info| (info.tags.bpm, info.tags.key)).unwrap();
        assert_eq!(tags(music.original()), (Some(120.0), Some("Gm".into())));
        // At another pitch the key is another one.
        assert_eq!(tags(music.stretched()), (Some(125.0), method.keeps_pitch().then(|| "Gm".into())));
    }
}

#[test]
fn an_excerpt_at_its_own_tempo_is_the_track_even_at_full_scale() {
    for depth in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        let music = SingleTrack::new(AudioFormat::new(Container::Wav, depth).unwrap(), 44_100, 2, 1.5);
        music.write(&CutSpec { target: Bpm::new(120.0).unwrap(), ..music.cut() }).unwrap();
        assert!(read(&music.stretched()).to_f32() == read(&music.original()).to_f32(), "{depth}");
    }
}

#[test]
fn a_file_that_would_clip_is_lowered_with_a_warning() {
    for depth in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        // The track is a clipped master: its flat tops overshoot when it is stretched.
        let music = SingleTrack::new(AudioFormat::new(Container::Wav, depth).unwrap(), 44_100, 2, 1.6);
        for method in [StretchMethod::PlaybackRate, StretchMethod::Wsola, StretchMethod::Hq] {
            let result = music.write(&CutSpec { method, ..music.cut() }).unwrap();
            let peak = peak(&read(&music.stretched()));
            assert!((0.999..32_766.5 / 32_768.0).contains(&peak), "{depth} {method}: {peak}");
            assert!(result.stretched.gain_db < 0.0 && result.stretched.peak_dbfs < 0.0);
            assert!(result.warnings[0].contains("lower, so that nothing is clipped"), "{:?}", result.warnings);
        }
    }
}

#[test]
fn loudness_is_reached_unless_the_true_peak_limits_it() {
    let music = SingleTrack::wav(SampleFormat::I16);
    let quiet = music.write(&CutSpec { loudness: Some(-20.0), ..music.cut() }).unwrap();
    let is = loudness::measure(&read(&music.stretched())).unwrap();
    assert!((is.integrated_lufs + 20.0).abs() < 0.05 && quiet.warnings.is_empty(), "{is:?}");
    let loud = music.write(&CutSpec { loudness: Some(-1.0), ..music.cut() }).unwrap();
    let is = loudness::measure(&read(&music.stretched())).unwrap();
    assert!((is.true_peak_dbtp + 1.0).abs() < 0.05, "{is:?}");
    assert!(loud.warnings[0].contains("instead of -1"), "{:?}", loud.warnings);
    assert!(loud.original.gain_db == 0.0);
}

#[test]
fn the_original_keeps_more_than_two_channels() {
    let music = SingleTrack::new(AudioFormat::new(Container::Wav, SampleFormat::I24).unwrap(), 48_000, 6, 0.7);
    let result = music.write(&music.cut()).unwrap();
    assert_eq!((result.original.channels, result.stretched.channels), (6, 2));
    assert!(result.warnings[0].contains("6 channels"), "{:?}", result.warnings);
}

#[test]
fn peaks_are_those_of_the_written_files_and_computed_only_on_request() {
    let music = SingleTrack::wav(SampleFormat::I16);
    let result = music
        .write(&CutSpec {
            loudness: Some(-20.0),
            sample_format: Some(SampleFormat::F32),
            with_peaks: true,
            ..music.cut()
        })
        .unwrap();
    assert_eq!(result.original.peaks, Some(Peaks::of(&read(&music.original()))));
    assert_eq!(result.stretched.peaks, Some(Peaks::of(&read(&music.stretched()))));
    // The peaks of the original are computed even when it is not written again.
    let second = CutSpec { with_peaks: true, ..music.cut() }.write_files(None, &music.stretched()).unwrap();
    assert_eq!(second.original.peaks, result.original.peaks);
    let without = music.write(&music.cut()).unwrap();
    assert_eq!((without.original.peaks, without.stretched.peaks), (None, None));
}

#[test]
fn floats_become_twenty_four_bits_in_a_flac() {
    let music = SingleTrack::wav(SampleFormat::F32);
    let result = music.write(&CutSpec { container: Container::Flac, ..music.cut() }).unwrap();
    assert_eq!(
        (result.original.format.sample_format(), result.stretched.format.sample_format()),
        (SampleFormat::I24, SampleFormat::I24)
    );
    let requested =
        music.write(&CutSpec { container: Container::Flac, sample_format: Some(SampleFormat::F32), ..music.cut() });
    assert!(requested.unwrap_err().to_string().contains("choose 16 or 24"));
}

#[test]
fn an_excerpt_may_end_slightly_after_the_track_and_no_later() {
    let music = SingleTrack::wav(SampleFormat::I16);
    let result = music.write(&CutSpec { from: 0.0, until: 20.25, ..music.cut() }).unwrap();
    assert!(result.warnings[0].contains("ends at 20.00 s"), "{:?}", result.warnings);
    assert_eq!(result.original.frames, 893_025);
    let silent = read(&music.original()).to_f32().split_off(2 * 882_000);
    assert!(silent.iter().all(|x| *x == 0.0));
    for (from, until) in [(3.0, 21.0), (20.0, 20.3), (30.0, 40.0)] {
        let error = music.write(&CutSpec { from, until, ..music.cut() }).unwrap_err().to_string();
        assert!(error.contains("the track ends at 20.00 s and the excerpt at"), "{error}");
    }
}

#[test]
fn invalid_cues_are_refused_before_anything_is_written() {
    let music = SingleTrack::wav(SampleFormat::I16);
    for (from, until) in [(5.0, 5.0), (6.0, 5.0), (-1.0, 5.0), (f64::NAN, 5.0), (1.0, f64::INFINITY), (0.0, 4_000.0)] {
        let error = music.write(&CutSpec { from, until, ..music.cut() }).unwrap_err().to_string();
        assert!(error.contains("is no excerpt: give a start of 0 or more"), "{error}");
    }
    let error = music.write(&CutSpec { target: Bpm::new(900.0).unwrap(), ..music.cut() }).unwrap_err().to_string();
    assert!(error.contains("7.500x") && error.contains("900 BPM"), "{error}");
    assert!(
        music
            .write(&CutSpec { audio: Path::new("/nowhere.wav"), ..music.cut() })
            .unwrap_err()
            .to_string()
            .contains("/nowhere.wav")
    );
    assert_eq!(std::fs::read_dir(music.folder.path()).unwrap().count(), 1, "only the track");
}
