//! What plays when: the rules of a schedule, and changes of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_radio::item::{Item, ItemKind};
use crowd_radio::program::{
    ChangeKind, PlacedItem, Plan, PreparedPlaylist, Program, Reason, Schedule, Timeline, WalkState,
};
use jiff::Timestamp;
use proptest::prelude::*;

const RATE: u64 = 48_000;
const AAC_FRAME: u64 = 1_024;
/// A Monday, 00:00 in Berlin.
const EPOCH: &str = "2026-01-04T23:00:00Z";

fn item(name: &str, kind: ItemKind, frames: u64) -> Item {
    let item = Item::untagged(kind, format!("{name}.flac").into(), name.to_owned());
    Item { hash: name.to_owned(), frames: Frames(frames), ..item }
}

fn playlist(name: &str, kind: ItemKind, order: &str, lengths: &[u64]) -> PreparedPlaylist {
    let items: Vec<Item> =
        lengths.iter().enumerate().map(|(index, length)| item(&format!("{name}{index:02}"), kind, *length)).collect();
    serde_json::from_value(serde_json::json!({ "name": name, "order": order, "items": items })).unwrap()
}

fn plan(schedule: &str, playlists: &[PreparedPlaylist]) -> Arc<Plan> {
    let mut schedule: serde_json::Value = serde_json::from_str(schedule).unwrap();
    schedule["play"] = "music".into();
    schedule["time_zone"] = "Europe/Berlin".into();
    let schedule: Schedule = serde_json::from_value(schedule).unwrap();
    let epoch = Duration::from_secs(EPOCH.parse::<Timestamp>().unwrap().as_second() as u64);
    let filler = item("filler", ItemKind::Filler, 60 * RATE);
    Arc::new(Plan::new(schedule, playlists, filler, epoch, SampleRate::DAT).unwrap())
}

fn timeline(schedule: &str, playlists: &[PreparedPlaylist]) -> Timeline {
    Timeline::new(WalkState::default(), plan(schedule, playlists), Vec::new())
}

fn at(day: u64, hour: u64, minute: u64) -> u64 {
    ((day * 24 + hour) * 60 + minute) * 60 * RATE
}

/// The items of whole days.
fn days(timeline: &mut Timeline, count: u64) -> Vec<PlacedItem> {
    timeline.items(0..at(count, 0, 0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn jingles_come_in_turn_before_every_n_tracks(jingles in 1_usize..=10, cycle in 1_usize..=10, tracks in 1_usize..=50) {
        let playlists = [
            playlist("music", ItemKind::Track, "path", &vec![RATE; tracks]),
            playlist("jingles", ItemKind::Jingle, "path", &vec![RATE; jingles]),
        ];
        let schedule = format!(r#"{{"every":[{{"playlist":"jingles","tracks":{cycle}}}]}}"#);
        let mut timeline = timeline(&schedule, &playlists);
        for number in 0..600_usize {
            let (round, place) = (number / (cycle + 1), number % (cycle + 1));
            let wanted = match place {
                0 => format!("jingles{:02}", round % jingles),
                _ => format!("music{:02}", (round * cycle + place - 1) % tracks),
            };
            prop_assert_eq!(&timeline.item(number as u64).item.title, &wanted);
        }
    }

    #[test]
    fn items_are_the_same_in_whatever_order_they_are_asked_for(
        frames in prop::collection::vec(0_u64..14 * 86_400 * RATE, 20),
        crossfade in 0_u64..3,
    ) {
        let schedule = format!(
            r#"{{"crossfade_seconds":{crossfade},"separation":{{"title_minutes":20}},"every":[{{"playlist":"jingles","minutes":17}}],
                "at":[{{"playlist":"news","minute":30}},{{"playlist":"news","time":"12:00","wait_seconds":0}}],
                "day_part":[{{"playlist":"night","from":"22:00","to":"04:00","days":["fri","sat"]}}]}}"#
        );
        let playlists = || [
            playlist("music", ItemKind::Track, "shuffle", &(150..190).map(|seconds| seconds * RATE + 331).collect::<Vec<_>>()),
            playlist("night", ItemKind::Track, "path", &[400 * RATE, 500 * RATE]),
            playlist("jingles", ItemKind::Jingle, "path", &[5 * RATE, 7 * RATE + 1]),
            playlist("news", ItemKind::Jingle, "path", &[90 * RATE]),
        ];
        let items = days(&mut timeline(&schedule, &playlists()), 15);
        prop_assert!(items.windows(2).all(|pair| pair[0].number + 1 == pair[1].number && pair[0].start < pair[1].start));
        let mut asked = timeline(&schedule, &playlists());
        for frame in frames {
            let wanted = items.iter().find(|item| item.end().0 > frame).unwrap();
            prop_assert_eq!(&asked.item_at(frame), wanted);
            // The program can be continued from a state.
            let state = asked.state_at(frame);
            let state: WalkState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            let mut continued = Timeline::new(state, plan(&schedule, &playlists()), Vec::new());
            for number in wanted.number..(wanted.number + 40).min(items.len() as u64) {
                prop_assert_eq!(&continued.item(number), &items[number as usize]);
            }
        }
    }
}

#[test]
fn an_item_at_an_exact_time_waits_for_the_end_of_a_track_or_fades_it_out() {
    let minutes = |minutes: u64| minutes * 60 * RATE;
    // Tracks of 7 minutes: one plays from 11:54 to 12:01 (the 102nd), which is too long after 12:00.
    for (length, wait, expected) in [
        (minutes(7), 30, (at(0, 12, 0).next_multiple_of(AAC_FRAME), true)),
        (minutes(7), 60, (at(0, 12, 1), false)),
        (minutes(6), 30, (at(0, 12, 0), false)),
    ] {
        let playlists = [
            playlist("music", ItemKind::Track, "path", &[length]),
            playlist("news", ItemKind::Jingle, "path", &[90 * RATE]),
        ];
        let schedule = format!(r#"{{"at":[{{"playlist":"news","time":"12:00","wait_seconds":{wait}}}]}}"#);
        let items = days(&mut timeline(&schedule, &playlists), 2);
        let news: Vec<&PlacedItem> = items.iter().filter(|item| item.reason == Reason::Time).collect();
        assert_eq!(news.len(), 2, "once a day");
        assert_eq!(news[0].start.0, expected.0, "{length} {wait}");
        let before = &items[news[0].number as usize - 1];
        assert_eq!(before.fade_out.0, if expected.1 { 4 * RATE } else { 0 });
        assert_eq!(before.end(), news[0].start);
        assert!(before.frames.0 <= length);
    }
}

#[test]
fn the_filler_plays_when_less_than_20_seconds_are_left_until_an_exact_time() {
    // The track ends at 11:59:50.
    let length = at(0, 11, 59) + 50 * RATE;
    let playlists = [
        playlist("music", ItemKind::Track, "path", &[length]),
        playlist("news", ItemKind::Jingle, "path", &[90 * RATE]),
    ];
    let items = days(&mut timeline(r#"{"at":[{"playlist":"news","time":"12:00"}]}"#, &playlists), 1);
    let reasons: Vec<Reason> = items.iter().map(|item| item.reason).take(4).collect();
    assert_eq!(reasons, [Reason::Playlist, Reason::Filler, Reason::Time, Reason::Playlist]);
    assert_eq!(items[1].start.0, length);
    assert_eq!(items[1].end(), items[2].start);
    assert_eq!(items[2].start.0, at(0, 12, 0).next_multiple_of(AAC_FRAME));
    assert!(items[1].fade_out.0 > 0);
}

#[test]
fn two_items_at_the_same_time_follow_each_other_and_none_is_played_twice() {
    let playlists = [
        playlist("music", ItemKind::Track, "path", &[200 * RATE]),
        playlist("news", ItemKind::Jingle, "path", &[90 * RATE]),
        playlist("weather", ItemKind::Jingle, "path", &[30 * RATE]),
        playlist("empty", ItemKind::Jingle, "path", &[]),
    ];
    let schedule = r#"{"at":[{"playlist":"empty","time":"12:00"},{"playlist":"news","time":"12:00"},{"playlist":"weather","time":"12:00"},
                       {"playlist":"news","date":"2026-01-06","time":"18:00"}]}"#;
    let items = days(&mut timeline(schedule, &playlists), 3);
    let times: Vec<(&str, u64)> = items
        .iter()
        .filter(|item| item.reason == Reason::Time)
        .map(|item| (&item.item.title[..4], item.start.0 / at(0, 1, 0)))
        .collect();
    assert_eq!(
        times,
        [("news", 12), ("weat", 12), ("news", 36), ("weat", 36), ("news", 42), ("news", 60), ("weat", 60)]
    );
}

#[test]
fn day_parts_have_their_playlists_in_local_time_across_the_change_of_clocks() {
    let playlists = [
        playlist("music", ItemKind::Track, "path", &[60 * RATE]),
        playlist("night", ItemKind::Track, "path", &[60 * RATE]),
    ];
    let schedule = r#"{"day_part":[{"playlist":"night","from":"01:00","to":"03:00"}]}"#;
    let items = days(&mut timeline(schedule, &playlists), 300);
    let mut minutes: HashMap<u64, u64> = HashMap::new();
    for item in items.iter().filter(|item| item.item.title.starts_with("night")) {
        *minutes.entry(item.start.0 / at(1, 0, 0)).or_default() += 1;
    }
    // 2026-03-29 is the 83rd day after 2026-01-05, and 2026-10-25 the 293rd; summer days begin an hour earlier.
    let total = |first: u64, last: u64| (first..=last).map(|day| minutes.get(&day).copied().unwrap_or(0)).sum::<u64>();
    assert_eq!(total(0, 82), 83 * 120);
    assert_eq!(total(83, 83), 60, "the hour from 2 to 3 does not exist");
    assert_eq!(total(84, 292), 209 * 120);
    assert_eq!(total(293, 293), 180, "the hour from 2 to 3 is there twice");
}

#[test]
fn artists_and_titles_keep_their_distance_for_twenty_weeks() {
    let mut music = playlist("music", ItemKind::Track, "shuffle", &vec![0; 600]);
    for (index, item) in music.items.iter_mut().enumerate() {
        item.frames = Frames((150 + index as u64 * 37 % 180) * RATE);
        item.artist = Some(format!("artist {}", index % 120));
    }
    let schedule = r#"{"separation":{"artist_minutes":60,"title_minutes":180}}"#;
    let items = days(&mut timeline(schedule, &[music]), 140);
    assert!(items.len() > 40_000);
    let (mut artists, mut titles, mut counts) = (HashMap::new(), HashMap::new(), HashMap::<&str, u64>::new());
    for item in &items {
        assert_eq!(item.reason, Reason::Playlist);
        for (last, name, minutes) in
            [(&mut artists, item.item.artist.clone().unwrap(), 60), (&mut titles, item.item.title.clone(), 180)]
        {
            if let Some(end) = last.insert(name, item.end().0) {
                assert!(item.start.0 >= end + minutes * 60 * RATE);
            }
        }
        *counts.entry(&item.item.title).or_default() += 1;
    }
    // All tracks play equally often.
    let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
    assert!(counts.len() == 600 && most - least <= 2, "{least} {most}");
}

#[test]
fn rules_that_cannot_be_kept_are_relaxed_and_this_is_told() {
    let mut music = playlist("music", ItemKind::Track, "path", &[180 * RATE, 200 * RATE, 220 * RATE]);
    music.items.iter_mut().for_each(|item| item.artist = Some("one".to_owned()));
    let items = days(&mut timeline(r#"{"separation":{"artist_minutes":60,"title_minutes":5}}"#, &[music]), 1);
    assert!(items.iter().skip(1).all(|item| item.reason == Reason::Relaxed));
    // The rule of titles is kept where it can be.
    assert!(items.windows(2).all(|pair| pair[0].item.title != pair[1].item.title));
}

#[test]
fn an_item_every_so_many_minutes_counts_from_the_end_of_the_last_one() {
    let playlists = [
        playlist("music", ItemKind::Track, "path", &[120 * RATE]),
        playlist("ids", ItemKind::Jingle, "path", &[10 * RATE]),
    ];
    let items = days(&mut timeline(r#"{"every":[{"playlist":"ids","minutes":15}]}"#, &playlists), 1);
    let ids: Vec<&PlacedItem> = items.iter().filter(|item| item.reason == Reason::Every).collect();
    assert_eq!(ids[0].start.0, 16 * 60 * RATE);
    for pair in ids.windows(2) {
        let between = (pair[1].start.0 - pair[0].end().0) / (60 * RATE);
        assert!((15..17).contains(&between), "{between}");
    }
}

fn titles(timeline: &mut Timeline, first: u64, count: u64) -> Vec<String> {
    (first..first + count).map(|number| timeline.item(number).item.title.clone()).collect()
}

#[test]
fn changes_leave_what_was_decided_before_as_it_was() {
    let lengths: Vec<u64> = (0..8).map(|index| (100 + index) * RATE).collect();
    let playlists = || [playlist("music", ItemKind::Track, "path", &lengths)];
    let plan_of = |playlists: &[PreparedPlaylist]| plan("{}", playlists);
    let mut program = Program::new(WalkState::default(), plan_of(&playlists()));
    let before = titles(program.timeline(0), 0, 20);
    let known = 250 * RATE;
    let item = program.timeline(known).item_at(known + 3 * RATE);

    program.change(known, ChangeKind::Request("music07".to_owned()));
    assert_eq!(titles(program.timeline(known - 1), 0, 20), before);
    let requested = program.timeline(known).item(item.number + 1);
    assert_eq!((requested.item.title.as_str(), requested.reason), ("music07", Reason::Request));

    let later = known + 10 * RATE;
    program.change(later, ChangeKind::Skip);
    let skipped = program.timeline(later).item(item.number);
    assert_eq!(skipped.end().0, (later + 3 * RATE).next_multiple_of(AAC_FRAME));
    assert_eq!(skipped.fade_out.0, RATE);
    assert_eq!(program.timeline(later).item(item.number + 1).start, skipped.end());
    assert_eq!(program.timeline(later - 1).item(item.number), item);

    // A new track enters at its place; the playlist goes on after the item that played last.
    let mut more = playlists();
    more[0].items.insert(
        4,
        Item {
            title: "new".to_owned(),
            hash: "new".to_owned(),
            file: "music03b.flac".into(),
            ..more[0].items[3].clone()
        },
    );
    let change = later + 20 * RATE;
    program.change(change, ChangeKind::Plan(plan_of(&more)));
    assert_eq!(
        titles(program.timeline(change), 0, 10),
        ["music00", "music01", "music02", "music07", "music03", "new", "music04", "music05", "music06", "music07"]
    );
    program.forget(change);
    assert_eq!(program.timeline(0).item(5).item.title, "new", "only the newest version is left");
}

#[test]
fn ten_years_of_items_can_be_walked() {
    let playlists = [
        playlist("music", ItemKind::Track, "shuffle", &vec![190 * RATE; 1_000]),
        playlist("jingles", ItemKind::Jingle, "path", &[5 * RATE]),
    ];
    let mut timeline = timeline(r#"{"every":[{"playlist":"jingles","tracks":3}]}"#, &playlists);
    let item = timeline.item_at(at(3_650, 0, 0));
    assert!(item.number > 1_600_000 && item.span().contains(&at(3_650, 0, 0)));
}
