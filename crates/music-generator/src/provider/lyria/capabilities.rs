//! What the service can do.

use crate::provider::capabilities::{Capabilities, Mutes, Setting};

/// What the service can do. Its limit of 600 s is not reported, because connections are changed before it.
pub(super) fn capabilities() -> Capabilities {
    Capabilities {
        bpm: Some((60.0, 200.0)),
        scale: true,
        density: true,
        brightness: true,
        mutes: Mutes::DrumsAndBass,
        hard_reset_fields: vec![Setting::Bpm, Setting::Scale],
        ..Capabilities::default()
    }
}
