//! Chooses the items one after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_streaming::aac::AacFrame;
use jiff::Timestamp;

use super::calendar::Calendar;
use super::placed_item::{PlacedItem, Reason};
use super::playlist::{Chosen, Playlist, PreparedPlaylist};
use super::schedule::{GENERATED, Schedule};
use super::transition::Transition;
use super::walk_state::{Interval, WalkState};
use crate::error::Error;
use crate::item::{Item, ItemKind};

/// An item that does not play to its end fades out over this time before an exact time.
const FADE: Duration = Duration::from_secs(4);
/// An item that is skipped fades out over this time.
const SKIP_FADE: Duration = Duration::from_secs(1);
/// No item begins when an exact time comes in less than this. The filler plays until then.
const SHORTEST: Duration = Duration::from_secs(20);
/// No filler begins when an exact time comes in less than this. There is a pause until then.
const SHORTEST_FILLER: Duration = Duration::from_secs(1);

/// A schedule with the playlists that it uses.
#[derive(Debug)]
pub struct Plan {
    schedule: Schedule,
    transition: Transition,
    calendar: Calendar,
    rate: SampleRate,
    playlists: BTreeMap<String, Mutex<Playlist>>,
    filler: Arc<Item>,
}

/// An item that was chosen, with its reason.
struct Choice {
    chosen: Chosen,
    reason: Reason,
}

/// An exact time.
#[derive(Clone, Copy)]
struct Time {
    time: Timestamp,
    frame: u64,
    /// The index of the rule.
    rule: usize,
    wait: u64,
}

impl Plan {
    /// The plan of a schedule, for a station whose frame 0 is at `epoch` after 1970-01-01T00:00:00 UTC.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown time zone, for a playlist that is used and not there, and when nothing can play.
    pub fn new(
        schedule: Schedule,
        playlists: &[PreparedPlaylist],
        filler: Item,
        epoch: Duration,
        rate: SampleRate,
    ) -> Result<Self, Error> {
        let calendar = Calendar::new(&schedule.time_zone, epoch, rate)?;
        let playlists: BTreeMap<_, _> =
            playlists.iter().map(|prepared| (prepared.name.clone(), Mutex::new(Playlist::new(prepared)))).collect();
        for name in schedule.playlists() {
            if name != GENERATED && !playlists.contains_key(name) {
                let name = name.escape_debug();
                return Err(Error::Invalid(format!("the schedule uses the playlist \"{name}\", which is not defined")));
            }
        }
        let transition = schedule.transition();
        Ok(Self { schedule, transition, calendar, rate, playlists, filler: Arc::new(filler) })
    }

    /// The sample rate of the station.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The longest planned silence between items.
    pub fn longest_pause(&self) -> Duration {
        self.schedule.longest_pause()
    }

    /// The calendar of the station.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The item that plays when another one cannot.
    pub fn filler(&self) -> &Arc<Item> {
        &self.filler
    }

    /// Whether generated music plays, which is not known before it is made.
    pub fn plays_generated(&self) -> bool {
        self.schedule.playlists().any(|name| name == GENERATED)
    }

    /// The item with this hash.
    pub fn item(&self, hash: &str) -> Option<Arc<Item>> {
        self.chosen(hash).map(|chosen| chosen.item)
    }

    fn chosen(&self, hash: &str) -> Option<Chosen> {
        self.playlists.values().find_map(|playlist| lock(playlist).item(hash))
    }

    /// The items whose artist or title contains all words of `text`, sorted; at most `most` of them, and the number of all.
    pub fn search(&self, text: &str, most: usize) -> (Vec<Arc<Item>>, usize) {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut found = BTreeMap::new();
        for playlist in self.playlists.values() {
            for item in lock(playlist).items() {
                let title = item.display_title();
                let lower = title.to_lowercase();
                if item.kind == ItemKind::Track && words.iter().all(|word| lower.contains(word)) {
                    found.insert((title, item.hash.clone()), item);
                }
            }
        }
        let count = found.len();
        (found.into_values().take(most).collect(), count)
    }

    /// The item after `state`, which is moved on. An item that plays at one of the frames `skips`, which are sorted, ends there.
    pub fn next(&self, state: &mut WalkState, skips: impl Iterator<Item = u64>) -> PlacedItem {
        state.recent.set(self.schedule.separation, self.rate.get());
        let mut time = self.next_time(state);
        let choice = loop {
            let Some(coming) = time else { break self.by_rule(state) };
            let until = coming.frame.saturating_sub(state.end);
            if until >= self.frames(SHORTEST) + self.transition.pause(self.rate).0 {
                break self.by_rule(state);
            }
            if until >= self.frames(SHORTEST_FILLER) {
                break None;
            }
            if let Some(choice) = self.at_time(state, coming) {
                if until > 0 {
                    (state.end, state.last) = (coming.frame.next_multiple_of(AacFrame::LENGTH), None);
                }
                break Some(choice);
            }
            time = self.next_time(state);
        };
        let choice = choice.unwrap_or_else(|| Choice {
            chosen: Chosen { item: self.filler.clone(), keys: Arc::default(), relaxed: false },
            reason: Reason::Filler,
        });
        let next = if choice.reason == Reason::Time { self.next_time(state) } else { time };
        let placed = self.place(state, &choice, next, skips);
        state.pass(&placed);
        self.count(state, &choice, &placed);
        placed
    }

    /// The item at its place: after the last one, until its end, the next exact time, or a skip.
    fn place(
        &self,
        state: &WalkState,
        choice: &Choice,
        next: Option<Time>,
        skips: impl Iterator<Item = u64>,
    ) -> PlacedItem {
        let item = choice.chosen.item.clone();
        let overlap = self.transition.longest_overlap(self.rate);
        let start = match (state.last, self.transition) {
            (None, _) => Frames(state.end),
            // There is no pause before what has a time of its own, or fills one.
            (_, Transition::Pause(_)) if matches!(choice.reason, Reason::Time | Reason::Filler) => Frames(state.end),
            (Some((frames, allowed)), transition) => {
                let allowed = Frames(overlap.0.min(allowed));
                transition.start_after(Frames(state.end), Frames(frames), item.frames, allowed, self.rate)
            }
        };
        let start = self.start_on_beat(state, &item).or_else(|| self.start_of_chunk(state, &item)).unwrap_or(start);
        // The neighbours of an item with a mix point take up to half of it.
        let overlap = if item.mix_point.is_some() { overlap.max(Frames(item.frames.0 / 2)) } else { overlap };
        let mut placed = PlacedItem::whole(state.number, item, start, overlap, choice.reason);
        let end = placed.end().0;
        let mut cut = |at: u64, fade: Duration| {
            let at = at.next_multiple_of(AacFrame::LENGTH);
            if at > start.0 && at < placed.end().0 {
                placed.frames = Frames(at - start.0);
                placed.fade_out = Frames(self.frames(fade).min(placed.frames.0 / 2));
            }
        };
        // An item that ends soon after an exact time is played to its end; the filler is not.
        if let Some(time) = next
            && (end.saturating_sub(time.frame) > time.wait || choice.reason == Reason::Filler)
        {
            cut(time.frame, FADE);
        }
        skips.filter(|skip| *skip > start.0 && *skip < end).take(1).for_each(|skip| cut(skip, SKIP_FADE));
        placed
    }

    /// The start of an item whose beats are together with those of the last one.
    fn start_on_beat(&self, state: &WalkState, item: &Item) -> Option<Frames> {
        let ((frames, _), last, next) = (state.last?, state.mix_point?, item.mix_point?);
        let start = last.start_of(Frames(frames), next, item.frames, self.rate)?;
        Some(Frames(state.end - frames + start.0))
    }

    /// The start of a chunk of generated music after another one: without a gap, and after a break if the prompt changes.
    fn start_of_chunk(&self, state: &WalkState, item: &Item) -> Option<Frames> {
        let (_, before, chunk) = (state.last?, state.prompt.as_ref()?, item.chunk.as_ref()?);
        let silence = Duration::try_from_secs_f64(self.schedule.break_seconds).unwrap_or_default();
        Some(Frames(state.end + if *before == chunk.prompt { 0 } else { self.frames(silence) }))
    }

    /// Counts what the rules count.
    fn count(&self, state: &mut WalkState, choice: &Choice, placed: &PlacedItem) {
        if placed.item.kind != ItemKind::Track {
            return;
        }
        state.recent.push(&choice.chosen.keys, placed.end().0);
        if !matches!(choice.reason, Reason::Every | Reason::Time) {
            for rule in &self.schedule.every {
                let interval = state.intervals.entry(rule.name()).or_default();
                interval.tracks = interval.tracks.map(|tracks| tracks + 1);
            }
        }
    }

    /// The item of an exact time, which is then done.
    fn at_time(&self, state: &mut WalkState, time: Time) -> Option<Choice> {
        (state.times_before, state.rules_done) = (Some(time.time), time.rule + 1);
        let name = &self.schedule.at.get(time.rule)?.playlist;
        let chosen = self.next_of(state, name)?;
        Some(Choice { chosen, reason: Reason::Time })
    }

    fn by_rule(&self, state: &mut WalkState) -> Option<Choice> {
        let (tracks, minutes): (Vec<_>, Vec<_>) = self.schedule.every.iter().partition(|rule| rule.tracks.is_some());
        for rule in tracks.into_iter().chain(minutes) {
            let interval = state.intervals.entry(rule.name()).or_default();
            if interval.is_due(rule, state.end, self.rate.get())
                && let Some(chosen) = self.next_of(state, &rule.playlist)
            {
                let end = state.end + chosen.item.frames.0;
                *state.intervals.entry(rule.name()).or_default() = Interval { tracks: Some(0), end };
                return Some(Choice { chosen, reason: Reason::Every });
            }
        }
        while let Some(hash) = state.requests.pop_front() {
            if let Some(chosen) = self.chosen(&hash) {
                return Some(Choice { chosen, reason: Reason::Request });
            }
        }
        let time = self.calendar.time(state.end);
        let part = self.schedule.day_part.iter().find(|part| self.calendar.is_active(part, time));
        let names = part.map(|part| &part.playlist).into_iter().chain([&self.schedule.play]);
        let chosen = names.into_iter().find_map(|name| self.next_of(state, name))?;
        let reason = match &chosen.item.chunk {
            Some(chunk) if chunk.repeat => Reason::Repeat,
            Some(_) => Reason::Generated,
            None if chosen.relaxed => Reason::Relaxed,
            None => Reason::Playlist,
        };
        Some(Choice { chosen, reason })
    }

    /// The next item of a playlist; `None` if it is empty.
    fn next_of(&self, state: &mut WalkState, name: &str) -> Option<Chosen> {
        if name == GENERATED {
            let item = Arc::new(state.chunks.pop_front()?);
            return Some(Chosen { item, keys: Arc::default(), relaxed: false });
        }
        let mut playlist = lock(self.playlists.get(name)?);
        if playlist.is_empty() {
            return None;
        }
        let position = state.positions.entry(name.to_owned()).or_default();
        playlist.next(position, &state.recent, state.end)
    }

    /// The first exact time that has not played.
    fn next_time(&self, state: &mut WalkState) -> Option<Time> {
        let begin = *state.times_before.get_or_insert_with(|| self.calendar.time(0));
        let times = self.schedule.at.iter().enumerate().filter_map(|(rule, at)| {
            let done = rule < state.rules_done;
            let from = if done { begin.checked_add(Duration::from_nanos(1)).ok()? } else { begin };
            let time = self.calendar.next_time(at, from)?;
            let wait = self.frames(Duration::try_from_secs_f64(at.wait_seconds).unwrap_or_default());
            Some(Time { time, frame: self.calendar.frame(time), rule, wait })
        });
        times.min_by_key(|time| (time.time, time.rule))
    }

    fn frames(&self, time: Duration) -> u64 {
        Frames::within(time, self.rate).0
    }
}

fn lock(playlist: &Mutex<Playlist>) -> std::sync::MutexGuard<'_, Playlist> {
    playlist.lock().unwrap_or_else(PoisonError::into_inner)
}
