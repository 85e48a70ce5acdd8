//! Loops: a stretcher that is moved at a jump of a loop makes no step.
#![allow(clippy::cast_possible_truncation)]

use std::f32::consts::TAU;

use super::StretcherSet;
use super::source::Source;
use crate::dsp::{Position, QUANTUM, Step};
use crate::types::onset::Onset;
use crate::types::stretch_method::StretchMethod;

/// An endless sine with this number of frames per period. It is an unrolled loop of whole periods.
struct Endless(f64);

impl Source for Endless {
    fn read(&self, first: i64, out: [&mut [f32]; 2]) {
        for out in out {
            for (i, x) in (first..).zip(out) {
                *x = (std::f64::consts::TAU * i as f64 / self.0).sin() as f32 * 0.5;
            }
        }
    }

    fn onset(&self, _from: i64, _until: i64) -> Option<Onset> {
        None
    }
}

#[test]
fn a_loop_makes_no_step_in_any_stretcher() {
    const PERIOD: f32 = 100.0;
    const LOOP: i64 = 30_000;
    let source = Endless(f64::from(PERIOD));
    for method in StretchMethod::ALL.iter().filter(|method| method.keeps_pitch()) {
        let mut set = StretcherSet::new(*method, 44_100);
        let (mut position, step) = (Position::ZERO, Step::from_rate(1.083));
        let (mut last, mut largest, mut out) = (0.0, 0.0f32, [[0.0; QUANTUM]; 2]);
        for quantum in 0..40 * 78 {
            let [left, right] = &mut out;
            set.process(&source, position, step, [left, right]);
            position = position.advance(step, QUANTUM);
            for sample in out[0] {
                largest = largest.max((sample - last).abs());
                last = sample;
            }
            if quantum % 78 == 77 && position.frame() >= LOOP {
                position = position.offset(-LOOP);
                set.moved(-LOOP);
            }
        }
        let own = TAU / PERIOD * 0.5;
        assert!(largest < own * 1.1, "{method}: {largest} against {own}");
    }
}
