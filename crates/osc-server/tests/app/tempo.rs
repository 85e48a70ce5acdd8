//! What sets the tempo.

use crate::common::*;
use crowd_engine::tempo::MovementConfig;
use std::time::Duration;

#[test]
fn movement_reaches_99_percent_in_30_seconds_up_and_down() {
    for (movement, target) in [(0.0, 105.0), (1.0, 130.0)] {
        let mut rig = Rig::new();
        rig.send("/dance/total_movement", &[f(movement)]);
        let mut passed = None;
        while passed.is_none() {
            rig.run(1);
            rig.send("/dance/total_movement", &[f(movement)]);
            let way = (rig.status().tempo - 120.0) / (target - 120.0);
            passed = (way >= 0.99).then(|| rig.sound.len() as f64 / RATE as f64);
            rig.tick();
        }
        let seconds = passed.unwrap();
        assert!((seconds - 30.0).abs() < 0.1, "{target} BPM: {seconds} s");
    }
}

#[test]
fn a_set_tempo_holds_movement_off() {
    let mut rig = Rig::new();
    rig.send("/set_tempo", &[f(100.0)]);
    rig.send("/dance/total_movement", &[f(1.0)]);
    rig.run_to(1.0);
    assert_eq!(rig.status().tempo, 100.0);
    rig.send("/movement_bpm", &[i(1)]);
    rig.run_to(2.0);
    assert!(rig.status().tempo > 101.0 && rig.status().tempo_target == 130.0);
    rig.send("/movement_bpm", &[i(0)]);
    rig.run(2);
    let held = rig.status().tempo;
    rig.send("/dance/total_movement", &[f(0.0)]);
    rig.run_to(3.0);
    assert_eq!(rig.status().tempo, held);
}

#[test]
fn a_hold_may_end_by_itself_and_silence_of_the_crowd_too() {
    let movement = MovementConfig { stale_after: Some(Duration::from_secs(3)), ..MovementConfig::default() };
    let mut rig = Rig::with(movement, |settings| settings.tempo_hold = Some(Duration::from_secs(1)));
    rig.send("/dance/total_movement", &[f(1.0)]);
    rig.send("/set_tempo", &[f(100.0)]);
    rig.run_to(0.9);
    assert_eq!(rig.status().tempo, 100.0);
    rig.run_to(2.0);
    assert_eq!(rig.status().tempo_target, 130.0);
    rig.run_to(4.0);
    assert_eq!(rig.status().tempo_target, 120.0);
}
