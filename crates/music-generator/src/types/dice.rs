//! Random numbers that depend on what they are for, and on nothing else.

/// Random numbers for one decision: a counter-based stream that is a function of a seed and of what is decided. Other decisions,
/// muted voices and block sizes do not move it.
///
/// The generator is SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// The random numbers for decision `event` of `bar` in the stream `stream` (a name, as in `"lofi.kick"`).
    pub fn new(seed: u64, stream: &str, bar: u64, event: u64) -> Self {
        // FNV-1a of the name.
        let name = stream
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let state = [name, bar, event]
            .into_iter()
            .fold(mix(seed.wrapping_add(GOLDEN)), |state, word| mix(state ^ mix(word.wrapping_add(GOLDEN))));
        Self { state }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number from 0 (included) to 1 (excluded).
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A number from `low` (included) to `high` (excluded).
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// A whole number below `count`; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        // The upper 32 bits, scaled: the error in the probabilities is below count / 2^32.
        let scaled = (self.bits() >> 32).wrapping_mul(count as u64) >> 32;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// An index of `weights`, each with a probability in proportion to its weight. 0 when there are none.
    pub fn pick(&mut self, weights: &[f32]) -> usize {
        let total: f32 = weights.iter().sum();
        let mut left = self.unit() * total;
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// A number of a normal distribution with mean 0 and deviation 1, at most 3 to either side: the sum of twelve uniform numbers.
    pub fn normal(&mut self) -> f32 {
        ((0..12).map(|_| self.unit()).sum::<f32>() - 6.0).clamp(-3.0, 3.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_depends_on_its_name_bar_and_number_only() {
        let bits = |seed, stream, bar, event| Dice::new(seed, stream, bar, event).bits();
        assert_eq!(bits(7, "kick", 3, 1), bits(7, "kick", 3, 1));
        let others = [bits(8, "kick", 3, 1), bits(7, "hat", 3, 1), bits(7, "kick", 4, 1), bits(7, "kick", 3, 2)];
        assert!(others.iter().all(|other| *other != bits(7, "kick", 3, 1)));
    }

    #[test]
    fn the_numbers_have_the_promised_ranges_and_means() {
        let mut dice = Dice::new(1, "test", 0, 0);
        let units: Vec<f32> = (0..10_000).map(|_| dice.unit()).collect();
        assert!(units.iter().all(|x| (0.0..1.0).contains(x)));
        assert!((units.iter().sum::<f32>() / 10_000.0 - 0.5).abs() < 0.02);
        let normals: Vec<f32> = (0..10_000).map(|_| dice.normal()).collect();
        let square = normals.iter().map(|x| x * x).sum::<f32>() / 10_000.0;
        assert!((square - 1.0).abs() < 0.06, "{square}");
        let mut counts = [0; 3];
        (0..10_000).for_each(|_| counts[dice.pick(&[1.0, 2.0, 1.0])] += 1);
        assert!(counts[1] > 4_700 && counts[1] < 5_300, "{counts:?}");
        assert!((0..1_000).all(|_| dice.below(5) < 5));
    }
}
