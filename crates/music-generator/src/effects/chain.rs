//! Everything a stem goes through, in order: width, low cut, room and delay, sampler, tape, high cut, ducking, level.

use super::crush::Crush;
use super::duck::Duck;
use super::echo::Echo;
use super::reverb::{Reverb, RoomShape};
use super::smooth::Smooth;
use super::tape::{Tape, Transport};
use crate::mix::StemSound;
use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf, run_both};
use crate::synth::kernels::math::{exp2, gain};
use crate::synth::voices::pool::Bus;
use crate::types::stem::Stem;
use crate::types::target::Medium;

/// The corner of the treble in hertz.
const TREBLE: f32 = 2_000.0;
/// What is slower than this is taken away in the end, in hertz.
const CONSTANT: f32 = 8.0;

/// What the chains of all stems share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The room.
    pub room: RoomShape,
    /// The tape's transport.
    pub transport: Transport,
    /// How far a kick lowers other stems.
    pub duck: Duck,
    /// The gain of all rooms.
    pub room_gain: f32,
}

/// The chain of a stem.
#[derive(Clone, Debug)]
pub struct Chain {
    rate: f32,
    reverb: Reverb,
    echo: Option<Echo>,
    tape: Tape,
    /// How far wow and flutter of the transport reach, 0 to 1.
    wow: f32,
    drive: Smooth,
    sampler: Option<Crush>,
    sampler_gain: Smooth,
    medium_bits: Crush,
    has_bits: bool,
    level: Smooth,
    user: Smooth,
    /// The gain of the user at the start and the end of this quantum.
    user_gains: (f32, f32),
    room: Smooth,
    echo_send: Smooth,
    width: Smooth,
    low_cut: Smooth,
    high_cut: Smooth,
    duck: Smooth,
    treble: Smooth,
    shelf: [Svf; 2],
    corner: Cutoff,
    /// The slow mean of both channels, which is taken away.
    constant: [f32; 2],
    filters: [[Svf; 2]; 2],
    dip: [Svf; 2],
    dip_band: Cutoff,
    dips: bool,
    /// Quanta since anything came in; a silent chain costs nothing.
    silent: usize,
}

impl Chain {
    /// The chain of this stem.
    pub fn new(stem: Stem, rate: f32) -> Self {
        let fade = |value| Smooth::new(value, 0.03, rate);
        let wow = match stem {
            Stem::Harmony | Stem::Lead => 1.0,
            Stem::Bass => 0.2,
            Stem::Drums | Stem::Texture => 0.0,
        };
        Self {
            rate,
            reverb: Reverb::new(rate),
            echo: matches!(stem, Stem::Harmony | Stem::Lead).then(|| Echo::new(rate)),
            tape: Tape::new(rate),
            wow,
            drive: fade(0.0),
            sampler: (stem == Stem::Drums).then(|| Crush::new(rate, 12, 22_050.0)),
            sampler_gain: fade(0.0),
            medium_bits: Crush::new(rate, 12, 26_000.0),
            has_bits: false,
            level: Smooth::new(1.0, 0.15, rate),
            user: Smooth::new(1.0, 0.008, rate),
            user_gains: (1.0, 1.0),
            room: fade(0.0),
            echo_send: fade(0.0),
            width: fade(1.0),
            low_cut: fade(20.0),
            high_cut: Smooth::new(16.0, 0.05, rate),
            duck: fade(1.0),
            treble: fade(0.0),
            shelf: Default::default(),
            corner: Cutoff::new(TREBLE, 0.5, rate),
            constant: [0.0; 2],
            filters: Default::default(),
            dip: Default::default(),
            dip_band: Cutoff::new(300.0, 1.0, rate),
            dips: stem == Stem::Harmony,
            silent: usize::MAX,
        }
    }

    /// Sets level, sends, width and low cut. `sampler_db` is the level of the parallel sampler of the drums.
    pub fn set(&mut self, sound: &StemSound, sampler_db: f32) {
        let send = |db: f32| if db > -60.0 { gain(db) } else { 0.0 };
        self.level.set(gain(sound.level_db));
        self.room.set(send(sound.room_db));
        self.echo_send.set(send(sound.echo_db));
        self.width.set(sound.width);
        self.low_cut.set(sound.low_cut.max(10.0));
        self.duck.set(gain(-sound.duck_db));
        self.drive.set(sound.drive.max(0.0));
        self.treble.set(gain(sound.treble_db) - 1.0);
        self.sampler_gain.set(send(sampler_db));
    }

    /// Sets the delay.
    pub fn set_echo(&mut self, seconds: f32, feedback: f32) {
        if let Some(echo) = &mut self.echo {
            echo.set(seconds, feedback);
        }
    }

    /// Sets the cutoff of the high cut in hertz and the converter of a medium.
    pub fn set_tone(&mut self, high_cut: f32, medium: &Medium) {
        let high_cut = high_cut.min(medium.high_cut).clamp(100.0, 0.46 * self.rate);
        // In octaves, so that a change is even to the ear.
        self.high_cut.set(libm::log2f(high_cut));
        self.has_bits = medium.bits < 16;
        if self.has_bits {
            self.medium_bits.set(medium.bits, if medium.bits <= 8 { 22_050.0 } else { 26_000.0 });
        }
    }

    /// Sets the gain of the user, linear.
    pub fn set_user_gain(&mut self, gain: f32) {
        self.user.set(gain.clamp(0.0, 16.0));
    }

    /// The gain of the user at the start and the end of the quantum that was processed last: for what is added after the chain.
    pub const fn user_gains(&self) -> (f32, f32) {
        self.user_gains
    }

    /// Jumps to all targets: at the start, before anything has sounded.
    pub fn jump(&mut self) {
        for smooth in
            [&mut self.level, &mut self.user, &mut self.room, &mut self.echo_send, &mut self.width, &mut self.low_cut]
        {
            let target = smooth.target();
            smooth.jump(target);
        }
        for smooth in [&mut self.high_cut, &mut self.duck, &mut self.sampler_gain, &mut self.drive, &mut self.treble] {
            let target = smooth.target();
            smooth.jump(target);
        }
    }

    /// Processes what the voices have sent to the stem.
    #[inline(always)]
    pub fn process(&mut self, shared: &Shared, bus: &mut Bus, medium_low: f32, mono: bool) {
        self.user_gains = self.user.advance();
        let loud = bus.dry.as_flattened().iter().any(|x| x.abs() > 1e-7);
        self.silent = if loud { 0 } else { self.silent.saturating_add(1) };
        // Longer than the longest room: 16 s at 192 kHz are 48,000 quanta.
        if self.silent > 48_000 {
            bus.dry = [[0.0; QUANTUM]; 2];
            return;
        }
        scale(&mut bus.room, self.room.advance(), shared.room_gain);
        scale(&mut bus.echo, self.echo_send.advance(), 1.0);
        let [left, right] = &mut bus.dry;
        let (_, width) = self.width.advance();
        let width = if mono { 0.0 } else { width };
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            let (middle, side) = (0.5 * (*left + *right), 0.5 * width * (*left - *right));
            *left = middle + side;
            *right = middle - side;
        }
        if let Some(sampler) = &mut self.sampler {
            let gains = self.sampler_gain.advance();
            if gains != (0.0, 0.0) {
                let mut crushed = bus.dry;
                sampler.process(&mut crushed);
                scale(&mut crushed, gains, 1.0);
                add(&mut bus.dry, &crushed);
            }
        }
        let mut wet = [[0.0; QUANTUM]; 2];
        if let Some(echo) = &mut self.echo {
            echo.render(&bus.echo, &mut wet);
            // The repetitions are in the room too.
            for (room, wet) in bus.room.iter_mut().zip(&wet) {
                for (room, wet) in room.iter_mut().zip(wet) {
                    *room += 0.3 * wet;
                }
            }
        }
        self.reverb.render(&shared.room, &bus.room, &mut wet);
        if mono {
            for n in 0..QUANTUM {
                let middle = 0.5 * (wet[0][n] + wet[1][n]);
                wet[0][n] = middle;
                wet[1][n] = middle;
            }
        }
        add(&mut bus.dry, &wet);
        self.tone(shared, bus, medium_low);
        shared.duck.apply(self.duck.advance().1, &mut bus.dry);
        self.remove_constant(&mut bus.dry);
        let (level, user) = (self.level.advance(), self.user_gains);
        scale(&mut bus.dry, (level.0 * user.0, level.1 * user.1), 1.0);
    }

    /// Takes away what is constant: the saturation of waves that are not symmetric and the ducking of notes in time with the kick add it.
    #[inline(always)]
    fn remove_constant(&mut self, block: &mut [[f32; QUANTUM]; 2]) {
        let share = core::f32::consts::TAU * CONSTANT / self.rate;
        let [mut first, mut second] = self.constant;
        let [left, right] = block;
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            first += share * (*left - first);
            *left -= first;
            second += share * (*right - second);
            *right -= second;
        }
        self.constant = [first, second].map(|mean| if mean.abs() < 1e-15 { 0.0 } else { mean });
    }

    /// Low cut, dip, converter, shelf, tape, high cut.
    #[inline(always)]
    fn tone(&mut self, shared: &Shared, bus: &mut Bus, medium_low: f32) {
        let (_, low_cut) = self.low_cut.advance();
        let low_cut = Cutoff::new(low_cut.max(medium_low), 0.707, self.rate);
        let high_cut = Cutoff::new(exp2(self.high_cut.advance().1), 0.6, self.rate);
        let dip = self.dip_band;
        run_both(&mut self.filters[0], &mut bus.dry, |filter, x| filter.high(&low_cut, x));
        if self.dips {
            run_both(&mut self.dip, &mut bus.dry, |filter, x| x - 0.2 * filter.band(&dip, x));
        }
        if self.has_bits {
            self.medium_bits.process(&mut bus.dry);
        }
        let treble = self.treble.advance().1;
        if treble != 0.0 {
            let corner = self.corner;
            run_both(&mut self.shelf, &mut bus.dry, |filter, x| x + treble * filter.high(&corner, x));
        }
        self.tape.process(&shared.transport, self.wow, self.drive.advance().1, &mut bus.dry);
        run_both(&mut self.filters[1], &mut bus.dry, |filter, x| filter.low(&high_cut, x));
    }
}

#[inline(always)]
fn scale(block: &mut [[f32; QUANTUM]; 2], (from, to): (f32, f32), by: f32) {
    let slope = (to - from) * (1.0 / QUANTUM as f32);
    for samples in block {
        let mut gain = from;
        for sample in samples {
            gain += slope;
            *sample *= gain * by;
        }
    }
}

#[inline(always)]
fn add(block: &mut [[f32; QUANTUM]; 2], other: &[[f32; QUANTUM]; 2]) {
    for (sample, other) in block.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
        *sample += other;
    }
}
