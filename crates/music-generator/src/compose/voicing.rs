//! Voice leading: of all close and open positions of a chord the one is chosen that moves least.

use super::chord::Chord;

/// What it costs that a voice doubles the fifth or the third and not the root.
const DOUBLED_FIFTH: f32 = 0.5;
const DOUBLED_THIRD: f32 = 1.0;
/// What it costs that no voice has the ninth of a chord of four tones.
const LEFT_OUT_NINTH: f32 = 0.4;

/// The limits of a voicing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The lowest key.
    pub low: i32,
    /// The highest key.
    pub high: i32,
    /// The mean to which the voices return.
    pub centre: f32,
    /// The number of voices, 2 to 6.
    pub voices: usize,
    /// Whether the root is left to the bass.
    pub rootless: bool,
    /// Whether the voices are spread over more than an octave.
    pub open: bool,
    /// What an octave or a fifth costs that is parallel to the bass; 0 where chords move in parallel as one sound.
    pub parallel: f32,
}

/// Keys and chords that go: electric piano, guitar.
pub const CLOSE: Limits =
    Limits { low: 51, high: 75, centre: 65.0, voices: 4, rootless: true, open: false, parallel: 0.0 };
/// Pads and strings.
pub const OPEN: Limits =
    Limits { low: 45, high: 79, centre: 62.0, voices: 4, rootless: false, open: true, parallel: 0.0 };

/// The keys of the voicing of `chord` in the key of `tonic` that costs least after `before`, ascending. `bass` is the bass before
/// and now, against which parallel octaves and fifths are counted; without one it is the lowest voice.
///
/// The cost is the sum of the moves, plus that of each parallel octave or fifth with the bass, plus half of the distance of the mean
/// from the centre, plus what the top voice moves beyond a second, plus 1 to 3 for seconds within the chord.
pub fn voice(chord: &Chord, tonic: u8, before: &[i32], bass: Option<(i32, i32)>, limits: &Limits) -> Vec<i32> {
    let mut best: Option<(f32, Vec<i32>)> = None;
    for (classes, penalty) in tone_sets(chord, tonic, limits) {
        for keys in positions(&classes, limits) {
            let cost = penalty + cost(&keys, before, bass, limits);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, keys));
            }
        }
    }
    best.map(|(_, keys)| keys).unwrap_or_else(|| fallback(chord, tonic, limits))
}

/// The triad in close position at the centre, for chords of which no position is allowed.
fn fallback(chord: &Chord, tonic: u8, limits: &Limits) -> Vec<i32> {
    let mut keys: Vec<i32> = chord
        .triad(tonic)
        .into_iter()
        .map(|class| 57 + (i32::from(class) - 57).rem_euclid(12))
        .filter(|key| (limits.low..=limits.high).contains(key))
        .collect();
    keys.sort_unstable();
    keys
}

/// The sets of pitch classes that may stand for the chord, each with a penalty for what it leaves out.
fn tone_sets(chord: &Chord, tonic: u8, limits: &Limits) -> Vec<(Vec<u8>, f32)> {
    let root = chord.root_class(tonic);
    let count = chord.tones.len();
    if count <= limits.voices {
        let mut classes = chord.classes(tonic);
        let mut sets = vec![(classes.clone(), if limits.rootless && count > 3 { 1.0 } else { 0.0 })];
        if limits.rootless && count > 3 {
            classes.remove(0);
            sets.push((classes.clone(), 0.6));
            return sets;
        }
        // An added ninth may be left out.
        let ninth = chord.tones.iter().position(|tone| *tone == 14).filter(|_| count == limits.voices);
        let left_out = ninth.map_or(0.0, |ninth| {
            classes.remove(ninth);
            LEFT_OUT_NINTH
        });
        if classes.len() < limits.voices {
            // The root is doubled, or the fifth, or the third.
            for (index, penalty) in [(0, 0.0), (2, DOUBLED_FIFTH), (1, DOUBLED_THIRD)] {
                let doubled = classes.get(index).copied().unwrap_or(root);
                sets.push((classes.iter().copied().chain([doubled]).collect(), penalty + left_out));
            }
        }
        return sets;
    }
    // All sets of the right size that have the third (or fourth) and the seventh (or sixth).
    let essential = |tone: u8| matches!(tone, 2..=5 | 9..=11);
    let mut sets = Vec::new();
    for chosen in 0..1_u32 << count {
        if chosen.count_ones() as usize != limits.voices {
            continue;
        }
        let has = |index: usize| chosen >> index & 1 == 1;
        let tones = || chord.tones.iter().copied().enumerate();
        if tones().any(|(index, tone)| essential(tone) && !has(index)) {
            continue;
        }
        let penalty = tones().map(|(index, tone)| match (tone, has(index)) {
            (0, true) if limits.rootless => 0.8,
            (0, false) if !limits.rootless => 1.5,
            (12.., false) => 0.8,
            _ => 0.0,
        });
        let classes = tones().filter(|(index, _)| has(*index)).map(|(_, tone)| (root + tone) % 12).collect();
        sets.push((classes, penalty.sum()));
    }
    sets
}

/// All positions of the pitch classes within the limits: inversions in close position, and those with the second or the second and
/// fourth voice from the top an octave lower.
fn positions(classes: &[u8], limits: &Limits) -> Vec<Vec<i32>> {
    let mut all = Vec::new();
    let mut sorted = classes.to_vec();
    sorted.sort_unstable();
    for rotation in 0..sorted.len() {
        for octave in (36..=84).step_by(12) {
            let mut close: Vec<i32> = Vec::with_capacity(sorted.len());
            for index in 0..sorted.len() {
                let class = i32::from(sorted[(rotation + index) % sorted.len()]);
                let above = close.last().map_or(octave, |last| last + 1);
                close.push(above + (class - above).rem_euclid(12));
            }
            let drops: &[&[usize]] = if limits.open { &[&[2], &[2, 4], &[3]] } else { &[&[], &[2]] };
            for drop in drops {
                let mut keys = close.clone();
                let length = keys.len();
                for from_top in drop.iter().filter(|from_top| **from_top <= length) {
                    keys[length - from_top] -= 12;
                }
                keys.sort_unstable();
                if allowed(&keys, limits) {
                    all.push(keys);
                }
            }
        }
    }
    all
}

/// Whether the keys are in range, far enough apart where they are low, and without a minor ninth or a low minor second.
fn allowed(keys: &[i32], limits: &Limits) -> bool {
    let in_range = keys.iter().all(|key| (limits.low..=limits.high).contains(key));
    let spaced = keys.windows(2).all(|pair| pair[1] - pair[0] >= least_interval(pair[0]));
    let ninth = keys.iter().any(|low| keys.contains(&(low + 13)));
    in_range && spaced && !ninth
}

/// The smallest interval above a key that does not blur, in semitones.
pub fn least_interval(key: i32) -> i32 {
    match key {
        ..=40 => 12,
        41..=47 => 7,
        48..=52 => 4,
        53..=59 => 3,
        _ => 1,
    }
}

fn cost(keys: &[i32], before: &[i32], bass: Option<(i32, i32)>, limits: &Limits) -> f32 {
    let mean = keys.iter().sum::<i32>() as f32 / keys.len().max(1) as f32;
    let mut cost = (mean - limits.centre).abs() / 2.0;
    // Seconds are rough, minor ones and low ones most.
    cost += keys.windows(2).map(|pair| second(pair[0], pair[1] - pair[0])).sum::<f32>();
    let (Some(top), Some(top_before)) = (keys.last(), before.last()) else { return cost };
    cost += moved(keys, before) as f32;
    let top_move = (top - top_before).abs();
    cost += 3.0 * (top_move - 2).max(0) as f32 + if top_move > 5 { 6.0 } else { 0.0 };
    // Without a bass of its own the lowest voice is the bass.
    let lowest = before.first().copied().zip(keys.first().copied());
    if let Some((bass_before, bass_now)) = bass.or(lowest).filter(|(before, now)| before != now) {
        let parallel = keys.iter().zip(before).filter(|(now, before)| {
            let (interval, earlier) = ((*now - bass_now).rem_euclid(12), (*before - bass_before).rem_euclid(12));
            now != before && interval == earlier && matches!(interval, 0 | 7)
        });
        cost += limits.parallel * parallel.count() as f32;
    }
    cost
}

fn second(low: i32, interval: i32) -> f32 {
    match interval {
        1 => 3.0,
        2 if low < 62 => 1.0,
        _ => 0.0,
    }
}

/// The semitones that the voices move in total, each voice to the one in the same place counted from the top.
pub fn moved(keys: &[i32], before: &[i32]) -> i32 {
    keys.iter().rev().zip(before.iter().rev()).map(|(now, before)| (now - before).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::harmony::parse;

    #[test]
    fn voices_move_little_and_keep_their_range() {
        let mut before = Vec::new();
        let mut moves = Vec::new();
        for chord in parse("ii9 V13 Imaj9 vi9 ii9 V13 Imaj9 vi9 IVmaj9 iii7 vi9 ii9").iter().flatten() {
            let keys = voice(chord, 3, &before, None, &CLOSE);
            assert!(allowed(&keys, &CLOSE), "{keys:?}");
            if !before.is_empty() {
                moves.push(moved(&keys, &before));
            }
            before = keys;
        }
        let mean = moves.iter().sum::<i32>() as f32 / moves.len() as f32;
        assert!(mean <= 6.0, "{moves:?}");
    }

    #[test]
    fn low_notes_are_far_apart_and_no_minor_ninth_sounds() {
        for root in 0..12 {
            for symbol in ["Imaj9", "i9", "V13", "I5", "V7sus", "vii07", "VI7b9", "IV6/9"] {
                let chord = Chord::parse(symbol).unwrap();
                let keys = voice(&chord, root, &[], None, &OPEN);
                assert!(keys.len() >= 2, "{symbol}");
                for limits in [CLOSE, OPEN] {
                    let keys = voice(&chord, root, &[], None, &limits);
                    assert!(allowed(&keys, &limits), "{symbol} {keys:?}");
                }
            }
        }
    }
}
