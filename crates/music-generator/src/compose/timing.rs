//! Time off the grid: swing, the constant offset of a voice, and correlated jitter.

use crate::types::dice::Dice;

/// The least length of a short swung sixteenth in milliseconds (after Friberg & Sundstrom 2002).
const SHORTEST_SWUNG_MS: f64 = 95.0;
/// The correlation of the jitter of successive notes of a voice.
const CORRELATION: f32 = 0.6;

/// How a voice places its notes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Milliseconds behind the grid; negative is early.
    pub offset_ms: f32,
    /// The deviation of the jitter in milliseconds.
    pub jitter_ms: f32,
    /// The share of the swing that the voice follows, 0 to 1.
    pub swing: f32,
}

/// The jitter of a voice: an autoregressive process of the first order, bounded at three deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jitter(f32);

impl Jitter {
    /// No deviation yet.
    pub const STILL: Self = Self(0.0);

    /// The next deviation, in units of the standard deviation.
    pub fn next(&mut self, dice: &mut Dice) -> f32 {
        let fresh = (1.0 - CORRELATION * CORRELATION).sqrt();
        self.0 = (CORRELATION * self.0 + fresh * dice.normal()).clamp(-3.0, 3.0);
        self.0
    }
}

/// A swing that falls with the tempo: straight lines between two tempos.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// The slow tempo in quarter notes a minute, and the place of the off-beat sixteenth in its eighth there, 0.5 to 0.667.
    pub slow: (f64, f32),
    /// The same for the fast tempo.
    pub fast: (f64, f32),
}

impl Swing {
    /// No swing.
    pub const STRAIGHT: Self = Self { slow: (60.0, 0.5), fast: (120.0, 0.5) };

    /// The place of the off-beat sixteenth at this tempo.
    pub fn at(&self, bpm: f64) -> f32 {
        let share = ((bpm - self.slow.0) / (self.fast.0 - self.slow.0)).clamp(-0.25, 1.25) as f32;
        (self.slow.1 + share * (self.fast.1 - self.slow.1)).clamp(0.5, 0.667)
    }
}

/// How much later an off-beat sixteenth sounds, in milliseconds, when its place in its eighth is `swing`.
pub fn swing_ms(swing: f32, bpm: f64) -> f32 {
    let eighth = 30_000.0 / bpm;
    let place = (f64::from(swing) * eighth).min(eighth - SHORTEST_SWUNG_MS).max(eighth / 2.0);
    (place - eighth / 2.0) as f32
}

/// How late a note is, in milliseconds, when the tempo falls and rises by the share `depth` over a span of `span_ms`: it is slower
/// at the start and at the end, faster in the middle, and on the grid at both ends. `place` is the place in the span, 0 to 1.
pub fn rubato_ms(place: f32, span_ms: f32, depth: f32) -> f32 {
    let turn = std::f32::consts::TAU;
    depth * span_ms / turn * libm::sinf(turn * place)
}

/// How late a note is, in milliseconds, when the music slows down by the share `depth` to the end of a span of `span_ms`. It
/// presses on by a third of that before, so that it is on the grid at both ends. `place` is the place in the span, 0 to 1.
pub fn ritardando_ms(place: f32, span_ms: f32, depth: f32) -> f32 {
    -depth * span_ms * place * place * (1.0 - place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_has_its_deviation_and_correlation() {
        let mut jitter = Jitter::default();
        let mut dice = Dice::new(3, "test", 0, 0);
        let values: Vec<f32> = (0..4000).map(|_| jitter.next(&mut dice)).collect();
        let square = values.iter().map(|x| x * x).sum::<f32>() / 4000.0;
        let lag = values.windows(2).map(|pair| pair[0] * pair[1]).sum::<f32>() / 4000.0 / square;
        assert!((square - 1.0).abs() < 0.1 && (lag - 0.6).abs() < 0.05, "{square} {lag}");
    }

    #[test]
    fn swing_falls_with_the_tempo_and_keeps_the_short_note() {
        let swing = Swing { slow: (70.0, 0.61), fast: (90.0, 0.56) };
        assert!((swing.at(80.0) - 0.585).abs() < 1e-4);
        assert!((swing_ms(0.6, 75.0) - 40.0).abs() < 0.01);
        // At 180 an eighth lasts 166.7 ms: the short note keeps half of it.
        assert_eq!(swing_ms(0.6, 180.0), 0.0);
        assert!((swing_ms(0.6, 150.0) - 5.0).abs() < 1e-3);
    }

    #[test]
    fn a_tempo_that_breathes_is_on_the_grid_at_the_ends_of_its_span() {
        let slope =
            |late: &dyn Fn(f32) -> f32, place: f32| (late(place + 0.001) - late(place - 0.001)) / 0.002 / 8_000.0;
        let rubato = |place: f32| rubato_ms(place, 8_000.0, 0.04);
        assert!(rubato(0.0).abs() < 0.01 && rubato(1.0).abs() < 0.01);
        assert!((slope(&rubato, 0.0) - 0.04).abs() < 1e-3 && (slope(&rubato, 0.5) + 0.04).abs() < 1e-3);
        let ritardando = |place: f32| ritardando_ms(place, 8_000.0, 0.09);
        assert!(ritardando(0.0).abs() < 0.01 && ritardando(1.0).abs() < 0.01);
        assert!((slope(&ritardando, 0.999) - 0.09).abs() < 1e-3 && (slope(&ritardando, 0.333) + 0.03).abs() < 1e-3);
    }
}
