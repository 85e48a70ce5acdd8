//! The tempo, as set by `/set_tempo` and by movement.

use crate::common::*;
use crowd_engine::tempo::MovementConfig;
use std::time::Duration;

#[test]
fn movement_reaches_99_percent_in_30_seconds_up_and_down() {
    for (movement, target) in [(0.0, 105.0), (1.0, 130.0)] {
        let mut rig = Rig::new();
        rig.send("/dance/total_movement", &[f(movement)]);
        let mut reached = None;
        while reached.is_none() {
            rig.run(1);
            rig.send("/dance/total_movement", &[f(movement)]);
            let progress = (rig.status().tempo - 120.0) / (target - 120.0);
            reached = (progress >= 0.99).then(|| rig.sound.len() as f64 / RATE as f64);
            rig.tick();
        }
        let seconds = reached.unwrap();
        assert!((seconds - 30.0).abs() < 0.1, "{target} BPM: {seconds} s");
    }
}

#[test]
fn after_set_tempo_movement_does_not_set_the_tempo() {
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
fn movement_sets_the_tempo_again_after_the_hold_and_the_base_tempo_returns_without_movement() {
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
