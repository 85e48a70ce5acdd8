//! Noise and distortion of steady tones with keylock. Between some 2.2 and 3.5 kHz a tone is in both bands of `wsola`, whose
//! phases are independent, so it is not measured there.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::player::{Player, QUANTUM};
use common::sine_track;
use common::spectrum::noise_and_distortion;
use crowd_engine::StretchMethod;

/// Noise and distortion of a tone at half of full scale, in dB. The tempo of the music is 120 BPM.
fn noise_at(method: StretchMethod, hertz: f64, tempo: f64) -> f64 {
    const SETTLED: usize = 30_000;
    const FRAMES: usize = 1 << 17;
    let speed = tempo / 120.0;
    let track = sine_track(hertz, 0.5, (speed * (SETTLED + FRAMES) as f64) as usize + 20_000);
    let mut player = Player::new(&track, method, 0);
    player.play(speed, SETTLED + FRAMES, QUANTUM);
    noise_and_distortion(&player.left()[SETTLED..])
}

#[test]
fn noise_and_distortion_are_70_db_below_a_tone_at_every_tempo_of_a_dj() {
    let tempos =
        [105.0, 108.0, 110.0, 113.0, 115.0, 117.0, 118.0, 119.0, 119.5, 120.5, 121.0, 122.0, 123.0, 125.0, 130.0];
    for hertz in [1_000.0, 10_000.0] {
        for tempo in tempos {
            let found = noise_at(StretchMethod::Wsola, hertz, tempo);
            println!("wsola, {hertz} Hz at {tempo}: {found:.1} dB");
            assert!(found <= -70.0, "wsola, {hertz} Hz at {tempo}: {found:.1} dB");
        }
    }
    for hertz in
        [200.0, 440.0, 700.0, 1_500.0, 1_800.0, 2_000.0, 3_600.0, 4_000.0, 5_000.0, 7_000.0, 12_000.0, 14_000.0]
    {
        for tempo in [113.0, 118.0, 125.0] {
            let found = noise_at(StretchMethod::Wsola, hertz, tempo);
            println!("wsola, {hertz} Hz at {tempo}: {found:.1} dB");
            assert!(found <= -70.0, "wsola, {hertz} Hz at {tempo}: {found:.1} dB");
        }
    }
    for hertz in [200.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 14_000.0] {
        let found = noise_at(StretchMethod::Hq, hertz, 118.0);
        assert!(found <= -100.0, "hq, {hertz} Hz: {found:.1} dB");
    }
}
