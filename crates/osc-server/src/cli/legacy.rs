//! The flags of start scripts that were written for the earlier server.

use super::values::{future_time, quantity};
use crate::app::{Startup, StartupFile};
use crate::units::TimeAfterZero;
use clap::Args;
use crowd_engine::{DeckId, Gain, Rate, StretchMethod};

/// The flags of old start scripts. They name files to load and start before the first message, or are switches with little
/// or no effect.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "command line switches")]
pub struct LegacyArgs {
    /// The same as --stretch-method playback_rate
    #[arg(long, display_order = 100, help_heading = "Sound")]
    pub disable_time_stretch: bool,
    /// Equaliser on: the default, kept for old scripts
    #[arg(long, conflicts_with = "disable_filters", display_order = 105, help_heading = "Sound")]
    pub enable_filters: bool,
    /// Equaliser off: /deck_eq, /deck_eq_all and /deck_filter are refused
    #[arg(long, display_order = 106, help_heading = "Sound")]
    pub disable_filters: bool,
    /// Has no effect (the only equaliser is the fast one); kept for old scripts
    #[arg(long, display_order = 107, help_heading = "Sound")]
    pub optimized_filters: bool,

    /// File that deck A plays from the start on, looped
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub a: Option<String>,
    /// File that deck B plays from the start on, looped
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub b: Option<String>,
    /// File that deck C plays from the start (or from --c_at) on, looped
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub c: Option<String>,
    /// File that deck D plays from the start on, looped
    #[arg(long, value_name = "FILE", help_heading = "At the start")]
    pub d: Option<String>,
    /// Seconds after the start at which deck C starts
    #[arg(long = "c_at", alias = "c-at", value_name = "SECONDS", value_parser = future_time, help_heading = "At the start")]
    pub c_at: Option<TimeAfterZero>,
    /// File to load for deck C, silent until --c_at or /schedule_c_at
    #[arg(
        long = "c_preload",
        alias = "c-preload",
        value_name = "FILE",
        conflicts_with = "c",
        help_heading = "At the start"
    )]
    pub c_preload: Option<String>,
    /// Rate at which the files given here are played
    #[arg(long, value_name = "RATE", default_value = "1", value_parser = quantity::<Rate>, help_heading = "At the start")]
    pub rate: Rate,
    /// Gain of the files given here
    #[arg(long, value_name = "GAIN", default_value = "0.8", value_parser = quantity::<Gain>, help_heading = "At the start")]
    pub vol: Gain,
    /// Gains of decks A and B
    #[arg(long, num_args = 2, value_names = ["A", "B"], value_parser = quantity::<Gain>, conflicts_with = "levels",
        help_heading = "At the start")]
    pub ab: Option<Vec<Gain>>,
    /// Gains of the four decks
    #[arg(long, num_args = 4, value_names = ["A", "B", "C", "D"], value_parser = quantity::<Gain>, help_heading = "At the start")]
    pub levels: Option<Vec<Gain>>,
}

impl LegacyArgs {
    /// The startup that these flags give, with `beats_per_bar` and the `files` of
    /// [`startup_files`](Self::startup_files).
    pub(super) fn startup(&self, beats_per_bar: u8, files: Vec<StartupFile>) -> Startup {
        let mut faders = [None; 4];
        let given = self.ab.iter().chain(&self.levels).flatten();
        faders.iter_mut().zip(given).for_each(|(fader, given)| *fader = Some(*given));
        Startup {
            files,
            hold_c: self.c_preload.is_some() || self.c_at.is_some(),
            c_at: self.c_at,
            rate: self.rate,
            gain: self.vol,
            faders,
            beats_per_bar,
        }
    }

    /// The decks and paths of the files to load.
    pub(super) fn startup_files(&self) -> Vec<(DeckId, String)> {
        let c = self.c.as_ref().or(self.c_preload.as_ref());
        let files =
            [(DeckId::A, self.a.as_ref()), (DeckId::B, self.b.as_ref()), (DeckId::C, c), (DeckId::D, self.d.as_ref())];
        files.into_iter().filter_map(|(deck, path)| Some((deck, path?.clone()))).collect()
    }

    /// A line for each given flag, about the effect that it has now. `stretch` is the value of `--stretch-method`.
    pub(super) fn notes(&self, stretch: StretchMethod) -> Vec<&'static str> {
        [
            (self.enable_filters, "--enable-filters: the equaliser is on by default"),
            (self.disable_filters, "--disable-filters: equaliser messages will be refused"),
            (self.optimized_filters, "--optimized-filters has no effect: the only equaliser is the fast one"),
            (
                self.disable_time_stretch && stretch != StretchMethod::PlaybackRate,
                "--disable-time-stretch overrides --stretch-method: playback_rate is used",
            ),
        ]
        .into_iter()
        .filter_map(|(given, note)| given.then_some(note))
        .collect()
    }
}
