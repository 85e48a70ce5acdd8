use super::*;
use crate::types::config::Mode;

fn read(session: &mut Session, frames: usize) -> Vec<[f32; 2]> {
    let mut blocks: [Vec<[f32; 2]>; Stem::COUNT] = std::array::from_fn(|_| vec![[0.0; 2]; frames]);
    let [a, b, c, d, e] = &mut blocks;
    session.read([a, b, c, d, e]);
    blocks.concat()
}

/// Reads in blocks of these sizes, and changes the target twice on the way.
fn changed_session(sizes: &[usize]) -> (Vec<Vec<[f32; 2]>>, Vec<Bar>) {
    let mut session = Session::new(8_000, 3, Target::default());
    session.set_target_at(30_001, Target { density: 0.9, bpm: Some(90.0), ..Target::default() });
    session.set_target_at(60_070, Target { tonic: Some(3), mode: Some(Mode::Aeolian), ..Target::default() });
    let mut stems = vec![Vec::new(); Stem::COUNT];
    let (mut bars, mut done) = (Vec::new(), 0);
    for size in sizes.iter().cycle() {
        let size = (*size).min(100_000 - done);
        let all = read(&mut session, size);
        stems.iter_mut().zip(all.chunks(size.max(1))).for_each(|(stem, block)| stem.extend_from_slice(block));
        bars.extend(std::iter::from_fn(|| session.take_bar()));
        done += size;
        if done == 100_000 {
            break;
        }
    }
    (stems, bars)
}

#[test]
fn block_sizes_change_neither_notes_nor_bytes() {
    let (sound, bars) = changed_session(&[64]);
    assert!(bars.len() >= 4 && bars.iter().any(|bar| bar.scale_name == "Eb aeolian"), "{bars:?}");
    for sizes in [&[1_000][..], &[1, 63, 700], &[100_000]] {
        let (other_sound, other_bars) = changed_session(sizes);
        assert!(sound == other_sound, "{sizes:?}");
        assert!(bars == other_bars, "{sizes:?}");
    }
}

#[test]
fn a_stem_that_is_muted_from_the_start_is_silent() {
    let mut target = Target::default();
    target.muted[Stem::Bass.index()] = true;
    let mut session = Session::new(8_000, 1, target);
    for _ in 0..400 {
        let mut stems = SILENCE;
        session.render(&mut stems);
        assert!(stems[Stem::Bass.index()].as_flattened().iter().all(|x| x.abs() < 1e-5));
    }
}

#[test]
fn bars_are_the_same_without_sound() {
    let bars = |sound: bool| {
        let mut session = Session::new(8_000, 5, Target::default());
        session.set_target_at(9_000, Target { density: 0.8, bpm: Some(88.0), ..Target::default() });
        let mut bars = Vec::new();
        for _ in 0..2_000 {
            if sound {
                session.render(&mut SILENCE.clone());
            } else {
                session.pass();
            }
            bars.extend(session.take_bar());
        }
        assert_eq!(session.frame(), 2_000 * QUANTUM as u64);
        bars
    };
    assert!(bars(false) == bars(true) && bars(false).len() > 4);
}

#[test]
fn a_change_takes_effect_at_a_beat_and_the_tempo_arrives() {
    let mut session = Session::new(8_000, 1, Target { bpm: Some(80.0), ..Target::default() });
    read(&mut session, 1_000);
    session.set_target(Target { bpm: Some(82.0), density: 0.1, ..Target::default() });
    // A beat lasts 6,000 frames.
    read(&mut session, 4_900);
    assert_eq!((session.bpm(), session.target.density), (80.0, 0.5));
    read(&mut session, 200);
    assert_eq!(session.target.density, 0.1);
    read(&mut session, 24_000);
    assert!((session.bpm() - 82.0).abs() < 1e-9);
}

#[test]
fn a_configuration_goes_before_the_target() {
    let config = Config { bpm: Some(70.0), scale: Some((2, Mode::Dorian)), density: Some(2.0), ..Config::default() };
    let target = with_config(Target { bpm: Some(90.0), ..Target::default() }, &config);
    assert_eq!((target.bpm, target.tonic, target.mode, target.density), (Some(70.0), Some(2), Some(Mode::Dorian), 1.0));
}

#[test]
fn settings_are_replaced_and_keep_what_the_target_varies() {
    let mut session = Session::new(8_000, 1, Target { temperature: 1.6, ..Target::default() });
    let mut muted = Config { temperature: 0.6, ..Config::default() };
    muted.muted[Stem::Drums.index()] = true;
    session.set_config(muted);
    read(&mut session, 12_000);
    assert!(session.target.muted[0] && (session.target.temperature - 1.1).abs() < 1e-6);
    session.set_config(Config::default());
    read(&mut session, 12_000);
    assert!(!session.target.muted[0] && (session.target.temperature - 1.6).abs() < 1e-6);
}

#[test]
fn the_gain_of_a_stem_is_heard_in_that_stem() {
    let run = |change: f32| {
        let mut target = Target::default();
        target.stem_gains_db[Stem::Harmony.index()] = change;
        let mut session = Session::new(8_000, 3, target);
        let mut power = [0.0_f64; Stem::COUNT];
        for _ in 0..1_500 {
            let mut stems = SILENCE;
            session.render(&mut stems);
            for (power, stem) in power.iter_mut().zip(&stems) {
                *power += stem.as_flattened().iter().map(|x| f64::from(*x * *x)).sum::<f64>();
            }
        }
        power
    };
    let (usual, quiet) = (run(0.0), run(-6.0));
    for stem in Stem::ALL {
        let change = 10.0 * (quiet[stem.index()] / usual[stem.index()]).log10();
        let wanted = if stem == Stem::Harmony { -6.0 } else { 0.0 };
        assert!(usual[stem.index()] < 1e-9 || (change - wanted).abs() < 0.3, "{}: {change} dB", stem.name());
    }
}
