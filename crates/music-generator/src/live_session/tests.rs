use std::sync::mpsc;
use std::time::Duration;

use crowd_engine::feed::LiveInfo;
use crowd_engine::{DeckId, Engine, Offline, SampleRate, StemId, Track};

use super::*;
use crate::session::Session;
use crate::steering::change::Start;
use crate::steering::log::{Header, LogWriter, SessionLog};
use crate::synth::{QUANTUM, Stems};
use crate::types::dice::Dice;
use crate::types::target::Style;

const RATE: u32 = 8_000;
const WINDOW: Duration = Duration::from_millis(50);

fn music(seed: u64, start: &Start) -> SteeredSession {
    SteeredSession::new(RATE, seed, Arc::new(Vocabulary::built_in().unwrap()), start).unwrap()
}

/// An engine that plays the stems without an output.
fn play(live: LiveSession) -> Offline {
    let rate = SampleRate::new(RATE).unwrap();
    let tracks = Track::from_live(live, LiveInfo::new(rate).stems(Steering::STEMS).window(WINDOW)).unwrap();
    let mut offline = Engine::builder().sample_rate(rate).decks(1).stems(Steering::STEMS).offline().unwrap();
    for (stem, track) in (0..).zip(&tracks) {
        offline.engine().deck(DeckId::A).stem(StemId(stem)).load(track).unwrap();
    }
    offline.engine().deck(DeckId::A).follow_tempo(false).unwrap().play().unwrap();
    offline
}

/// The left channel of interleaved stereo.
fn left(samples: &[f32]) -> Vec<f32> {
    samples.iter().step_by(2).copied().collect()
}

#[test]
fn the_stems_on_a_deck_add_up_to_the_session() {
    let (live, steering) = LiveSession::new(music(5, &Start::default()));
    let frames = 8 * RATE as usize;
    let heard = play(live).render_frames(frames);
    let mut session = Session::new(RATE, 5, Target::default());
    let mut expected = Vec::new();
    while expected.len() < 2 * frames {
        let mut stems = SILENCE;
        session.render(&mut stems);
        expected.extend_from_slice(Session::sum(&stems).as_flattened());
    }
    // The deck fades in within a millisecond.
    let differences = heard.iter().zip(&expected).skip(2 * 64).map(|(heard, expected)| (heard - expected).abs());
    let (largest, loudest) = (differences.fold(0.0, f32::max), expected.iter().fold(0.0, |a: f32, b| a.max(b.abs())));
    assert!(loudest > 0.1 && largest < 1e-6, "{largest} of {loudest}");
    let status = steering.status();
    assert!(status.frame >= frames as u64 && status.bpm > 40.0 && status.style == "lofi", "{status:?}");
    assert!(!status.chord.is_empty() && !status.scale.is_empty() && !status.section.is_empty(), "{status:?}");
}

/// Renders 10 s, applies a change, and renders 5 s more: what is heard, and the frame at which the change was asked for.
fn changed(seed: u64, change: impl FnOnce(&Steering)) -> (Vec<f32>, usize) {
    let start = Start { config: Config { bpm: Some(80.0), ..Config::default() }, ..Start::default() };
    let (live, steering) = LiveSession::new(music(seed, &start));
    let mut offline = play(live);
    let mut heard = left(&offline.render_frames(10 * RATE as usize));
    let asked = heard.len();
    change(&steering);
    heard.extend(left(&offline.render_frames(5 * RATE as usize)));
    (heard, asked)
}

/// The step between two samples that one in a thousand exceeds.
fn usual_step(sound: &[f32]) -> f32 {
    let mut steps: Vec<f32> = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    steps.sort_by(f32::total_cmp);
    steps[steps.len() * 999 / 1_000]
}

/// The largest step in the three beats after a change, against the usual step before or after them: a change may make the sound rougher.
fn largest_step(sound: &[f32], asked: usize) -> f32 {
    let settled = asked + 3 * 6_000;
    let largest = sound[asked..settled].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    largest / usual_step(&sound[..asked]).max(usual_step(&sound[settled..]))
}

#[test]
fn a_change_is_heard_within_a_beat_and_without_a_click() {
    // A beat lasts 6,000 frames; the window is read in advance.
    let latest = 6_000 + (WINDOW.as_secs_f64() * f64::from(RATE)) as usize + 2_048;
    let (plain, _) = changed(3, |_| ());
    let mut muted = Config { bpm: Some(80.0), ..Config::default() };
    muted.muted = [true, false, true, false, false];
    type Change<'a> = &'a dyn Fn(&Steering);
    let changes: [(&str, Change<'_>); 3] = [
        ("muted", &|steering| steering.set_config(muted.clone()).unwrap()),
        ("prompts", &|steering| {
            steering.set_prompts(vec![WeightedPrompt { text: "stormy rain, dark".to_owned(), weight: 1.0 }]).unwrap();
        }),
        ("target", &|steering| {
            steering.set_target(Target { brightness: 0.0, density: 0.0, ..Target::default() }).unwrap()
        }),
    ];
    for (name, change) in changes {
        let (heard, asked) = changed(3, change);
        assert!(heard[..asked] == plain[..asked], "{name}");
        let first = heard.iter().zip(&plain).position(|(a, b)| (a - b).abs() > 1e-4).unwrap();
        assert!(first - asked <= latest, "{name}: heard {} frames later", first - asked);
        let (after, without) = (largest_step(&heard, asked), largest_step(&plain, asked));
        assert!(after < 1.25 * without, "{name}: the largest step is {after} x, without the change {without} x");
    }
}

#[test]
fn changes_that_are_not_possible_are_refused_and_the_queue_is_bounded() {
    let (mut live, steering) = LiveSession::new(music(1, &Start::default()));
    assert!(steering.set_config(Config { bpm: Some(900.0), ..Config::default() }).is_err());
    assert!(steering.set_target(Target { density: f32::NAN, ..Target::default() }).is_err());
    let prompt = |text: &str, weight| vec![WeightedPrompt { text: text.to_owned(), weight }];
    assert!(steering.set_prompts(prompt("rain", 0.0)).is_err());
    let explained = steering.set_prompts(prompt("xqzzy rain", 1.0)).unwrap();
    assert_eq!(explained.prompts[0].warnings.len(), 1);
    for _ in 1..QUEUE {
        steering.set_config(Config::default()).unwrap();
    }
    assert_eq!(steering.set_config(Config::default()), Err(SteeringError::Full(QUEUE)));
    live.read(&mut vec![Vec::new(); Stem::COUNT]).unwrap();
    assert_eq!(steering.status().not_understood.len(), 1);
    steering.clone().set_config(Config::default()).unwrap();
    drop(live);
    assert_eq!(steering.set_config(Config::default()), Err(SteeringError::Ended));
}

/// A random change.
fn random(dice: &mut Dice) -> Change {
    const TEXTS: [&str; 6] = ["rain", "no drums", "fast house 126 bpm", "sad piano", "noche de lluvia", "xqzzy"];
    match dice.below(4) {
        0 | 1 => Change::Prompts(
            (0..=dice.below(3))
                .map(|_| WeightedPrompt {
                    text: TEXTS[dice.below(TEXTS.len())].to_owned(),
                    weight: f64::from(dice.between(0.01, 2.0)),
                })
                .collect(),
        ),
        2 => {
            let mut config =
                Config { density: Some(dice.unit()), temperature: dice.between(0.0, 3.0), ..Config::default() };
            config.bpm = dice.chance(0.5).then(|| 40.0 + 160.0 * f64::from(dice.unit()));
            config.muted[dice.below(Stem::COUNT)] = true;
            Change::Config(config)
        }
        _ => {
            let mut target = Target::of_style(Style::ALL[dice.below(Style::ALL.len())]);
            target.brightness = dice.unit();
            target.tonic = Some(dice.below(12) as u8);
            Change::Target(Box::new(target))
        }
    }
}

/// Replays a log into one block of all stems.
fn replay(log: &SessionLog) -> Vec<Stems> {
    let mut music = music(log.header.seed, &log.header.start);
    let mut changes = log.changes.iter().peekable();
    let mut sound = Vec::new();
    while music.frame() < log.end.unwrap() {
        while let Some((_, change)) = changes.next_if(|(frame, _)| *frame <= music.frame()) {
            music.apply(change).unwrap();
        }
        let mut stems = SILENCE;
        music.render(&mut stems);
        sound.push(stems);
    }
    sound
}

#[test]
fn a_log_of_random_changes_gives_the_same_bytes() {
    for (seed, quanta) in [(0, 1), (1, 7)] {
        let mut dice = Dice::new(seed, "changes", 0, 0);
        let start =
            Start { prompts: vec![WeightedPrompt { text: "lofi, calm".to_owned(), weight: 0.7 }], ..Start::default() };
        let (sender, logged) = mpsc::channel();
        let (live, steering) = LiveSession::new(music(seed, &start));
        let mut live =
            live.quanta(quanta).on_change(move |frame, change| sender.send((frame, change.clone())).unwrap());
        let mut played: Vec<Vec<[f32; 2]>> = vec![Vec::new(); Stem::COUNT];
        while live.frame() < 20 * u64::from(RATE) {
            for _ in 0..dice.below(3) {
                match random(&mut dice) {
                    Change::Prompts(prompts) => drop(steering.set_prompts(prompts).unwrap()),
                    Change::Config(config) => steering.set_config(config).unwrap(),
                    Change::Target(target) => steering.set_target(*target).unwrap(),
                }
            }
            for _ in 0..=dice.below(400 / quanta) {
                live.read(&mut played).unwrap();
            }
        }
        let mut bytes = Vec::new();
        let mut writer = LogWriter::new(&mut bytes, &Header::new(RATE, seed, start)).unwrap();
        let mut changes = 0;
        for (frame, change) in logged.try_iter() {
            writer.change(frame, &change).unwrap();
            changes += 1;
        }
        writer.end(live.frame()).unwrap();
        assert!(changes > 8);
        let replayed = replay(&SessionLog::read(&bytes[..]).unwrap());
        assert_eq!(replayed.len() * QUANTUM, played[0].len());
        for (index, stem) in played.iter().enumerate() {
            let same = stem.chunks(QUANTUM).zip(&replayed).all(|(block, stems)| block == &stems[index][..]);
            assert!(same, "seed {seed}, {}", Stem::ALL[index].name());
        }
    }
}
