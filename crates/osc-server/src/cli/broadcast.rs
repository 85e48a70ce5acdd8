//! The flags of the broadcast.

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args, Command};
use crowd_media::opus::{BIT_RATE_STEP, MAX_BIT_RATE, MIN_BIT_RATE};
use crowd_streaming::icecast::source::{SourceUrl, SourceUrlError};
use std::ffi::OsStr;
use std::path::PathBuf;

/// The flags of the broadcast.
#[derive(Debug, Clone, Args)]
pub struct BroadcastArgs {
    /// Send what is played to an Icecast server too, in addition to any output: `icecast://[USER@]HOST[:PORT]/MOUNT`. Port
    /// 8000 and the user `source` are used if the URL has none
    #[arg(long, value_name = "URL", value_parser = SourceUrlParser, help_heading = "Broadcast")]
    pub broadcast: Option<SourceUrl>,
    /// File with the password of the server, in one line. Without it, the password is that of the environment variable
    /// CROWD_BROADCAST_PASSWORD
    #[arg(long, value_name = "FILE", requires = "broadcast", help_heading = "Broadcast")]
    pub broadcast_password_file: Option<PathBuf>,
    /// Name of the station
    #[arg(
        long,
        value_name = "NAME",
        requires = "broadcast",
        default_value = "audio-server",
        help_heading = "Broadcast"
    )]
    pub broadcast_name: String,
    /// Bit rate of the stream in bit/s, 48000 to 510000 in steps of 400. The stream is Opus in Ogg
    #[arg(long, value_name = "BPS", requires = "broadcast", default_value_t = 192_000, value_parser = bit_rate,
        help_heading = "Broadcast")]
    pub broadcast_bit_rate: u32,
}

/// Parses the URL. The message about a wrong one does not contain the URL, because it may contain a password.
#[derive(Clone)]
struct SourceUrlParser;

impl TypedValueParser for SourceUrlParser {
    type Value = SourceUrl;

    fn parse_ref(&self, command: &Command, _arg: Option<&Arg>, value: &OsStr) -> Result<SourceUrl, clap::Error> {
        value.to_str().ok_or(SourceUrlError::Scheme).and_then(str::parse).map_err(|error| {
            let advice = match error {
                SourceUrlError::Password => " (--broadcast-password-file, CROWD_BROADCAST_PASSWORD)",
                _ => "",
            };
            let message = format!("--broadcast: {error}{advice}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

fn bit_rate(text: &str) -> Result<u32, String> {
    let is_possible = |rate: &u32| (MIN_BIT_RATE..=MAX_BIT_RATE).contains(rate) && rate.is_multiple_of(BIT_RATE_STEP);
    let rate = text.parse().ok().filter(is_possible);
    rate.ok_or_else(|| format!("a multiple of {BIT_RATE_STEP} from {MIN_BIT_RATE} to {MAX_BIT_RATE} is needed"))
}
