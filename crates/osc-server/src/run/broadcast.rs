//! Starts the broadcast.

use super::error::Error;
use crate::broadcast::{Broadcast, CONTENT_TYPE};
use crate::cli::BroadcastArgs;
use crate::system_limits;
use crowd_cli::secret::{self, SecretPlaces};
use crowd_engine::Engine;
use crowd_media::opus::RATE;
use crowd_streaming::icecast::source::{Password, SourceRequest};

/// The places of the password.
const PASSWORD: SecretPlaces = SecretPlaces {
    needed_by: "--broadcast",
    file_flag: "--broadcast-password-file",
    variable: "CROWD_BROADCAST_PASSWORD",
};

/// The request for the broadcast that the flags ask for, with the password.
///
/// # Errors
/// When there is no password.
pub(super) fn request(args: &BroadcastArgs) -> Result<Option<SourceRequest>, Error> {
    let Some(url) = args.broadcast.clone() else { return Ok(None) };
    let variable = std::env::var(PASSWORD.variable).ok();
    let password = secret::read(PASSWORD, args.broadcast_password_file.as_deref(), variable.as_deref())?;
    // A core file would contain the password.
    system_limits::write_no_core_files();
    Ok(Some(SourceRequest {
        url,
        password: Password::new(password),
        user_agent: concat!("audio-server/", env!("CARGO_PKG_VERSION")).to_owned(),
        content_type: CONTENT_TYPE.to_owned(),
        name: args.broadcast_name.clone(),
        public: false,
        bit_rate: args.broadcast_bit_rate,
        sample_rate: RATE,
        channels: 2,
    }))
}

/// Starts the broadcast of an engine that has a tap.
///
/// # Errors
/// When its thread cannot be started.
pub(super) fn start(engine: &mut Engine, request: Option<SourceRequest>) -> Result<Option<Broadcast>, Error> {
    let Some((request, tap)) = request.zip(engine.take_tap()) else { return Ok(None) };
    Ok(Some(Broadcast::start(tap, request)?))
}
