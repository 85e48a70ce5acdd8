//! Opening a stream to a sink.

use pulseaudio::protocol::{
    ChannelMap, ChannelPosition, Command, CreatePlaybackStreamReply, PlaybackStreamParams, Prop, Props, SampleFormat,
    SampleSpec,
};
use pulseaudio::protocol::{stream::BufferAttr, stream::StreamFlags};

use super::pulse_stream::PulseStream;
use super::server::{PREFIX, Server, Sink};
use crate::output::audio::FRAME_BYTES;
use crate::output::backend::{OpenedDevice, StreamSetup};
use crate::output::cause::Cause;
use crate::types::units::SampleRate;

/// The default number of frames in a block.
const BLOCK: u32 = 1_024;

impl Server {
    /// Opens a stream to `sink` at the sink's own rate, for an engine at `rate`. If this crate has no conversion between the
    /// two rates, the server converts.
    ///
    /// # Errors
    /// The cause.
    pub fn open(mut self, sink: &Sink, setup: &StreamSetup, rate: Option<SampleRate>) -> Result<OpenedDevice, Cause> {
        let own = SampleRate::new(sink.hertz).map_err(Cause::unsupported);
        let (driver, hertz) = match own.and_then(|own| Ok((setup.driver(own, rate)?, own))) {
            Ok(made) => made,
            Err(why) => rate.map(|rate| Ok((setup.driver(rate, Some(rate))?, rate))).unwrap_or(Err(why))?,
        };
        let block = setup.buffer_frames.unwrap_or(BLOCK) as usize;
        let stream: CreatePlaybackStreamReply =
            self.request(&Command::CreatePlaybackStream(playback(sink, hertz, block)))?;
        let link = driver.link();
        let meter = setup.meter.clone();
        let stream = PulseStream::new(self, &stream, driver, meter, block)?;
        Ok(OpenedDevice { stream: Box::new(stream), link, name: format!("{PREFIX}{}", sink.name), rate: hertz })
    }
}

/// The parameters of a stream. The buffer has two blocks of sound. After an underrun, playback continues as soon as there is a
/// frame.
fn playback(sink: &Sink, rate: SampleRate, block: usize) -> PlaybackStreamParams {
    let mut props = Props::new();
    props.set(Prop::MediaName, c"crowd-engine");
    PlaybackStreamParams {
        sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 2, sample_rate: rate.get() },
        channel_map: ChannelMap::new([ChannelPosition::FrontLeft, ChannelPosition::FrontRight]),
        sink_index: Some(sink.index),
        buffer_attr: BufferAttr {
            target_length: (2 * block * FRAME_BYTES) as u32,
            pre_buffering: FRAME_BYTES as u32,
            ..BufferAttr::default()
        },
        flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
        props,
        ..PlaybackStreamParams::default()
    }
}
