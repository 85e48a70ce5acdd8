//! The flags of the video that publishers send.

use std::path::PathBuf;

use clap::Args;

use crate::publish::VideoSettings;

/// The flags of the video.
#[derive(Debug, Args)]
pub struct VideoArgs {
    /// Picture or clip that is shown by publishers with video (rtmp:// and video=1). It is encoded once, by the program ffmpeg. A clip is
    /// repeated, without its sound; after 60 s it is cut off. Without the flag, there is a picture with the name of the station
    #[arg(long, value_name = "FILE")]
    publish_video: Option<PathBuf>,
    /// Size of the video in pixels. A picture of another shape is shown with black bars
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x720", value_parser = parse_size)]
    publish_video_size: (u32, u32),
    /// Bits per second of the video. They are constant, because servers warn about rates that are not
    #[arg(long, value_name = "BITS", default_value_t = VideoSettings::default().bit_rate,
          value_parser = clap::value_parser!(u32).range(200_000..=40_000_000))]
    publish_video_bit_rate: u32,
}

impl VideoArgs {
    /// The settings of the flags.
    pub fn settings(&self) -> VideoSettings {
        let ((width, height), bit_rate) = (self.publish_video_size, self.publish_video_bit_rate);
        VideoSettings { file: self.publish_video.clone(), width, height, bit_rate }
    }
}

/// Parses a size. Pictures of H.264 whose colours have half the resolution have even sizes.
fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|n| (128..=3_840).contains(n) && n.is_multiple_of(2));
    let size = text.split_once('x').and_then(|(width, height)| number(width).zip(number(height)));
    size.ok_or_else(|| "give two even numbers from 128 to 3840, like 1280x720".to_owned())
}
