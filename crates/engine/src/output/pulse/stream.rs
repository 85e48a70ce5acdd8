//! Streams to a sink.

use pulseaudio::protocol::{
    ChannelMap, ChannelPosition, Command, CreatePlaybackStreamReply, PlaybackStreamParams, Prop, Props, SampleFormat,
    SampleSpec,
};
use pulseaudio::protocol::{stream::BufferAttr, stream::StreamFlags};

use super::player::Player;
use super::server::{PREFIX, Server, Sink};
use crate::output::audio::FRAME;
use crate::output::backend::{Opened, StreamSetup};
use crate::output::cause::Cause;
use crate::types::units::SampleRate;

/// Frames per block where none are chosen.
const BLOCK: u32 = 1_024;

impl Server {
    /// Makes a stream to `sink` at its own rate, for an engine at `rate`; where there is no conversion from one to the
    /// other, the server converts.
    ///
    /// # Errors
    /// The cause.
    pub fn open(mut self, sink: &Sink, seed: &StreamSetup, rate: Option<SampleRate>) -> Result<Opened, Cause> {
        let own = SampleRate::new(sink.hertz).map_err(Cause::unsupported);
        let (driver, hertz) = match own.and_then(|own| Ok((seed.driver(own, rate)?, own))) {
            Ok(made) => made,
            Err(why) => rate.map(|rate| Ok((seed.driver(rate, Some(rate))?, rate))).unwrap_or(Err(why))?,
        };
        let block = seed.buffer_frames.unwrap_or(BLOCK) as usize;
        let stream: CreatePlaybackStreamReply =
            self.ask(&Command::CreatePlaybackStream(playback(sink, hertz, block)))?;
        let link = driver.link();
        let meter = seed.meter.clone();
        let stream = Player::new(self, &stream, driver, meter, block)?;
        Ok(Opened { stream: Box::new(stream), link, name: format!("{PREFIX}{}", sink.name), rate: hertz })
    }
}

/// What is asked of the server for a stream: two blocks of sound under way, and playing on with whatever there is after
/// an underrun.
fn playback(sink: &Sink, rate: SampleRate, block: usize) -> PlaybackStreamParams {
    let mut props = Props::new();
    props.set(Prop::MediaName, c"crowd-engine");
    PlaybackStreamParams {
        sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 2, sample_rate: rate.get() },
        channel_map: ChannelMap::new([ChannelPosition::FrontLeft, ChannelPosition::FrontRight]),
        sink_index: Some(sink.index),
        buffer_attr: BufferAttr {
            target_length: (2 * block * FRAME) as u32,
            pre_buffering: FRAME as u32,
            ..BufferAttr::default()
        },
        flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
        props,
        ..PlaybackStreamParams::default()
    }
}
