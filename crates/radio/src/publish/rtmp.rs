//! Sends the endless stream of AAC with video to an RTMP server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crowd_streaming::aac::{AacFrame, AacRate, adts_frames};
use crowd_streaming::rtmp::{RtmpConnection, RtmpMetadata, RtmpTarget};
use crowd_streaming::{H264Clip, PICTURE_RATE, flv};

use super::endless_stream::{Connected, EndlessStream};
use super::progress::Progress;
use super::wait::POLL;

/// Sends the stream as a publisher.
pub(super) struct RtmpPublisher {
    pub target: RtmpTarget,
    pub metadata: RtmpMetadata,
    pub rate: AacRate,
    pub clip: Arc<H264Clip>,
    pub stream: EndlessStream,
    pub progress: Arc<Progress>,
}

/// What was sent over a connection. Times begin with 0 in each.
#[derive(Default)]
struct Sent {
    sound: u64,
    pictures: u64,
}

impl Sent {
    /// The time of the next AAC frame in milliseconds.
    fn sound_time(&self, rate: AacRate) -> u64 {
        self.sound * AacFrame::LENGTH * 1_000 / u64::from(rate.hertz())
    }

    /// The time of the next picture in milliseconds.
    fn picture_time(&self) -> u64 {
        self.pictures * 1_000 / PICTURE_RATE
    }
}

impl RtmpPublisher {
    /// Sends until `stopped`. A connection that is lost is tried again.
    pub fn run(self, stopped: &AtomicBool) {
        self.stream.keep_sending(&self.progress, stopped, |connected| self.send(connected, stopped));
    }

    /// Connects and sends at the pace of the station, first the last seconds, until `stopped`. The time at which the server accepted is
    /// written to `connected`.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost.
    fn send(&self, connected: &mut Connected, stopped: &AtomicBool) -> Result<(), String> {
        let mut connection = RtmpConnection::open(&self.target, &self.metadata)?;
        let mut cursor = self.stream.begin()?;
        connection.video(0, flv::avc_configuration(&self.clip))?;
        connection.audio(0, flv::aac_configuration(self.rate))?;
        connection.send()?;
        *connected = Some(Instant::now());
        self.progress.publishing();
        let mut sent = Sent::default();
        while !stopped.load(Ordering::Relaxed) {
            for unit in self.stream.take(&mut cursor)? {
                let (_, frames) = adts_frames(&unit.bytes).map_err(|error| error.to_string())?;
                for frame in frames {
                    let time = sent.sound_time(self.rate);
                    while sent.picture_time() <= time {
                        connection.video(sent.picture_time(), flv::avc_picture(self.clip.picture(sent.pictures)))?;
                        sent.pictures += 1;
                    }
                    connection.audio(time, flv::aac_frame(&frame))?;
                    sent.sound += 1;
                }
            }
            connection.send()?;
            connection.poll(POLL)?;
        }
        Ok(())
    }
}
