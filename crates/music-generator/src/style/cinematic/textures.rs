//! Which instruments carry the harmony in a block of four or eight bars: the orchestration changes from block to block.

use crate::compose::scene::Scene;

/// Patterns of the ostinato: tones of root, fifth, octave, ninth.
pub(super) const OSTINATI: [[usize; 8]; 4] =
    [[0, 1, 2, 1, 3, 2, 1, 2], [0, 2, 1, 2, 0, 2, 1, 3], [0, 1, 2, 3, 2, 1, 2, 1], [0, 0, 1, 0, 2, 0, 1, 0]];

/// The shortest time between two changes of the orchestration, in milliseconds.
const LEAST_MS: f32 = 8_000.0;

/// What holds the chords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Strings, all of them.
    Strings,
    /// A choir.
    Choir,
    /// Nothing: the figure alone.
    Nothing,
}

/// What moves within the chords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Broken chords of the harp.
    Harp,
    /// Eighths on root, fifth, octave and ninth.
    Ostinato,
    /// Short chords of the strings in the rhythm of the block.
    Marcato,
    /// Slow broken chords of a piano.
    Piano,
    /// Broken chords of a celesta, high.
    Celesta,
    /// Nothing.
    Nothing,
}

/// The orchestration of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texture {
    /// What holds the chords.
    pub held: Held,
    /// What moves within them.
    pub figure: Figure,
}

const fn texture(held: Held, figure: Figure) -> Texture {
    Texture { held, figure }
}

/// Orchestrations with the energies between which they are used, and their weights.
const TEXTURES: [(Texture, f32, f32, f32); 14] = [
    (texture(Held::Strings, Figure::Nothing), 0.0, 0.6, 0.2),
    (texture(Held::Strings, Figure::Harp), 0.0, 0.75, 0.3),
    (texture(Held::Choir, Figure::Harp), 0.0, 0.62, 0.2),
    (texture(Held::Nothing, Figure::Harp), 0.0, 0.5, 0.15),
    (texture(Held::Nothing, Figure::Piano), 0.0, 0.5, 0.2),
    (texture(Held::Strings, Figure::Piano), 0.0, 0.6, 0.2),
    (texture(Held::Nothing, Figure::Celesta), 0.0, 0.5, 0.12),
    (texture(Held::Choir, Figure::Celesta), 0.0, 0.62, 0.15),
    (texture(Held::Choir, Figure::Ostinato), 0.45, 1.0, 0.2),
    (texture(Held::Strings, Figure::Ostinato), 0.5, 1.0, 0.35),
    (texture(Held::Nothing, Figure::Ostinato), 0.45, 0.7, 0.15),
    (texture(Held::Strings, Figure::Marcato), 0.58, 1.0, 0.25),
    (texture(Held::Choir, Figure::Marcato), 0.66, 1.0, 0.2),
    (texture(Held::Nothing, Figure::Marcato), 0.58, 1.0, 0.2),
];

/// The bars of a block: four, or eight when four are short.
pub fn block_bars(scene: &Scene<'_>) -> u32 {
    let four_ms = 4.0 * scene.beats as f32 * 60_000.0 / scene.bpm as f32;
    if four_ms < LEAST_MS { 8 } else { 4 }
}

/// The orchestration of a block, another one than that of the block before.
pub fn choose(scene: &Scene<'_>, energy: f32, before: Option<Texture>) -> Texture {
    let mut dice = scene.pattern_dice("cinematic.texture", block_bars(scene));
    let weight = |(texture, low, high, weight): &(Texture, f32, f32, f32)| {
        let other_figure = before.is_none_or(|before| before.figure != texture.figure);
        let other_chords = before.is_none_or(|before| before.held != texture.held);
        let fits = (*low..*high).contains(&energy) && before != Some(*texture);
        // A block differs in what is heard most: the figure, then what holds the chords.
        if fits { weight * if other_figure { 1.0 } else { 0.08 } * if other_chords { 1.0 } else { 0.4 } } else { 0.0 }
    };
    let weights: Vec<f32> = TEXTURES.iter().map(weight).collect();
    TEXTURES.get(dice.pick(&weights)).map_or(texture(Held::Strings, Figure::Harp), |(texture, ..)| *texture)
}

/// Whether the bass plays in this block: under a harp or an ostinato alone, in a quiet part, it rests in half of the cases.
pub fn has_bass(scene: &Scene<'_>, texture: Texture, energy: f32) -> bool {
    let alone = texture.held == Held::Nothing && matches!(texture.figure, Figure::Harp | Figure::Ostinato);
    let may_rest = alone && energy < 0.55;
    !may_rest || scene.pattern_dice("cinematic.bass.rest", block_bars(scene)).chance(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_energy_has_at_least_three_orchestrations() {
        for energy in (20..100).map(|percent| percent as f32 / 100.0) {
            let count = TEXTURES.iter().filter(|(_, low, high, _)| (*low..*high).contains(&energy)).count();
            assert!(count >= 3, "{energy} {count}");
        }
    }
}
