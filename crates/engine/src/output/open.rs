//! Opening an output.

use std::sync::Arc;

use super::health::HealthCounters;
#[cfg(feature = "device")]
use super::open_device;
use super::paced::{self, Discard};
#[cfg(feature = "decode")]
use super::recorder::Recorder;
#[cfg(not(all(feature = "device", feature = "decode")))]
use super::request::missing_feature;
use super::request::{MakeRenderer, OutputRequest};
use super::running_output::{OutputRunner, RunningOutput};
use super::target::Output;
use crate::types::error::Result;

/// The default block size of the null output and the file output, in frames.
const BLOCK: u32 = 1_024;

/// Opens an output that plays the renderer that `make` returns. `make` is called with the sample rate. A device is opened on
/// a thread of its own, which also calls `make`.
///
/// # Errors
/// [`Error::Output`](crate::Error::Output) when it cannot be opened, and the errors of `make`.
pub(crate) fn open(request: OutputRequest, output: Output, make: MakeRenderer) -> Result<RunningOutput> {
    let name = output.to_string();
    let rate = request.rate;
    match output {
        #[cfg(feature = "device")]
        Output::Device(wanted) => open_device::open(request, wanted, make),
        #[cfg(not(feature = "device"))]
        Output::Device(_) => Err(missing_feature(name, "device")),
        Output::Null { buffer_frames } => {
            let meter = Arc::new(HealthCounters::new(name, rate));
            let (renderer, recording) = request.prepare(rate, make)?;
            let frames = buffer_frames.unwrap_or(BLOCK) as usize;
            let paced = paced::start(renderer, frames, rate, meter.clone(), Discard)?;
            Ok(RunningOutput { meter, runner: Some(OutputRunner::Paced(paced)), recording })
        }
        #[cfg(feature = "decode")]
        Output::File { path, buffer_frames } => {
            let meter = Arc::new(HealthCounters::new(name, rate));
            let (renderer, recording) = request.prepare(rate, make)?;
            let frames = buffer_frames.unwrap_or(BLOCK) as usize;
            let (recorder, ring) = Recorder::start(&request.recording_config(&path), rate)?;
            let paced = paced::start(renderer, frames, rate, meter.clone(), ring)?;
            Ok(RunningOutput { meter, runner: Some(OutputRunner::Recorded { paced, recorder }), recording })
        }
        #[cfg(not(feature = "decode"))]
        Output::File { .. } => Err(missing_feature(name, "decode")),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, Output};

    #[cfg(feature = "decode")]
    #[test]
    fn played_sound_is_recorded_in_addition_to_the_output() {
        let folder = std::env::temp_dir().join(format!("crowd-engine-record-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("set.wav");
        let mut engine = Engine::builder().record(&path).open("null".parse().unwrap()).unwrap();
        let track = crate::Track::from_interleaved(vec![0.25; 64], crate::SampleRate::CD, 1).unwrap();
        engine.deck(crate::DeckId::A).load(&track).unwrap().play().unwrap();
        while engine.status().frames.0 < 4_096 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let recordings = engine.health().unwrap().recordings;
        assert_eq!((recordings.len(), recordings[0].lost_frames, &recordings[0].path), (1, 0, &path));
        engine.close().unwrap();
        let recording = crowd_media::open(&path, &crowd_media::DecodeOptions::default()).unwrap();
        let sounding = recording.to_f32().iter().filter(|x| **x == 0.25).count();
        assert!(recording.frames() >= 4_096 && sounding == 128, "{} frames, {sounding} samples", recording.frames());
        std::fs::remove_dir_all(&folder).unwrap();
        let error = Engine::builder().record(&path).open("null".parse().unwrap()).err().unwrap();
        assert!(error.to_string().contains("set.wav"), "{error}");
    }

    #[test]
    fn an_impossible_block_length_is_refused_with_its_value() {
        for frames in [0, 15, 65_537] {
            let output = Output::Null { buffer_frames: None }.with_buffer_frames(frames);
            let error = Engine::builder().open(output).err().unwrap().to_string();
            assert!(error.contains("buffer size") && error.contains(&frames.to_string()), "{error}");
        }
    }
}
