//! The messages of clients as plain data. Every number is finite and in range.

use crate::generator_setting::{GeneratorSetting, MovementShare};
use crate::ids::BufferId;
use crate::units::{FadeDuration, FileFraction, FilePosition, FirstBeat, MovementLevel, TimeAfterZero, ToneFrequency};
use crowd_engine::tempo::Phase;
use crowd_engine::{Bpm, DeckId, Gain, Rate, StretchMethod};
use std::time::Duration;

/// One checked message.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// `/load_buffer`: load a file as a stem.
    LoadBuffer {
        /// The buffer of the stem.
        id: BufferId,
        /// The path, as the client wrote it.
        path: String,
        /// The name for logs. `None` is the file name without its extension.
        name: Option<String>,
    },
    /// `/play_stem` and `/play_stem_section`: play a stem, as soon as it is loaded.
    PlayStem {
        /// The buffer of the stem.
        id: BufferId,
        /// The stem's own rate.
        rate: Rate,
        /// The stem's gain.
        gain: Gain,
        /// Whether it is repeated.
        looped: bool,
        /// The position at which it starts.
        start: FileFraction,
        /// The position at which it ends or is repeated, after `start`.
        end: FileFraction,
    },
    /// `/stop_stem`: stop a stem.
    StopStem(BufferId),
    /// `/stem_volume`: set the gain of a stem.
    StemGain(BufferId, Gain),
    /// `/deck_levels`, `/crossfade_levels`: the gains of the decks; `None` leaves one unchanged.
    Faders([Option<Gain>; 4]),
    /// `/deck_filter`, `/deck_eq`, `/deck_eq_all`: gains of low, mid and high; `None` leaves one unchanged.
    Eq(DeckId, [Option<Gain>; 3]),
    /// `/get_status`, `/status`: answer with the status.
    Status,
    /// `/status/subscribe`: send the status to this sender at this interval.
    Subscribe(Duration),
    /// `/status/unsubscribe`: end the subscription.
    Unsubscribe,
    /// `/test_tone`: play a sine; `None` ends it.
    TestTone(Option<ToneFrequency>),
    /// `/mixer_cleanup`: stop all sound and unload everything.
    Cleanup,
    /// `/memory_cleanup`: unload the stems that are not playing.
    MemoryCleanup,
    /// `/reset`: make now time zero and beat 0.
    Reset,
    /// `/set_tempo`: set the master tempo. Movement does not change it then.
    SetTempo(Bpm),
    /// `/set_meter`: beats per bar, 1 to 32.
    SetMeter(u8),
    /// `/print_clock`: whether each bar is logged.
    PrintClock(bool),
    /// `/dance/total_movement`: a measurement of how much the crowd moves.
    Movement(MovementLevel),
    /// `/movement_bpm`: whether movement sets the tempo.
    MovementBpm(bool),
    /// `/play`: load a file into a deck and start it at a time.
    Play {
        /// The deck.
        deck: DeckId,
        /// The path, as the client wrote it.
        path: String,
        /// The time at which it starts.
        start_at: TimeAfterZero,
    },
    /// `/cue`: load a file into a deck, armed and silent.
    Cue {
        /// The deck.
        deck: DeckId,
        /// The path, as the client wrote it.
        path: String,
        /// The position at which it will start.
        start: FileFraction,
    },
    /// `/start_group`: start cued decks in the same sample.
    StartGroup {
        /// The time at which they start.
        at: TimeAfterZero,
        /// The decks, each once, in the order given.
        decks: Vec<DeckId>,
    },
    /// `/fade`: fade a deck to silence.
    Fade {
        /// The deck.
        deck: DeckId,
        /// The time at which the fade begins.
        at: TimeAfterZero,
        /// The length of the fade.
        duration: FadeDuration,
    },
    /// `/schedule_c_at`: play buffer 2100 at this time.
    ScheduleC(TimeAfterZero),
    /// `/dummy`: a line of the log.
    Note(String),
    /// `/sync`: answer with `/synced` and the same number when all earlier messages of this sender are done.
    Sync(i64),
    /// `/deck/tempo`: the tempo of the deck's music.
    DeckTempo {
        /// The deck.
        deck: DeckId,
        /// The tempo; `None` is the base tempo.
        bpm: Option<Bpm>,
        /// The position of a beat that begins a bar.
        first_beat: Option<FirstBeat>,
    },
    /// `/deck/sync`: whether the beats or the bars of the deck are kept in sync with the clock; `None` is neither.
    DeckSync(DeckId, Option<Phase>),
    /// `/deck/keylock`: whether the deck's pitch is kept when its speed changes.
    DeckKeylock(DeckId, bool),
    /// `/deck/stretch`: how the deck changes speed.
    DeckStretch(DeckId, StretchMethod),
    /// `/deck/seek`: jump to a position in the deck's files.
    DeckSeek(DeckId, FilePosition),
    /// `/deck/loop`: loop the region between two positions in the deck's files; `None` ends the loop.
    DeckLoop(DeckId, Option<(FilePosition, FilePosition)>),
    /// `/gen/prompt`: the weighted prompts of a generator.
    GenPrompt(BufferId, Vec<(String, f64)>),
    /// `/gen/config`: a setting of a generator.
    GenConfig(BufferId, GeneratorSetting),
    /// `/gen/movement`: how far movement sets the density and the brightness of a generator.
    GenMovement(BufferId, MovementShare),
    /// A message that is known and not used: keypoints, single limbs, head counts.
    Ignored,
}
