//! The jobs of the worker thread: STFT frames that the audio thread needs later.

use super::playhead::{Playhead, Unrolled};
use crate::stretch::{FrameSpec, FrameSynthesiser, FrameWorker};
use crate::track::Track;

/// One STFT frame to synthesise, with everything that is needed for it.
pub(crate) struct FrameJob {
    /// The number of the job; 0 once the audio thread has taken its result.
    id: u64,
    track: Option<Track>,
    head: Playhead,
    spec: FrameSpec,
    synthesiser: FrameSynthesiser,
}

impl FrameJob {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        let (head, spec) = (Playhead::new(0, None), FrameSpec::default());
        Self { id: 0, track: None, head, spec, synthesiser: FrameSynthesiser::for_hq(sample_rate) }
    }

    /// Synthesises the frame, and drops the track. The worker thread calls this, because the audio thread must not free a
    /// track.
    pub fn run(&mut self) {
        let Some(track) = self.track.take() else { return };
        // The onset that the synthesiser has measured may belong to another track.
        self.synthesiser.clear_onset();
        self.synthesiser.synthesise(&self.spec, &Unrolled::new(&track, &self.head));
    }
}

/// What the audio thread holds: the idle jobs, and the rings to and from the worker thread.
pub(crate) struct FrameJobQueue {
    submitted: rtrb::Producer<FrameJob>,
    finished: rtrb::Consumer<FrameJob>,
    idle: Vec<FrameJob>,
    last_id: u64,
    late: u64,
}

impl FrameJobQueue {
    /// `idle` holds all jobs that exist; both rings must have room for all of them.
    pub fn new(submitted: rtrb::Producer<FrameJob>, finished: rtrb::Consumer<FrameJob>, idle: Vec<FrameJob>) -> Self {
        Self { submitted, finished, idle, last_id: 0, late: 0 }
    }

    /// STFT frames that were not finished in time.
    pub fn late(&self) -> u64 {
        self.late
    }

    fn receive_finished(&mut self) {
        while self.idle.len() < self.idle.capacity()
            && let Ok(job) = self.finished.pop()
        {
            self.idle.push(job);
        }
    }
}

/// The frame worker for one voice: the queue of jobs, and the state of the voice that a job needs.
pub(crate) struct VoiceFrameWorker<'a> {
    pub jobs: &'a mut FrameJobQueue,
    /// The number of the voice's latest job.
    pub job_id: &'a mut u64,
    pub track: &'a Track,
    pub head: &'a Playhead,
}

impl FrameWorker for VoiceFrameWorker<'_> {
    fn submit(&mut self, spec: &FrameSpec, synthesiser: &FrameSynthesiser) -> bool {
        let jobs = &mut *self.jobs;
        jobs.receive_finished();
        // Jobs whose result was taken have the number 0, so they are used first. After them comes the oldest of the others.
        let oldest = jobs.idle.iter().enumerate().min_by_key(|(_, job)| job.id).map(|(index, _)| index);
        let Some(mut job) = oldest.map(|index| jobs.idle.swap_remove(index)) else { return false };
        jobs.last_id += 1;
        job.id = jobs.last_id;
        // The worker has already dropped the job's earlier track, so this assignment frees nothing.
        job.track = Some(self.track.clone());
        (job.head, job.spec) = (*self.head, *spec);
        job.synthesiser.copy_latest_from(synthesiser);
        *self.job_id = job.id;
        match jobs.submitted.push(job) {
            Ok(()) => true,
            // This does not happen, because the ring has room for all jobs. If it did, the job would be kept here, with
            // its track, until it is submitted again.
            Err(rtrb::PushError::Full(job)) => {
                jobs.idle.push(job);
                false
            }
        }
    }

    fn take_finished(&mut self, synthesiser: &mut FrameSynthesiser) -> bool {
        self.jobs.receive_finished();
        let Some(job) = self.jobs.idle.iter_mut().find(|job| job.id == *self.job_id) else {
            self.jobs.late += 1;
            return false;
        };
        job.id = 0;
        synthesiser.take_frame_from(&mut job.synthesiser);
        true
    }
}
