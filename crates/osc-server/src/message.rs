//! What a client may ask for: plain data, every number finite and in range.

use crate::ids::{BufferId, Deck};
use crowd_engine::StretchMethod;
use crowd_engine::tempo::Phase;
use std::time::Duration;

/// One request, checked.
///
/// Gains are linear; times are seconds; positions "0..1" are fractions of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// `/load_buffer`: load a file as a stem.
    LoadBuffer {
        /// The stem.
        id: BufferId,
        /// The file, as the client spelled it.
        path: String,
        /// What to call it in logs; the file's stem if left out.
        name: Option<String>,
    },
    /// `/play_stem` and `/play_stem_section`: play a stem, as soon as it is loaded.
    PlayStem {
        /// The stem.
        id: BufferId,
        /// The stem's own speed.
        rate: f64,
        /// The stem's gain.
        volume: f32,
        /// Whether it starts over at its end.
        looped: bool,
        /// Where it starts, 0..1.
        start: f64,
        /// Where it ends or turns back, 0..1.
        end: f64,
    },
    /// `/stop_stem`.
    StopStem(BufferId),
    /// `/stem_volume`.
    StemVolume(BufferId, f32),
    /// `/deck_levels`, `/crossfade_levels`: the decks' gains; `None` keeps.
    Levels([Option<f32>; 4]),
    /// `/deck_filter`, `/deck_eq`, `/deck_eq_all`: gains of low, mid, high; `None` keeps.
    Eq(Deck, [Option<f32>; 3]),
    /// `/get_status`, `/status`: answer with the status.
    Status,
    /// `/status/subscribe`: send the status to this sender every so often.
    Subscribe(Duration),
    /// `/status/unsubscribe`.
    Unsubscribe,
    /// `/test_tone`: a sine of this many Hz; `None` ends one that sounds.
    TestTone(Option<f64>),
    /// `/mixer_cleanup`: stop and forget everything.
    Cleanup,
    /// `/memory_cleanup`: forget what is loaded but not playing.
    MemoryCleanup,
    /// `/reset`: now is time zero and beat 0.
    Reset,
    /// `/set_tempo`: BPM; holds movement off.
    SetTempo(f64),
    /// `/set_meter`: beats per bar.
    SetMeter(u8),
    /// `/print_clock`: log the beats.
    PrintClock(bool),
    /// `/dance/total_movement`: 0..1.
    Movement(f64),
    /// `/movement_bpm`: whether movement sets the tempo.
    MovementBpm(bool),
    /// `/play`: load a file into a deck and start it at a time.
    Play {
        /// The deck.
        deck: Deck,
        /// The file, as the client spelled it.
        path: String,
        /// Seconds after time zero.
        start_at: f64,
    },
    /// `/cue`: load a file into a deck, armed and silent.
    Cue {
        /// The deck.
        deck: Deck,
        /// The file, as the client spelled it.
        path: String,
        /// Where it will start, 0..1.
        start: f64,
    },
    /// `/start_group`: start cued decks in the same sample.
    StartGroup {
        /// Seconds after time zero.
        at: f64,
        /// The decks, each once, in the order given.
        decks: Vec<Deck>,
    },
    /// `/fade`: ramp a deck to silence.
    Fade {
        /// The deck.
        deck: Deck,
        /// Seconds after time zero.
        at: f64,
        /// Seconds.
        duration: f64,
    },
    /// `/schedule_c_at`: play buffer 2100 this many seconds after time zero.
    ScheduleC(f64),
    /// `/dummy`: a line for the log.
    Note(String),
    /// `/sync`: answer `/synced` with the same number once everything before it is done.
    Sync(i64),
    /// `/deck/tempo`: the tempo of the deck's music.
    DeckTempo {
        /// The deck.
        deck: Deck,
        /// Its BPM; `None` is the base tempo.
        bpm: Option<f64>,
        /// Where a beat lies that begins a bar, in seconds of the deck's file.
        first_beat: Option<f64>,
    },
    /// `/deck/sync`: what of the deck is kept in step with the clock.
    DeckSync(Deck, Option<Phase>),
    /// `/deck/keylock`: keep the deck's pitch when its speed changes.
    DeckKeylock(Deck, bool),
    /// `/deck/stretch`: how the deck changes speed.
    DeckStretch(Deck, StretchMethod),
    /// `/deck/seek`: seconds into the deck's files.
    DeckSeek(Deck, f64),
    /// `/deck/loop`: from and to, in seconds of the deck's files; `None` lets go.
    DeckLoop(Deck, Option<(f64, f64)>),
    /// Known, and of no use here: keypoints, single limbs, head counts.
    Ignored,
}
