use std::sync::Mutex;

use crowd_engine::SampleRate;
use serde_json::{from_value, json};

use std::sync::mpsc;

use super::super::format::Format;
use super::super::journal::{Entry, Event, Journal};
use super::super::replay::Manifests;
use super::super::share::{Adopted, Confirmed, MadeSegments, NumberedSegments, Share};
use super::*;
use crate::sound::{ReadLimits, SoundCache};

const RATE: SampleRate = SampleRate::DAT;
const WINDOW: u64 = 4;
/// The time for which a segment waits for a file.
const GIVE_UP: Duration = Duration::from_secs(2);

/// What a source returns instead of segments.
type Fault = Arc<Mutex<Option<fn() -> Error>>>;

/// A source whose segments have only their number.
struct Numbers {
    grid: SegmentGrid,
    renditions: [Rendition; 1],
    fault: Fault,
}

impl SegmentSource for Numbers {
    fn grid(&self) -> SegmentGrid {
        self.grid
    }

    fn renditions(&self) -> &[Rendition] {
        &self.renditions
    }

    fn segments(&mut self, number: u64, _: &mut ProgramSound) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(error) = *self.fault.lock().unwrap() {
            return Err(error());
        }
        Ok(vec![number.to_be_bytes().to_vec()])
    }

    fn advance(&mut self, _: u64, _: Frames, _: &mut ProgramSound) -> Result<(), Error> {
        Ok(())
    }

    fn played(&mut self, _: Frames) {}
}

fn source(codec_frame: u64, playlist: &str, fault: &Fault) -> Box<dyn SegmentSource> {
    let renditions = [Rendition { playlist: playlist.to_owned(), format: Format::Ts, initialization: None }];
    let grid = SegmentGrid::new(RATE, codec_frame, Duration::from_secs(2)).unwrap();
    Box::new(Numbers { grid, renditions, fault: fault.clone() })
}

/// A manifest with one track of 7 s. No sound of it is read.
fn manifest() -> Manifest {
    let item =
        json!({ "hash": "1", "kind": "track", "file": "a.wav", "frames": 336_000, "gain_db": 0.0, "title": "A" });
    let playlist = json!({ "name": "music", "order": "path", "items": [&item] });
    let schedule = json!({ "time_zone": "UTC", "play": "music" });
    from_value(json!({ "name": "Test", "stream": {}, "schedule": schedule, "playlists": [playlist], "filler": item }))
        .unwrap()
}

/// A publisher of three renditions, with the frames of AAC, FLAC and Opus.
fn publisher(state: &std::path::Path, fault: &Fault) -> Publisher {
    with_encoders(state, fault, "one")
}

fn with_encoders(state: &std::path::Path, fault: &Fault, encoders: &str) -> Publisher {
    let sources = vec![source(1_024, "a.m3u8", fault), source(4_096, "b.m3u8", fault), source(960, "c.m3u8", fault)];
    let renditions =
        Renditions { sources, playlists: vec![("all.m3u8".to_owned(), "fixed".into())], encoders: encoders.to_owned() };
    let folder = StateFolder::open(state).unwrap();
    let saved = folder.read().unwrap().unwrap_or_else(|| SavedState::new(Duration::from_secs(1_790_000_000)));
    let (changes, program) = StationProgram::open(state, &manifest(), saved.epoch(), 0, || Ok(Vec::new())).unwrap();
    let limits = ReadLimits { give_up: GIVE_UP, ..ReadLimits::PATIENT };
    let sound = ProgramSound::new(program, SoundCache::new(RATE, limits));
    Publisher::new(renditions, sound, changes, WINDOW as usize, saved, folder)
}

/// The number of the first segment and the number of segments, of each playlist.
fn listed(publisher: &Publisher) -> Vec<(u64, usize)> {
    let published = publisher.published();
    let published = published.borrow();
    assert_eq!(published.playlists.len(), 4);
    let playlists = published.playlists.iter().filter(|(name, _)| *name != "all.m3u8");
    playlists
        .map(|(_, text)| {
            let sequence = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:")).unwrap_or("0");
            (sequence.parse().unwrap(), text.matches("#EXTINF").count())
        })
        .collect()
}

#[test]
fn a_segment_is_listed_in_all_playlists_when_it_has_ended_in_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut publisher = publisher(folder.path(), &Arc::default());
    assert_eq!(listed(&publisher), [(0, 0); 3]);
    for number in 1..40_u64 {
        // The last one to end is that of the longest frames, or one that ends after 2 s exactly.
        let ends = [1_024, 4_096, 960].map(|frame| (number * 96_000 + frame / 2) / frame * frame);
        let last = *ends.iter().max().unwrap();
        assert!(!publisher.publish(Frames(last - 1)).unwrap(), "segment {number}");
        assert!(publisher.publish(Frames(last)).unwrap(), "segment {number}");
        let first = number.saturating_sub(WINDOW);
        assert_eq!(listed(&publisher), [(first, (number - first) as usize); 3]);
        while publisher.make_ahead().unwrap() {}
    }
    assert_eq!(&*publisher.published().borrow().playlists["all.m3u8"], "fixed");
    // A restarted station continues with the next number.
    drop(publisher);
    let mut publisher = self::publisher(folder.path(), &Arc::default());
    assert!(publisher.publish(Frames(0)).unwrap());
    assert_eq!(listed(&publisher), [(35, 4); 3]);
}

#[test]
fn segments_that_cannot_be_made_leave_the_playlists_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let fault = Fault::default();
    let mut publisher = publisher(folder.path(), &fault);
    assert!(publisher.publish(Frames(10 * 96_000 + 4_096)).unwrap());
    let before = listed(&publisher);
    *fault.lock().unwrap() = Some(|| Error::Invalid("a fault".to_owned()));
    assert!(publisher.publish(Frames(11 * 96_000 + 4_096)).is_err() && publisher.make_ahead().is_err());
    assert_eq!(listed(&publisher), before);
    *fault.lock().unwrap() = None;
    assert!(publisher.publish(Frames(13 * 96_000 + 4_096)).unwrap());
    assert_eq!(listed(&publisher), [(9, 4); 3]);
    // Removed segments can still be fetched for a while.
    let published = publisher.published();
    let numbers: Vec<u64> = published
        .borrow()
        .segments
        .iter()
        .take(6)
        .map(|segment| u64::from_be_bytes(segment.bytes[..].try_into().unwrap()))
        .collect();
    assert_eq!(numbers, [6, 7, 8, 9, 10, 11]);
}

#[test]
fn while_a_file_is_waited_for_what_was_made_is_published_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let fault = Fault::default();
    let mut publisher = publisher(folder.path(), &fault);
    let at = |segments: u64| Frames(segments * 96_000 + 4_096);
    publisher.publish(at(4)).unwrap();
    while publisher.make_ahead().unwrap() {}
    *fault.lock().unwrap() = Some(|| {
        let source = Box::new(Error::Waiting("a.wav".into()));
        Error::Sound { number: 0, from: 0, source }
    });
    for segments in 5..=4 + Publisher::WINDOWS_AHEAD * WINDOW {
        assert!(publisher.publish(at(segments)).unwrap());
        assert!(publisher.make_ahead().unwrap_err().is_waiting());
    }
    *fault.lock().unwrap() = None;
    assert!(publisher.make_ahead().unwrap());
    assert_eq!(publisher.published().borrow().lost_items, 0);
}

#[test]
fn a_file_that_is_read_too_slowly_is_given_up_and_what_plays_instead_has_its_own_time() {
    let folder = tempfile::tempdir().unwrap();
    let fault = Fault::default();
    let mut publisher = publisher(folder.path(), &fault);
    *fault.lock().unwrap() = Some(|| {
        let source = Box::new(Error::Waiting("a.wav".into()));
        Error::Sound { number: 0, from: 0, source }
    });
    let start = Instant::now();
    while publisher.lost_items == 0 {
        assert!(publisher.make_ahead().unwrap_err().is_waiting());
        assert!(start.elapsed() < 5 * GIVE_UP);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(start.elapsed() >= GIVE_UP);
    // The filler is waited for too, before it is replaced by silence.
    assert!(publisher.make_ahead().unwrap_err().is_waiting());
    assert!(!publisher.program().lost(0, 0).unwrap().silent);
    *fault.lock().unwrap() = None;
    assert!(publisher.make_ahead().unwrap());
    assert_eq!(publisher.lost_items, 1);
}

#[test]
fn with_other_encoders_the_playlists_begin_anew_after_what_was_published() {
    let folder = tempfile::tempdir().unwrap();
    let mut publisher = publisher(folder.path(), &Arc::default());
    assert!(publisher.publish(Frames(10 * 96_000 + 4_096)).unwrap());
    drop(publisher);
    let mut publisher = with_encoders(folder.path(), &Arc::default(), "other");
    assert!(!publisher.publish(Frames(10 * 96_000 + 4_096)).unwrap());
    assert!(publisher.publish(Frames(12 * 96_000 + 4_096)).unwrap());
    assert_eq!(listed(&publisher), [(10, 2); 3]);
    drop(publisher);
    let mut publisher = with_encoders(folder.path(), &Arc::default(), "other");
    assert!(publisher.publish(Frames(0)).unwrap());
    assert_eq!(listed(&publisher), [(10, 2); 3]);
}

/// A publisher of a shared station, and the other ends of its channels.
fn shared(state: &std::path::Path) -> (Publisher, mpsc::Sender<Confirmed>, mpsc::Sender<Adopted>, Arc<MadeSegments>) {
    let epoch = Duration::from_secs(1_790_000_000);
    let hash = manifest().shared_hash().unwrap();
    Manifests::new(state, epoch, RATE).store_text(&hash, &manifest().text().unwrap()).unwrap();
    Journal::open(state).unwrap().append(Entry { from: 0, event: Event::Plan { manifest: hash } }).unwrap();
    let (proposals, _) = mpsc::sync_channel(8);
    let (confirm, confirmed) = mpsc::channel();
    let (adopt, adopted) = mpsc::channel();
    let made = Arc::<MadeSegments>::default();
    let sources = vec![source(1_024, "a.m3u8", &Fault::default())];
    let renditions = Renditions { sources, playlists: Vec::new(), encoders: "one".to_owned() };
    let folder = StateFolder::open(state).unwrap();
    let (changes, program) =
        StationProgram::open_shared(state, &manifest(), epoch, 0, false, proposals.clone()).unwrap();
    let sound = ProgramSound::new(program, SoundCache::new(RATE, ReadLimits::PATIENT));
    let publisher = Publisher::new(renditions, sound, changes, WINDOW as usize, SavedState::new(epoch), folder);
    (publisher.with_share(Share { proposals, confirmed, adopted, made: made.clone() }), confirm, adopt, made)
}

#[test]
fn segments_that_another_machine_has_put_first_are_listed_unless_others_were_listed_before() {
    let folder = tempfile::tempdir().unwrap();
    let (mut publisher, _confirm, adopt, made) = shared(folder.path());
    let at = |segments: u64| Frames(segments * 96_000 + 4_096);
    let other = |number: u64| {
        let segment = Arc::new(Segment::new(Format::Ts, vec![7], &format!("{number}.ts")));
        let segments = NumberedSegments::from([("a.m3u8".to_owned(), segment.clone())]);
        adopt.send(Adopted { number, segments }).unwrap();
        segment.uri()
    };
    assert!(publisher.publish(at(5)).unwrap());
    while publisher.make_ahead().unwrap() {}
    assert_eq!(made.get().sets.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let uris = [other(4), other(5), other(30)];
    assert!(publisher.publish(at(6)).unwrap());
    let text = publisher.published().borrow().playlists["a.m3u8"].to_string();
    assert!(!text.contains(&uris[0]) && text.contains(&uris[1]), "{text}");
    assert_eq!(publisher.published().borrow().adopted_segments, 1);
    // What cannot be made here is listed too.
    assert!(publisher.publish(at(31)).unwrap());
    let text = publisher.published().borrow().playlists["a.m3u8"].to_string();
    assert!(text.contains(&uris[2]) && publisher.published().borrow().adopted_segments == 2, "{text}");
}

#[test]
fn a_confirmed_change_leaves_what_was_listed_and_is_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (mut publisher, confirm, _adopt, made) = shared(folder.path());
    let at = |segments: u64| Frames(segments * 96_000 + 4_096);
    assert!(publisher.publish(at(9)).unwrap());
    let before = publisher.published().borrow().playlists.clone();
    assert_eq!(made.changes_from(), publisher.renditions.start(9 + WINDOW + 2));
    // One of them comes too late.
    for from in [publisher.renditions.start(7), made.changes_from()] {
        let entry = Entry { from, event: Event::Request { hash: "1".to_owned() } };
        confirm.send(Confirmed { entry, manifest: None }).unwrap();
    }
    assert!(!publisher.publish(at(9)).unwrap());
    assert_eq!(publisher.published().borrow().playlists, before);
    assert!(publisher.sets.iter().all(|set| set.number < 9));
    let entries = Journal::entries_in(folder.path()).unwrap();
    assert_eq!(entries.len(), 3);
    assert!(publisher.publish(at(10)).unwrap());
}
