//! The set: all messages and their times. It is made for the generated music, but works with other music too.

use std::path::PathBuf;

use rosc::OscType;

/// The length of the set, in seconds.
pub const SECONDS: f64 = 75.0;
/// The interval between two messages of a moving fader, in seconds.
const TICK: f64 = 0.05;

/// A message and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedMessage {
    /// The time at which it is sent, in seconds after time zero.
    pub at: f64,
    /// The OSC address.
    pub address: &'static str,
    /// Its arguments.
    pub args: Vec<OscType>,
}

/// The times that are marked in the chart.
pub const MARKS: [(f64, &str); 6] =
    [(1.5, "start_group"), (16.0, "drums"), (20.0, "bass back"), (38.0, "break"), (49.0, "all"), (66.0, "fade")];

/// A value that moves from one to another.
struct Sweep {
    from: f64,
    to: f64,
    values: (f32, f32),
}

const fn sweep(from: f64, to: f64, start: f32, end: f32) -> Sweep {
    Sweep { from, to, values: (start, end) }
}

/// The faders of decks A to D: drums, bass, pads, lead.
const FADERS: [&[Sweep]; 4] = [
    &[sweep(15.5, 16.0, 0.0, 0.8), sweep(38.0, 41.0, 0.8, 0.0), sweep(48.6, 49.0, 0.0, 0.85)],
    &[sweep(10.0, 13.0, 0.0, 0.75), sweep(38.0, 40.0, 0.75, 0.0), sweep(48.6, 49.0, 0.0, 0.8)],
    &[sweep(0.0, 0.1, 0.0, 0.8), sweep(53.0, 57.0, 0.8, 0.3), sweep(58.0, 62.0, 0.3, 0.75)],
    &[
        sweep(5.0, 10.0, 0.0, 0.55),
        sweep(24.0, 26.0, 0.55, 0.75),
        sweep(53.0, 57.0, 0.75, 0.9),
        sweep(58.0, 62.0, 0.9, 0.7),
    ],
];

/// A move of an equaliser: start and end in seconds, start and end in percent.
pub type EqMove = (f64, f64, f32, f32);

/// The equalisers, in percent (0 kills, 50 is flat): deck, band, moves.
pub const EQ: [(&str, &str, &[EqMove]); 4] = [
    ("A", "low", &[(0.2, 0.2, 0.0, 0.0), (20.0, 20.1, 0.0, 50.0)]),
    ("B", "high", &[(0.2, 0.2, 0.0, 0.0), (16.0, 20.0, 0.0, 50.0)]),
    ("C", "mid", &[(26.0, 30.0, 50.0, 0.0), (30.0, 34.0, 0.0, 50.0)]),
    ("C", "low", &[(42.0, 46.0, 50.0, 0.0), (49.0, 49.1, 0.0, 50.0)]),
];

/// The movement of the crowd: times in seconds, and the movement from then on (0 to 1).
const MOVEMENT: [(f64, f32); 9] = [
    (1.0, 0.01),
    (12.0, 0.04),
    (16.0, 0.08),
    (20.0, 0.14),
    (26.0, 0.30),
    (34.0, 0.45),
    (46.0, 0.65),
    (60.0, 0.12),
    (66.0, 0.01),
];

/// The movement at a time, with the fluctuation of a real measurement.
#[must_use]
pub fn movement(at: f64) -> f32 {
    let level = MOVEMENT.iter().rev().find(|(from, _)| at >= *from).map_or(0.0, |(_, level)| *level);
    level * (1.0 + 0.08 * (at * 2.3).sin() as f32)
}

/// The messages of the set, in the order of their times. `tracks` are for decks A to D.
#[must_use]
pub fn set(tracks: &[PathBuf]) -> Vec<TimedMessage> {
    let mut messages = Vec::new();
    let mut send = |at: f64, address, args| messages.push(TimedMessage { at, address, args });
    let letters: Vec<OscType> = ["A", "B", "C", "D"].iter().take(tracks.len()).map(|&letter| letter.into()).collect();
    for (letter, path) in letters.iter().zip(tracks) {
        send(0.0, "/cue", vec![letter.clone(), path.display().to_string().into()]);
    }
    send(0.0, "/deck_levels", vec![OscType::Float(0.0); 4]);
    send(0.1, "/start_group", [vec![OscType::Float(1.5)], letters.clone()].concat());
    for tick in 0..=(SECONDS / TICK) as usize {
        let at = tick as f64 * TICK;
        let moves = |sweep: &Sweep| at >= sweep.from && at < sweep.to + TICK;
        if FADERS.iter().any(|deck| deck.iter().any(moves)) {
            send(at, "/deck_levels", FADERS.iter().map(|deck| OscType::Float(value(deck, at))).collect());
        }
        for (deck, band, moves) in EQ {
            for &(from, to, start, end) in moves {
                let sweep = sweep(from, to, start, end);
                if at >= sweep.from && at < sweep.to + TICK {
                    send(at, "/deck_eq", vec![deck.into(), band.into(), OscType::Float(value(&[sweep], at))]);
                }
            }
        }
        // A movement detector also sends other messages, here one a second.
        if tick % 20 == 10 {
            send(at, "/dance/total_movement", vec![OscType::Float(movement(at))]);
            send(at, "/dance/person_count", vec![OscType::Int(7)]);
        }
    }
    for (n, letter) in letters.iter().enumerate() {
        let fade = vec![letter.clone(), OscType::Float(66.0 + [2.0, 0.0, 3.0, 1.0][n % 4]), OscType::Float(5.0)];
        send(65.0, "/fade", fade);
    }
    messages.sort_by(|a, b| a.at.total_cmp(&b.at));
    messages
}

fn value(sweeps: &[Sweep], at: f64) -> f32 {
    let last = sweeps.iter().rev().find(|sweep| at >= sweep.from);
    let Some(sweep) = last else { return sweeps.first().map_or(0.0, |sweep| sweep.values.0) };
    let progress =
        if sweep.to > sweep.from { ((at - sweep.from) / (sweep.to - sweep.from)).min(1.0) as f32 } else { 1.0 };
    sweep.values.0 + (sweep.values.1 - sweep.values.0) * progress
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_in_order_and_ends_with_fades() {
        let set = set(&["a.wav", "b.wav", "c.wav", "d.wav"].map(PathBuf::from));
        assert!(set.is_sorted_by(|a, b| a.at <= b.at));
        assert_eq!(set.iter().filter(|message| message.address == "/cue").count(), 4);
        assert_eq!(set.iter().filter(|message| message.address == "/fade").count(), 4);
        assert!(set.len() > 500, "{} messages", set.len());
    }

    #[test]
    fn faders_arrive_where_they_are_sent() {
        assert_eq!(value(FADERS[0], 0.0), 0.0);
        assert_eq!(value(FADERS[0], 30.0), 0.8);
        assert_eq!(value(FADERS[0], 60.0), 0.85);
        assert!((movement(50.0) - 0.65).abs() < 0.06);
    }
}
