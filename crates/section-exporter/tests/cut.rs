//! What a cut promises, on real files.
#![allow(clippy::unwrap_used, missing_docs)]

use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use crowd_engine::{Bpm, StretchMethod};
use crowd_media::peaks::Peaks;
use crowd_media::{Audio, AudioFormat, Container, DecodeOptions, SampleFormat, Samples, Tags, loudness, open, probe};
use section_export::cut::{Cut, CutError, Made};
use section_export::grid::Grid;
use section_export::structure::Structure;

/// A folder with one track in it.
struct Crate {
    folder: tempfile::TempDir,
    track: PathBuf,
    grid: Grid,
}

impl Crate {
    /// Twenty seconds at 120 BPM: a tone with a thump on every beat, `peak` high, in this format and so many channels.
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

    /// From 3 to 13 s, to 125 BPM.
    fn cut(&self) -> Cut<'_> {
        Cut {
            audio: &self.track,
            grid: &self.grid,
            from: 3.0,
            until: 13.0,
            target: Bpm::new(125.0).unwrap(),
            method: StretchMethod::Hq,
            loudness: None,
            container: Container::Wav,
            depth: None,
            key: None,
            overviews: false,
        }
    }

    fn make(&self, cut: &Cut) -> Result<Made, CutError> {
        cut.make(Some(&self.original()), &self.part())
    }

    fn original(&self) -> PathBuf {
        self.folder.path().join("original")
    }

    fn part(&self) -> PathBuf {
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
fn the_original_is_the_tracks_own_samples_in_its_own_format() {
    for (container, depth) in [
        (Container::Wav, SampleFormat::I16),
        (Container::Wav, SampleFormat::I24),
        (Container::Wav, SampleFormat::F32),
        (Container::Flac, SampleFormat::I24),
    ] {
        for (rate, channels) in [(44_100, 2), (48_000, 1), (96_000, 2)] {
            let format = AudioFormat::new(container, depth).unwrap();
            let music = Crate::new(format, rate, channels, 0.7);
            // A depth that is asked for is the stretched part's; the original is untouched.
            let made = music.make(&Cut { container, depth: Some(SampleFormat::I16), ..music.cut() }).unwrap();
            assert_eq!((made.original.format, made.original.channels), (format, channels));
            assert_eq!((made.part.format.sample_format(), made.part.channels), (SampleFormat::I16, channels));
            let (all, copy) = (read(&music.track).to_f32(), read(&music.original()));
            let span = 3 * rate as usize * usize::from(channels)..13 * rate as usize * usize::from(channels);
            assert!(copy.to_f32() == all[span], "{format:?} {rate} Hz {channels} channels");
        }
    }
}

#[test]
fn a_part_lasts_as_many_beats_at_the_target_and_tells_where_cues_lie() {
    let music = Crate::wav(SampleFormat::I16);
    for method in [StretchMethod::PlaybackRate, StretchMethod::Wsola, StretchMethod::Hq] {
        let made = music.make(&Cut { method, ..music.cut() }).unwrap();
        let part = read(&music.part());
        assert_eq!((part.frames() as u64, made.part.frames), (423_360, 423_360), "20 beats at 125 BPM");
        assert!((made.seconds_of(8.0) - 4.8).abs() < 1e-9);
        assert!((made.speeds().start() - 125.0 / 120.0).abs() < 1e-12);
        assert!(made.warnings.is_empty(), "{:?}", made.warnings);
        assert!(part.to_f32()[..2].iter().all(|x| x.abs() < 0.01), "it begins where the track's sine crosses zero");
    }
}

#[test]
fn both_files_are_tagged_with_the_tempo_and_the_key_they_have() {
    let music = Crate::wav(SampleFormat::I16);
    for method in [StretchMethod::PlaybackRate, StretchMethod::Hq] {
        music.make(&Cut { method, container: Container::Flac, key: Some("Gm"), ..music.cut() }).unwrap();
        let tags = |path: PathBuf| probe(&path).map(|info| (info.tags.bpm, info.tags.key)).unwrap();
        assert_eq!(tags(music.original()), (Some(120.0), Some("Gm".into())));
        // At another pitch it is in another key.
        assert_eq!(tags(music.part()), (Some(125.0), method.keeps_pitch().then(|| "Gm".into())));
    }
}

#[test]
fn a_part_at_its_own_tempo_is_the_track_even_at_full_scale() {
    for depth in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        let music = Crate::new(AudioFormat::new(Container::Wav, depth).unwrap(), 44_100, 2, 1.5);
        music.make(&Cut { target: Bpm::new(120.0).unwrap(), ..music.cut() }).unwrap();
        assert!(read(&music.part()).to_f32() == read(&music.original()).to_f32(), "{depth}");
    }
}

#[test]
fn what_would_clip_is_lowered_and_that_is_told() {
    for depth in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        // A clipped master: stretched, its flat tops overshoot.
        let music = Crate::new(AudioFormat::new(Container::Wav, depth).unwrap(), 44_100, 2, 1.6);
        for method in [StretchMethod::PlaybackRate, StretchMethod::Wsola, StretchMethod::Hq] {
            let made = music.make(&Cut { method, ..music.cut() }).unwrap();
            let peak = peak(&read(&music.part()));
            assert!((0.999..32_766.5 / 32_768.0).contains(&peak), "{depth} {method}: {peak}");
            assert!(made.part.gain_db < 0.0 && made.part.peak_dbfs < 0.0);
            assert!(made.warnings[0].contains("lower, so that nothing is clipped"), "{:?}", made.warnings);
        }
    }
}

#[test]
fn loudness_is_met_unless_the_peaks_forbid_it() {
    let music = Crate::wav(SampleFormat::I16);
    let quiet = music.make(&Cut { loudness: Some(-20.0), ..music.cut() }).unwrap();
    let is = loudness::measure(&read(&music.part())).unwrap();
    assert!((is.integrated_lufs + 20.0).abs() < 0.05 && quiet.warnings.is_empty(), "{is:?}");
    let loud = music.make(&Cut { loudness: Some(-1.0), ..music.cut() }).unwrap();
    let is = loudness::measure(&read(&music.part())).unwrap();
    assert!((is.true_peak_dbtp + 1.0).abs() < 0.05, "{is:?}");
    assert!(loud.warnings[0].contains("instead of -1"), "{:?}", loud.warnings);
    assert!(loud.original.gain_db == 0.0);
}

#[test]
fn more_than_two_channels_stay_in_the_original() {
    let music = Crate::new(AudioFormat::new(Container::Wav, SampleFormat::I24).unwrap(), 48_000, 6, 0.7);
    let made = music.make(&music.cut()).unwrap();
    assert_eq!((made.original.channels, made.part.channels), (6, 2));
    assert!(made.warnings[0].contains("6 channels"), "{:?}", made.warnings);
}

#[test]
fn overviews_are_of_what_was_written_and_made_when_they_are_wanted() {
    let music = Crate::wav(SampleFormat::I16);
    let made = music
        .make(&Cut { loudness: Some(-20.0), depth: Some(SampleFormat::F32), overviews: true, ..music.cut() })
        .unwrap();
    assert_eq!(made.original.overview, Some(Peaks::of(&read(&music.original()))));
    assert_eq!(made.part.overview, Some(Peaks::of(&read(&music.part()))));
    // The original is drawn beside a part at another tempo too, when it is there already.
    let again = Cut { overviews: true, ..music.cut() }.make(None, &music.part()).unwrap();
    assert_eq!(again.original.overview, made.original.overview);
    let unwanted = music.make(&music.cut()).unwrap();
    assert_eq!((unwanted.original.overview, unwanted.part.overview), (None, None));
}

#[test]
fn floats_become_twenty_four_bits_in_a_flac() {
    let music = Crate::wav(SampleFormat::F32);
    let made = music.make(&Cut { container: Container::Flac, ..music.cut() }).unwrap();
    assert_eq!(
        (made.original.format.sample_format(), made.part.format.sample_format()),
        (SampleFormat::I24, SampleFormat::I24)
    );
    let asked = music.make(&Cut { container: Container::Flac, depth: Some(SampleFormat::F32), ..music.cut() });
    assert!(asked.unwrap_err().to_string().contains("choose 16 or 24"));
}

#[test]
fn a_part_may_reach_a_little_over_the_tracks_end_and_no_more() {
    let music = Crate::wav(SampleFormat::I16);
    let made = music.make(&Cut { from: 0.0, until: 20.25, ..music.cut() }).unwrap();
    assert!(made.warnings[0].contains("ends at 20.00 s"), "{:?}", made.warnings);
    assert_eq!(made.original.frames, 893_025);
    let silent = read(&music.original()).to_f32().split_off(2 * 882_000);
    assert!(silent.iter().all(|x| *x == 0.0));
    for (from, until) in [(3.0, 21.0), (20.0, 20.3), (30.0, 40.0)] {
        let error = music.make(&Cut { from, until, ..music.cut() }).unwrap_err().to_string();
        assert!(error.contains("the track ends at 20.00 s and the part at"), "{error}");
    }
}

#[test]
fn cues_that_make_no_part_are_refused_before_anything_is_written() {
    let music = Crate::wav(SampleFormat::I16);
    for (from, until) in [(5.0, 5.0), (6.0, 5.0), (-1.0, 5.0), (f64::NAN, 5.0), (1.0, f64::INFINITY), (0.0, 4_000.0)] {
        let error = music.make(&Cut { from, until, ..music.cut() }).unwrap_err().to_string();
        assert!(error.contains("is no part: give a start of 0 or more"), "{error}");
    }
    let error = music.make(&Cut { target: Bpm::new(900.0).unwrap(), ..music.cut() }).unwrap_err().to_string();
    assert!(error.contains("7.500x") && error.contains("900 BPM"), "{error}");
    assert!(
        music
            .make(&Cut { audio: Path::new("/nowhere.wav"), ..music.cut() })
            .unwrap_err()
            .to_string()
            .contains("/nowhere.wav")
    );
    assert_eq!(std::fs::read_dir(music.folder.path()).unwrap().count(), 1, "only the track");
}
