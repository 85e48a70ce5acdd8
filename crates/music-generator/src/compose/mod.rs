//! What all styles compose with: harmony, voice leading, melody, bass, drums, timing, velocity, form, memory.
//!
//! | module | what it does |
//! |---|---|
//! | [`scale`], [`chord`], [`note_names`] | pitch classes, chord symbols, spelling |
//! | [`harmony`] | progressions, functional chains, borrowed chords |
//! | [`voicing`], [`bass`] | where the tones of a chord lie |
//! | [`motif`], [`melody`], [`phrase`] | figures, their variation, their pitches, call and answer |
//! | [`rhythm`], [`timing`] | grids, metric weight, swing, jitter |
//! | `density` | from which density on a note sounds |
//! | [`form`], [`memory`] | sections with energy; blocks that were heard |
//! | [`scene`] | what a style knows of a bar, and where it writes |
//! | [`composer`] | all of it together: one bar after the other |

pub mod bass;
pub mod chord;
pub mod composer;
mod density;
pub mod form;
pub mod harmony;
#[cfg(test)]
pub(crate) mod measures;
pub mod melody;
pub mod memory;
pub mod motif;
pub mod note_names;
pub mod phrase;
pub mod rhythm;
pub mod scale;
pub mod scene;
pub mod timing;
pub mod voicing;
