//! From a story to weighted prompts.
//!
//! A [`Story`] has a context and panels. [`StoryWords`] is the table that says what they sound like, and a [`StoryPlan`] has the prompts,
//! the settings and the length of each panel. [`Ramp`] is the change from one panel to the next.

mod context;
mod plan;
mod ramp;
mod words;

pub use context::{MOST_PANELS, Panel, Story, StoryContext, check_id};
pub use plan::{PlannedPanel, PlannedPrompt, StoryPlan, bpm_of, seconds_of};
pub use ramp::Ramp;
pub use words::{ArcPart, FreeText, Lengths, Sound, StoryWords, Weights};
