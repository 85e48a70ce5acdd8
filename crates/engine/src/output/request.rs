//! The request for an output, and its checks.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::recorder::Recorder;
#[cfg(feature = "decode")]
use super::recording::RecordingConfig;
use super::target::Output;
use crate::audio::Renderer;
#[cfg(not(all(feature = "device", feature = "decode")))]
use crate::types::error::Error;
use crate::types::error::Result;
use crate::types::error_reasons::{SettingError, SettingReason};
#[cfg(not(all(feature = "device", feature = "decode")))]
use crate::types::output_error::{OutputError, OutputErrorKind};
use crate::types::units::SampleRate;

/// The possible lengths of a file of a split recording.
const SPLIT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

/// Makes a renderer for a sample rate.
pub(crate) type MakeRenderer = Box<dyn FnOnce(SampleRate) -> Result<Renderer> + Send>;

/// A renderer and its recorder, if one was requested.
pub(super) type Prepared = (Renderer, Option<Recorder>);

/// The settings of an output other than its destination.
pub(crate) struct OutputRequest {
    /// The sample rate of the engine. If it was not chosen, a device's own rate replaces it.
    pub rate: SampleRate,
    /// Whether the sample rate was chosen.
    #[cfg_attr(not(feature = "device"), expect(dead_code, reason = "only a device has a rate of its own"))]
    pub rate_chosen: bool,
    /// The file to which the played sound is recorded.
    pub record: Option<PathBuf>,
    /// The length at which a recording continues in another file.
    pub split: Option<Duration>,
}

impl OutputRequest {
    /// Makes a renderer at `rate`, and its recorder if one was requested.
    pub(super) fn prepare(&self, rate: SampleRate, make: MakeRenderer) -> Result<Prepared> {
        #[cfg_attr(not(feature = "decode"), allow(unused_mut))]
        let mut renderer = make(rate)?;
        let Some(path) = &self.record else { return Ok((renderer, None)) };
        #[cfg(feature = "decode")]
        {
            let (recorder, ring) = Recorder::start(&self.recording_config(path), rate)?;
            renderer.record(ring);
            Ok((renderer, Some(recorder)))
        }
        #[cfg(not(feature = "decode"))]
        Err(missing_feature(format!("file:{}", path.display()), "decode"))
    }

    #[cfg(feature = "decode")]
    pub(super) fn recording_config(&self, path: &std::path::Path) -> RecordingConfig {
        RecordingConfig { path: path.to_owned(), split: self.split }
    }

    /// Checks whether the output is possible with these settings.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for an impossible block size. [`Error::Setting`](crate::Error::Setting) for
    /// an impossible length of files.
    pub fn check(&self, output: &Output) -> Result<()> {
        output.check_buffer()?;
        self.check_split(output)
    }

    /// Checks the length of files. It may be given only if something is recorded.
    fn check_split(&self, output: &Output) -> Result<()> {
        let reason = match self.split {
            None => return Ok(()),
            Some(_) if self.record.is_none() && !matches!(output, Output::File { .. }) => {
                SettingReason::NothingRecorded
            }
            Some(split) if !SPLIT.contains(&split) => SettingReason::FileLength,
            Some(_) => return Ok(()),
        };
        Err(SettingError::new("record_split", reason).into())
    }
}

#[cfg(not(all(feature = "device", feature = "decode")))]
pub(super) fn missing_feature(output: String, feature: &str) -> Error {
    let message = format!("this program was built without crowd-engine's feature `{feature}`");
    OutputError::new(output, OutputErrorKind::FeatureDisabled, message).into()
}
