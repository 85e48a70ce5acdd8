//! The flags of a station that several machines publish together.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

use crate::error::Error;
use crate::manifest::Manifest;
use crate::publish::Progress;
use crate::station::{Published, Renditions, Share};

/// The flags of a station that several machines publish together.
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// Bucket through which several machines publish this station together: s3://BUCKET/PREFIX, with the usual AWS_ variables. The segments
    /// and playlists are there too, for a CDN
    #[cfg(feature = "s3")]
    #[arg(long, value_name = "URL")]
    share: Option<String>,
    /// The station plays the music that is prepared here, if it differs from that which the machines played before
    #[cfg(feature = "s3")]
    #[arg(long, requires = "share")]
    share_library: bool,
}

/// Starts the threads that agree with other machines.
pub type Start = Box<dyn FnOnce(watch::Receiver<Arc<Published>>, &Arc<AtomicBool>) -> Result<(), Error>>;

/// Fetches what the other machines agree on, and returns what starts the threads.
type Fetch = Box<dyn FnOnce(&Renditions, u64) -> Start>;

/// A station that was joined.
pub struct JoinedStation {
    /// The wall time of the first frame of the program, after 1970-01-01T00:00:00 UTC.
    pub epoch: Duration,
    /// Whether the station plays the music that is prepared here.
    pub leads: bool,
    /// The publisher's side.
    pub share: Share,
    /// The states of the threads.
    pub progress: Vec<Arc<Progress>>,
    /// Is called with the number of segments that have ended.
    pub fetch: Fetch,
}

impl ShareArgs {
    /// Whether several machines publish the station.
    pub fn is_given(&self) -> bool {
        #[cfg(feature = "s3")]
        return self.share.is_some();
        #[cfg(not(feature = "s3"))]
        return false;
    }

    /// Checks the flags.
    ///
    /// # Errors
    /// [`Error::Bucket`] when the URL names no bucket, or there are no credentials.
    pub fn check(&self) -> Result<(), Error> {
        #[cfg(feature = "s3")]
        if let Some(url) = &self.share {
            crowd_store::s3::Objects::open(url)?;
        }
        Ok(())
    }

    /// Joins the station that others publish too, if there is a bucket. `epoch` is used if no machine has begun it.
    ///
    /// # Errors
    /// When it cannot be joined.
    #[cfg_attr(not(feature = "s3"), allow(unused_variables, reason = "they are needed for a bucket"))]
    pub fn join(
        &self,
        epoch: Duration,
        manifest: &Manifest,
        window: u16,
        renditions: &Renditions,
        state: &Path,
    ) -> Result<Option<JoinedStation>, Error> {
        #[cfg(feature = "s3")]
        if let Some(url) = &self.share {
            return join(url, self.share_library, epoch, manifest, window, renditions, state).map(Some);
        }
        Ok(None)
    }
}

#[cfg(feature = "s3")]
fn join(
    url: &str,
    leads: bool,
    epoch: Duration,
    manifest: &Manifest,
    window: u16,
    renditions: &Renditions,
    state: &Path,
) -> Result<JoinedStation, Error> {
    use crate::shared::{Identity, Joined, SharedStation};

    let list = renditions.list();
    let names = list.iter().map(|rendition| &rendition.playlist);
    let own = Identity {
        version: Identity::VERSION,
        epoch_nanoseconds: u64::try_from(epoch.as_nanos()).unwrap_or(u64::MAX),
        name: manifest.name.clone(),
        sample_rate: manifest.stream.sample_rate,
        segment_seconds: manifest.stream.segment_seconds,
        window,
        encoders: renditions.encoders.clone(),
        playlists: names.chain(renditions.playlists.iter().map(|(name, _)| name)).cloned().collect(),
    };
    let Joined { mut station, share } = SharedStation::join(url, &own, manifest, state)?;
    let (epoch, progress) = (station.epoch(), station.progress());
    let fetch = move |renditions: &Renditions, ended: u64| -> Start {
        let list = renditions.list();
        station.fetch_agreed(&list, ended);
        Box::new(move |published, stopped| station.start(list, published, stopped))
    };
    Ok(JoinedStation { epoch, leads, share, progress, fetch: Box::new(fetch) })
}
