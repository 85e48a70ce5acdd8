//! Measures of music on its notes, and the tests that all styles have to pass.

use std::collections::BTreeMap;

use super::composer::Composer;
use crate::types::bar::Bar;
use crate::types::instrument::Instrument;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};
use crate::types::ticks::Ticks;

/// A target of a single style.
pub fn target_of(style: Style, density: f32) -> Target {
    let mut target = Target { density, ..Target::default() };
    target.styles = [0.0; 6];
    target.styles[style.index()] = 1.0;
    target
}

/// Bars of at least this many seconds, with the notes that sound at the density of the target.
pub fn bars(seed: u64, target: &Target, seconds: f64) -> (Vec<Bar>, u64) {
    let mut composer = Composer::new(seed, target);
    let bpm = composer.tempo(target);
    let (mut bars, mut elapsed) = (Vec::new(), 0.0);
    while elapsed < seconds {
        let mut bar = composer.compose(target, bpm);
        bar.notes.retain(|note| note.from_density <= target.density);
        elapsed += bar.length.to_beats() * 60.0 / bpm;
        bars.push(bar);
    }
    (bars, composer.repeats())
}

fn is_pitched(note: &Note) -> bool {
    !matches!(note.stem, Stem::Drums | Stem::Texture)
}

fn key(note: &Note) -> i32 {
    libm::roundf(note.pitch.0) as i32
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

/// The entropy of the pitch classes of notes in bits (M4; Wu & Yang 2020).
pub fn pitch_class_entropy(notes: &[Note]) -> f32 {
    let mut counts = [0.0_f32; 12];
    notes.iter().filter(|note| is_pitched(note)).for_each(|note| counts[usize::from(note.pitch.class())] += 1.0);
    let total: f32 = counts.iter().sum();
    counts.iter().filter(|count| **count > 0.0).map(|count| -count / total * (count / total).log2()).sum()
}

/// The share of the notes that are in the announced scale, borrowed chord tones apart (M5; Dong et al. 2020).
pub fn scale_consistency(bars: &[Bar]) -> f32 {
    let (mut inside, mut all) = (0.0, 0.0);
    for bar in bars {
        for note in bar.notes.iter().filter(|note| is_pitched(note)) {
            all += 1.0;
            inside += f32::from(u8::from(bar.scale.contains(&note.pitch.class())));
        }
    }
    inside / all
}

/// The places at which notes of a bar begin, on a grid of 16.
fn onsets(bar: &Bar, drums_only: bool) -> [bool; 16] {
    let mut grid = [false; 16];
    for note in bar.notes.iter().filter(|note| !drums_only || note.stem == Stem::Drums) {
        let step = (note.start - bar.start).0 * 16 / bar.length.0.max(1);
        grid[(step as usize).min(15)] = true;
    }
    grid
}

/// One minus the mean share of steps in which adjacent bars differ (M6; Wu & Yang 2020), over bars with drums.
pub fn groove_consistency(bars: &[Bar], drums_only: bool) -> f32 {
    let with_drums: Vec<&Bar> = bars.iter().collect();
    let differences: Vec<f32> = with_drums
        .windows(2)
        .filter(|pair| pair.iter().all(|bar| bar.notes.iter().any(|note| note.stem == Stem::Drums)))
        .map(|pair| {
            let (a, b) = (onsets(pair[0], drums_only), onsets(pair[1], drums_only));
            a.iter().zip(b).filter(|(a, b)| **a != *b).count() as f32 / 16.0
        })
        .collect();
    1.0 - mean(&differences)
}

/// For each stem the number of windows of four bars in which it plays what it played in an earlier window (M10 on
/// notes).
pub fn duplicates(bars: &[Bar]) -> [usize; Stem::COUNT] {
    Stem::ALL.map(|stem| {
        let mut count = 0;
        let content = |bar: &Bar| -> Vec<(i64, i32, Instrument)> {
            let notes = bar.notes.iter().filter(|note| note.stem == stem);
            let mut events: Vec<_> =
                notes.map(|note| ((note.start - bar.start).0 / 80, key(note), note.instrument)).collect();
            events.sort_unstable();
            events
        };
        let contents: Vec<_> = bars.iter().map(content).collect();
        let mut seen = BTreeMap::new();
        for window in contents.windows(4) {
            if window.iter().filter(|bar| bar.is_empty()).count() > 1 || window[3].is_empty() {
                continue;
            }
            count += usize::from(seen.insert(window.to_vec(), ()).is_some());
        }
        count
    })
}

/// Roughness of notes that sound together: pairs of partials within 1.2 critical bands (M12; Sethares 1993). Six partials at 0.88.
pub fn roughness(keys: &[i32]) -> f32 {
    let mut partials = Vec::new();
    for key in keys {
        let f = 440.0 * 2.0_f32.powf((*key as f32 - 69.0) / 12.0);
        (1..=6).for_each(|k| partials.push((f * k as f32, 0.88_f32.powi(k))));
    }
    let mut sum = 0.0;
    for (index, (f, a)) in partials.iter().enumerate() {
        for (g, b) in &partials[index + 1..] {
            let (low, high) = (f.min(*g), f.max(*g));
            let s = 0.24 / (0.021 * low + 19.0);
            let x = s * (high - low);
            sum += a.min(*b) * ((-3.5 * x).exp() - (-5.75 * x).exp());
        }
    }
    sum
}

/// The mean roughness of the struck chords, as a multiple of that of a major seventh chord on middle C.
pub fn chord_roughness(bars: &[Bar], instrument: Instrument) -> f32 {
    let chords = struck_chords(bars, instrument);
    let all: Vec<f32> = chords.iter().map(|(_, keys)| roughness(keys)).collect();
    mean(&all) / roughness(&[60, 64, 67, 71])
}

/// Chords that begin further apart than two bars are no change from one to the other: other instruments had the chords between them.
const NEAR: Ticks = Ticks::beats(8);

/// The chords of an instrument with their starts: sets of at least three notes that begin together.
fn struck_chords(bars: &[Bar], instrument: Instrument) -> Vec<(Ticks, Vec<i32>)> {
    let mut chords: BTreeMap<Ticks, Vec<i32>> = BTreeMap::new();
    for note in bars.iter().flat_map(|bar| &bar.notes) {
        if note.stem == Stem::Harmony && note.instrument == instrument {
            chords.entry(note.start).or_default().push(key(note));
        }
    }
    let mut all: Vec<(Ticks, Vec<i32>)> = chords.into_iter().filter(|(_, keys)| keys.len() >= 3).collect();
    all.iter_mut().for_each(|(_, keys)| keys.sort_unstable());
    all
}

/// How chords move (M13).
#[derive(Debug)]
pub struct Leading {
    /// Mean of the semitones that all voices move at a change.
    pub moved: f32,
    /// Share of the changes in which the top voice moves by at most 2.
    pub small_top: f32,
    /// Share of the changes in which the top voice leaps by more than 5.
    pub leaping_top: f32,
    /// Share of the changes with a common tone.
    pub common: f32,
    /// The number of changes.
    pub changes: usize,
}

/// Measures the voice leading of an instrument.
pub fn voice_leading(bars: &[Bar], instrument: Instrument) -> Leading {
    let chords = struck_chords(bars, instrument);
    let near = chords.windows(2).filter(|pair| pair[1].0 - pair[0].0 <= NEAR).map(|pair| (&pair[0].1, &pair[1].1));
    let pairs: Vec<_> = near.filter(|(before, now)| before != now && before.len() == now.len()).collect();
    let share = |test: &dyn Fn(&[i32], &[i32]) -> bool| {
        pairs.iter().filter(|(before, now)| test(before, now)).count() as f32 / pairs.len().max(1) as f32
    };
    let top = |keys: &[i32]| keys.last().copied().unwrap_or(0);
    let moved: Vec<f32> = pairs.iter().map(|(before, now)| super::voicing::moved(now, before) as f32).collect();
    Leading {
        moved: mean(&moved),
        small_top: share(&|a, b| (top(a) - top(b)).abs() <= 2),
        leaping_top: share(&|a, b| (top(a) - top(b)).abs() > 5),
        common: share(&|a, b| a.iter().any(|key| b.iter().any(|other| (key - other) % 12 == 0))),
        changes: pairs.len(),
    }
}

/// What a melody is like (M14).
#[derive(Debug, Default)]
pub struct Melody {
    /// Shares of repeated notes, steps, thirds, fourths and fifths, and larger intervals.
    pub intervals: [f32; 5],
    /// Share of the leaps of five semitones or more after which the line turns.
    pub turns: f32,
    /// Share of the leaps of five semitones or more that go up.
    pub leaps_up: f32,
    /// Share of the time of phrases in which nothing sounds.
    pub rest: f32,
    /// Median of the range of a phrase in semitones.
    pub range: f32,
    /// Mean place of the highest note in its phrase of eight bars, 0 to 1.
    pub peak: f32,
    /// The number of notes.
    pub notes: usize,
    /// Phrases of four bars without a gap of a beat.
    pub breathless: usize,
}

/// The bars with nothing in the lead but the melody: in each section the notes of the instrument that has most of them, so that a second
/// voice that answers is no part of it.
fn without_answers(bars: &[Bar]) -> Vec<Bar> {
    let mut melody = bars.to_vec();
    for section in melody.chunk_by_mut(|a, b| a.section == b.section) {
        let mut counts: BTreeMap<Instrument, usize> = BTreeMap::new();
        for note in section.iter().flat_map(|bar| &bar.notes).filter(|note| note.stem == Stem::Lead) {
            *counts.entry(note.instrument).or_default() += 1;
        }
        let main = counts.into_iter().max_by_key(|(_, count)| *count).map(|(instrument, _)| instrument);
        for bar in section {
            bar.notes.retain(|note| note.stem != Stem::Lead || Some(note.instrument) == main);
        }
    }
    melody
}

/// The melody notes of a bar, without grace notes.
fn main_line(bar: &Bar) -> Vec<Note> {
    let mut notes: Vec<Note> = bar.notes.iter().filter(|note| note.stem == Stem::Lead).copied().collect();
    notes.retain(|note| note.length > Ticks(160));
    // Of notes that begin together the highest is the melody.
    notes.sort_by_key(|note| (note.start, std::cmp::Reverse(key(note))));
    notes.dedup_by_key(|note| note.start);
    notes
}

/// Runs of bars with melody, in which at most two bars in a row are silent, extended to whole groups of four bars.
fn phrases(bars: &[Bar]) -> Vec<&[Bar]> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bars.len() {
        if main_line(&bars[at]).is_empty() {
            at += 1;
            continue;
        }
        let mut last = at;
        while (1..=3).any(|ahead| bars.get(last + ahead).is_some_and(|bar| !main_line(bar).is_empty())) {
            last += 1;
        }
        let end = (at + (last - at + 1).div_ceil(4) * 4).min(bars.len());
        found.push(&bars[at..end]);
        at = end;
    }
    found
}

/// Measures the melody.
pub fn melody(bars: &[Bar]) -> Melody {
    let bars = &without_answers(bars);
    let mut found = Melody::default();
    let (mut leaps, mut rests, mut ranges, mut peaks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for phrase in phrases(bars) {
        let notes: Vec<Note> = phrase.iter().flat_map(main_line).collect();
        if notes.len() < 6 {
            continue;
        }
        found.notes += notes.len();
        let end = phrase.last().map(|bar| bar.start + bar.length).unwrap_or_default();
        let next_start = |index: usize| notes.get(index + 1).map_or(end, |next| next.start);
        let length = (end - phrase[0].start).0;
        let sounding: i64 =
            notes.iter().enumerate().map(|(index, note)| note.length.0.min((next_start(index) - note.start).0)).sum();
        rests.push(1.0 - sounding as f32 / length as f32);
        let keys: Vec<i32> = notes.iter().map(key).collect();
        ranges.push((keys.iter().max().unwrap_or(&0) - keys.iter().min().unwrap_or(&0)) as f32);
        for pair in keys.windows(2) {
            let class = match (pair[1] - pair[0]).abs() {
                0 => 0,
                1..=2 => 1,
                3..=4 => 2,
                5..=7 => 3,
                _ => 4,
            };
            found.intervals[class] += 1.0;
        }
        for three in keys.windows(3) {
            let (first, second) = (three[1] - three[0], three[2] - three[1]);
            if first.abs() >= 5 {
                leaps.push((f32::from(u8::from(second.signum() == -first.signum())), f32::from(u8::from(first > 0))));
            }
        }
        if phrase.len() == 8 {
            let peak = notes.iter().max_by_key(|note| (key(note), std::cmp::Reverse(note.start)));
            peaks.extend(peak.map(|peak| (peak.start - phrase[0].start).0 as f32 / length as f32));
        }
        for four in phrase.chunks(4) {
            let notes: Vec<Note> = four.iter().flat_map(main_line).collect();
            let end = four.last().map(|bar| bar.start + bar.length).unwrap_or_default();
            let gap = notes.iter().enumerate().any(|(index, note)| {
                let next = notes.get(index + 1).map_or(end, |next| next.start);
                (next - note.start - note.length).0 >= 900
            });
            found.breathless += usize::from(!gap);
        }
    }
    let total: f32 = found.intervals.iter().sum();
    Melody {
        intervals: found.intervals.map(|count| count / total),
        turns: mean(&leaps.iter().map(|leap| leap.0).collect::<Vec<_>>()),
        leaps_up: mean(&leaps.iter().map(|leap| leap.1).collect::<Vec<_>>()),
        rest: mean(&rests),
        range: median(ranges),
        peak: mean(&peaks),
        ..found
    }
}

/// The share of the time in which no melody sounds, rests between phrases included (M14).
pub fn silence_of_lead(bars: &[Bar]) -> f32 {
    let mut spans: Vec<(Ticks, Ticks)> = bars
        .iter()
        .flat_map(|bar| &bar.notes)
        .filter(|note| note.stem == Stem::Lead)
        .map(|note| (note.start, note.start + note.length))
        .collect();
    spans.sort_unstable();
    let (mut sounding, mut until) = (0, Ticks::ZERO);
    for (start, end) in spans {
        sounding += (end.max(until) - start.max(until)).0;
        until = until.max(end);
    }
    let length: i64 = bars.iter().map(|bar| bar.length.0).sum();
    1.0 - sounding as f32 / length as f32
}

/// Mean, deviation and correlation of successive values of the lateness of an instrument, in milliseconds (M20). Notes that begin
/// together count once.
pub fn microtiming(bars: &[Bar], instrument: Instrument, straight_only: bool) -> (f32, f32, f32) {
    let mut places: BTreeMap<Ticks, f32> = BTreeMap::new();
    for bar in bars {
        for note in bar.notes.iter().filter(|note| note.instrument == instrument) {
            let step = (note.start - bar.start).0 / Ticks::STEP.0;
            if !straight_only || step % 2 == 0 {
                places.entry(note.start).or_insert(note.late_ms);
            }
        }
    }
    let values: Vec<f32> = places.into_values().collect();
    let centre = mean(&values);
    let variance = values.iter().map(|value| (value - centre).powi(2)).sum::<f32>() / values.len().max(1) as f32;
    let lag = values.windows(2).map(|pair| (pair[0] - centre) * (pair[1] - centre)).sum::<f32>()
        / values.len().max(1) as f32
        / variance;
    (centre, variance.sqrt(), lag)
}

/// The share of the time in which chords with notes outside the scale sound.
pub fn borrowed(bars: &[Bar]) -> f32 {
    let chords: Vec<_> = bars.iter().flat_map(|bar| &bar.chords).collect();
    let all: i64 = chords.iter().map(|chord| chord.length.0).sum();
    let outside: i64 = chords.iter().filter(|chord| !chord.borrowed.is_empty()).map(|chord| chord.length.0).sum();
    outside as f32 / all as f32
}

/// The median of the entropy of windows of four bars.
pub fn entropy_of_blocks(bars: &[Bar]) -> f32 {
    let blocks = bars.windows(4).map(|window| {
        let notes: Vec<Note> = window.iter().flat_map(|bar| bar.notes.clone()).collect();
        pitch_class_entropy(&notes)
    });
    median(blocks.filter(|entropy| *entropy > 0.0).collect())
}

/// The share of the changes of chord in which a voice moves in octaves or fifths with the bass (M13), and the number of changes.
pub fn parallels(bars: &[Bar], instrument: Instrument) -> (f32, usize) {
    let mut chords: BTreeMap<Ticks, (Vec<i32>, Option<i32>)> = BTreeMap::new();
    for note in bars.iter().flat_map(|bar| &bar.notes) {
        let (keys, low) = chords.entry(note.start).or_default();
        match note.stem {
            Stem::Harmony if note.instrument == instrument => keys.push(key(note)),
            Stem::Bass => *low = Some(low.map_or(key(note), |low| low.min(key(note)))),
            _ => {}
        }
    }
    let chords: Vec<(Ticks, Vec<i32>, i32)> = chords
        .into_iter()
        .filter(|(_, (keys, _))| keys.len() >= 3)
        .filter_map(|(at, (mut keys, low))| {
            keys.sort_unstable();
            // Without a bass of its own a low key is the bass; chords without a bass are left out.
            let low = low.or(keys.first().copied().filter(|key| *key <= 50))?;
            keys.retain(|key| *key > low);
            Some((at, keys, low))
        })
        .collect();
    let near = |pair: &&[(Ticks, Vec<i32>, i32)]| pair[1].0 - pair[0].0 <= NEAR;
    let moves = |pair: &&[(Ticks, Vec<i32>, i32)]| pair[0].2 != pair[1].2 && pair[0].1.len() == pair[1].1.len();
    let changes: Vec<_> = chords.windows(2).filter(near).filter(moves).collect();
    let parallel = |pair: &&&[(Ticks, Vec<i32>, i32)]| {
        let [(_, before, low_before), (_, now, low_now)] = pair else { return false };
        before.iter().zip(now).any(|(a, b)| {
            let (x, y) = ((a - low_before).rem_euclid(12), (b - low_now).rem_euclid(12));
            a != b && x == y && matches!(x, 0 | 7)
        })
    };
    (changes.iter().filter(parallel).count() as f32 / changes.len().max(1) as f32, changes.len())
}
