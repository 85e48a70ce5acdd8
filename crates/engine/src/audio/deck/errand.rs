//! What the audio thread lets a helper thread do.

use super::playhead::{Playhead, Unrolled};
use crate::stretch::{Help, Maker, Order};
use crate::track::Track;

/// A frame to be made, with all that is needed for it.
pub(crate) struct Errand {
    /// Which one it is; 0 when it is none.
    ticket: u64,
    track: Option<Track>,
    head: Playhead,
    order: Order,
    maker: Maker,
}

impl Errand {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        let (head, order) = (Playhead::new(0, None), Order::default());
        Self { ticket: 0, track: None, head, order, maker: Maker::for_hq(sample_rate) }
    }

    /// Makes the frame, and gives the track up. Not on the audio thread.
    pub fn run(&mut self) {
        let Some(track) = self.track.take() else { return };
        // What was heard on another track says nothing about this one.
        self.maker.forget();
        self.maker.make(&self.order, &Unrolled::new(&track, &self.head));
    }
}

/// The audio half: the errands that are at home, and the ways out and back.
pub(crate) struct Errands {
    out: rtrb::Producer<Errand>,
    back: rtrb::Consumer<Errand>,
    home: Vec<Errand>,
    tickets: u64,
    late: u64,
}

impl Errands {
    /// `home` are all there are; both ways have room for all of them.
    pub fn new(out: rtrb::Producer<Errand>, back: rtrb::Consumer<Errand>, home: Vec<Errand>) -> Self {
        Self { out, back, home, tickets: 0, late: 0 }
    }

    /// Frames that did not come back in time.
    pub fn late(&self) -> u64 {
        self.late
    }

    fn gather(&mut self) {
        while self.home.len() < self.home.capacity()
            && let Ok(errand) = self.back.pop()
        {
            self.home.push(errand);
        }
    }
}

/// A stem that may send somebody.
pub(crate) struct Sender<'a> {
    pub errands: &'a mut Errands,
    /// What it has sent for last.
    pub ticket: &'a mut u64,
    pub track: &'a Track,
    pub head: &'a Playhead,
}

impl Help for Sender<'_> {
    fn take(&mut self, order: &Order, maker: &Maker) -> bool {
        let errands = &mut *self.errands;
        errands.gather();
        // One that was run and not asked for in the longest time comes next when none is free.
        let oldest = errands.home.iter().enumerate().min_by_key(|(_, errand)| errand.ticket).map(|(index, _)| index);
        let Some(mut errand) = oldest.map(|index| errands.home.swap_remove(index)) else { return false };
        errands.tickets += 1;
        errand.ticket = errands.tickets;
        // The helper has taken the old track out: nothing is freed here.
        errand.track = Some(self.track.clone());
        (errand.head, errand.order) = (*self.head, *order);
        errand.maker.follow(maker);
        *self.ticket = errand.ticket;
        match errands.out.push(errand) {
            Ok(()) => true,
            // Cannot be: there is room for all. It would stay here, track and all, until it is sent again.
            Err(rtrb::PushError::Full(errand)) => {
                errands.home.push(errand);
                false
            }
        }
    }

    fn give(&mut self, maker: &mut Maker) -> bool {
        self.errands.gather();
        let Some(errand) = self.errands.home.iter_mut().find(|errand| errand.ticket == *self.ticket) else {
            self.errands.late += 1;
            return false;
        };
        errand.ticket = 0;
        maker.take(&mut errand.maker);
        true
    }
}
