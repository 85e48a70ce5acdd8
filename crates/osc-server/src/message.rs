//! What a client may ask for: plain data, every number finite and in range.

use crate::ids::BufferId;
use crate::units::{FadeTime, FirstBeat, Fraction, Motion, Position, Time, Tone};
use crowd_engine::tempo::Phase;
use crowd_engine::{Bpm, DeckId, Gain, Rate, StretchMethod};
use std::time::Duration;

/// One request, checked.
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
        rate: Rate,
        /// The stem's gain.
        volume: Gain,
        /// Whether it starts over at its end.
        looped: bool,
        /// Where it starts.
        start: Fraction,
        /// Where it ends or turns back, after `start`.
        end: Fraction,
    },
    /// `/stop_stem`.
    StopStem(BufferId),
    /// `/stem_volume`.
    StemVolume(BufferId, Gain),
    /// `/deck_levels`, `/crossfade_levels`: the decks' gains; `None` keeps.
    Levels([Option<Gain>; 4]),
    /// `/deck_filter`, `/deck_eq`, `/deck_eq_all`: gains of low, mid, high; `None` keeps.
    Eq(DeckId, [Option<Gain>; 3]),
    /// `/get_status`, `/status`: answer with the status.
    Status,
    /// `/status/subscribe`: send the status to this sender every so often.
    Subscribe(Duration),
    /// `/status/unsubscribe`.
    Unsubscribe,
    /// `/test_tone`: a sine; `None` ends one that sounds.
    TestTone(Option<Tone>),
    /// `/mixer_cleanup`: stop and forget everything.
    Cleanup,
    /// `/memory_cleanup`: forget what is loaded but not playing.
    MemoryCleanup,
    /// `/reset`: now is time zero and beat 0.
    Reset,
    /// `/set_tempo`; holds movement off.
    SetTempo(Bpm),
    /// `/set_meter`: beats per bar, 1 to 32.
    SetMeter(u8),
    /// `/print_clock`: log the beats.
    PrintClock(bool),
    /// `/dance/total_movement`.
    Movement(Motion),
    /// `/movement_bpm`: whether movement sets the tempo.
    MovementBpm(bool),
    /// `/play`: load a file into a deck and start it at a time.
    Play {
        /// The deck.
        deck: DeckId,
        /// The file, as the client spelled it.
        path: String,
        /// When.
        start_at: Time,
    },
    /// `/cue`: load a file into a deck, armed and silent.
    Cue {
        /// The deck.
        deck: DeckId,
        /// The file, as the client spelled it.
        path: String,
        /// Where it will start.
        start: Fraction,
    },
    /// `/start_group`: start cued decks in the same sample.
    StartGroup {
        /// When.
        at: Time,
        /// The decks, each once, in the order given.
        decks: Vec<DeckId>,
    },
    /// `/fade`: ramp a deck to silence.
    Fade {
        /// The deck.
        deck: DeckId,
        /// When.
        at: Time,
        /// How long it takes.
        duration: FadeTime,
    },
    /// `/schedule_c_at`: play buffer 2100 at that time.
    ScheduleC(Time),
    /// `/dummy`: a line for the log.
    Note(String),
    /// `/sync`: answer `/synced` with the same number once everything before it is done.
    Sync(i64),
    /// `/deck/tempo`: the tempo of the deck's music.
    DeckTempo {
        /// The deck.
        deck: DeckId,
        /// Its own tempo; `None` is the base tempo.
        bpm: Option<Bpm>,
        /// Where a beat lies that begins a bar.
        first_beat: Option<FirstBeat>,
    },
    /// `/deck/sync`: what of the deck is kept in step with the clock.
    DeckSync(DeckId, Option<Phase>),
    /// `/deck/keylock`: keep the deck's pitch when its speed changes.
    DeckKeylock(DeckId, bool),
    /// `/deck/stretch`: how the deck changes speed.
    DeckStretch(DeckId, StretchMethod),
    /// `/deck/seek`: a place in the deck's files.
    DeckSeek(DeckId, Position),
    /// `/deck/loop`: from and to a later place in the deck's files; `None` lets go.
    DeckLoop(DeckId, Option<(Position, Position)>),
    /// Known, and of no use here: keypoints, single limbs, head counts.
    Ignored,
}
