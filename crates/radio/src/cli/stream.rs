//! `crowd-radio stream`.

use std::path::PathBuf;

use clap::Args;

use super::broadcast::Broadcast;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::program::GENERATED;

/// Broadcasts the prepared music.
#[derive(Debug, Args)]
pub struct Stream {
    /// Folder of the prepared station
    #[arg(long, value_name = "DIR")]
    processed: PathBuf,
    /// Folder of the station's state, so that it continues after a restart
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The flags of the broadcast
    #[command(flatten)]
    pub broadcast: Broadcast,
}

impl Stream {
    /// Broadcasts until a signal stops it.
    ///
    /// # Errors
    /// Those of [`Broadcast::run`].
    pub fn run(&self) -> Result<(), Error> {
        let manifest = Manifest::read(&self.processed)?;
        if manifest.schedule.playlists().any(|name| name == GENERATED) {
            let advice = "use crowd-radio run, which has the buffer";
            return Err(Error::Invalid(format!("the schedule of this station plays generated music: {advice}")));
        }
        let publishers = self.broadcast.check()?;
        let health_file = self.broadcast.health_file.clone();
        self.broadcast.run(&self.processed, &self.state, health_file, publishers, None, None)
    }
}
