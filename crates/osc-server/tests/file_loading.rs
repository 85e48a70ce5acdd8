//! The loading of files: replaced requests, loads that are given up, shared files, and the limit of memory.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use audio_server::app::{DecodeFn, FileAccess, Generators, MemoryBudget, decoder};
use common::*;
use crossbeam_channel::unbounded;
use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::tempo::MovementConfig;
use crowd_engine::{Frames, SampleRate, Track};
use crowd_library::MediaRoot;
use rosc::OscType;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

/// Renders until `condition` is true. Blocks are rendered faster than real time.
fn until(rig: &mut Rig, what: &str, mut condition: impl FnMut(&mut Rig) -> bool) {
    let started = Instant::now();
    while !condition(rig) {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} does not happen");
        rig.tick();
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Writes a file of `seconds`.
fn write(folder: &Path, name: &str, seconds: usize, loudness: i16) -> PathBuf {
    let path = folder.join(name);
    write_wav(&path, &vec![loudness; seconds * RATE as usize]);
    path
}

/// Waits so long that a later change of the files gets another time stamp.
fn settle() {
    std::thread::sleep(Duration::from_millis(2_100));
}

fn rig_with_memory(memory: &MemoryBudget) -> Rig {
    let decode = decoder(SampleRate::CD, 256 * MIB, memory.clone(), Generators::default());
    let files = FileAccess { memory: memory.clone(), ..FileAccess::new(MediaRoot::unrestricted(), decode) };
    Rig::with_files(files, unbounded().0, MovementConfig::default(), |_| {})
}

fn load(rig: &mut Rig, id: i32, path: &Path) {
    let ended = |rig: &Rig| rig.replies_to("/loaded").len() + rig.replies_to("/error").len();
    let before = ended(rig);
    rig.send("/load_buffer", &[i(id), s(path.to_str().unwrap())]);
    until(rig, "a load", |rig| ended(rig) > before);
}

fn status(rig: &mut Rig) -> Vec<i32> {
    rig.send("/status", &[]);
    rig.tick();
    let status = rig.replies_to("/status").last().unwrap().args[17..21].to_vec();
    status.into_iter().map(|arg| arg.int().unwrap()).collect()
}

#[test]
fn buffers_of_one_file_share_its_memory_until_it_changes_or_nothing_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "a.wav", 60, 1_000);
    settle();
    let bytes = 60 * RATE * 4;
    let memory = MemoryBudget::new(512 * MIB);
    let mut rig = rig_with_memory(&memory);
    for id in 0..64 {
        load(&mut rig, 100 + id, &file);
    }
    assert_eq!((rig.replies_to("/loaded").len(), memory.used()), (64, (bytes, 0)));
    assert_eq!(status(&mut rig), [(bytes / MIB) as i32, 512, 0, 0]);
    // Another file with the same name and length.
    write(folder.path(), "a.wav", 60, 2_000);
    settle();
    load(&mut rig, 200, &file);
    assert_eq!(memory.used(), (2 * bytes, 0));
    rig.send("/play_stem", &[i(200), f(1.0), f(1.0), i(0)]);
    rig.run(4);
    assert!(rig.sound.iter().any(|x| *x > 0.05), "the new file plays");
    rig.send("/memory_cleanup", &[]);
    rig.run(2);
    assert_eq!(memory.used(), (bytes, 0));
    rig.send("/mixer_cleanup", &[]);
    until(&mut rig, "the end of what played", |rig| {
        rig.run(1);
        memory.used() == (0, 0)
    });
}

#[test]
fn without_memory_files_are_streamed_and_then_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let memory = MemoryBudget::new(20 * MIB);
    let mut rig = rig_with_memory(&memory);
    // Each needs 10 MiB in memory: one fits besides the quarter that is reserved for streams.
    let files: Vec<_> = (0..24).map(|n| write(folder.path(), &format!("{n}.wav"), 60, 1_000 + n)).collect();
    for (n, file) in files.iter().enumerate() {
        load(&mut rig, 100 + n as i32, file);
        let (held, _) = memory.used();
        assert!(held <= 20 * MIB, "{held} bytes after {n} files");
    }
    let (loaded, errors) = (rig.replies_to("/loaded").len(), rig.replies_to("/error"));
    assert!((8..24).contains(&loaded) && loaded + errors.len() == 24, "{loaded} loaded, {errors:?}");
    let OscType::String(text) = &errors[0].args[1] else { panic!("{errors:?}") };
    assert!(text.contains("no memory left") && text.contains("/memory_cleanup"), "{text}");
    let status_fields = status(&mut rig);
    assert_eq!((status_fields[1], status_fields[2]), (20, loaded as i32 - 1));
    rig.send("/memory_cleanup", &[]);
    load(&mut rig, 100, &files[23]);
    assert_eq!(rig.replies_to("/loaded").len(), loaded + 1);
}

/// A disk that is gone after the file was opened.
struct GoneDisk;

impl Input for GoneDisk {
    fn seek(&mut self, _frame: u64) -> Result<(), InputError> {
        Ok(())
    }

    fn read(&mut self, _frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        Err("the disk is gone".into())
    }
}

#[test]
fn a_streamed_file_whose_beginning_is_missing_is_counted() {
    let mut rig = Rig::new();
    let info = InputInfo { frames: Frames(30 * RATE), sample_rate: SampleRate::CD, channels: 2 };
    let track = Track::from_input(GoneDisk, info).unwrap();
    rig.send("/load_buffer", &[i(100), s(&any_file())]);
    rig.send("/play_stem", &[i(100)]);
    rig.finish_load(Ok(track));
    until(&mut rig, "the start", |rig| {
        rig.run(1);
        rig.status().decks[0].playing == 1
    });
    rig.run(20);
    assert_eq!(rig.first_sound(), None);
    rig.send("/status", &[]);
    rig.tick();
    assert_eq!(rig.replies_to("/status").last().unwrap().args[14], i(1));
}

#[test]
fn starts_that_wait_for_a_replaced_file_wait_for_the_new_one() {
    let mut rig = Rig::new();
    rig.send("/cue", &[s("A"), s("/one")]);
    rig.send("/start_group", &[f(0.0), s("A")]);
    rig.send("/sync", &[i(7)]);
    rig.app.handle_datagram(client(2), &packet("/cue", &[s("A"), s(&any_file())]));
    rig.run(8);
    // The sender whose request was replaced gets an error, and its /sync is answered.
    let errors = rig.replies_to("/error");
    assert_eq!(errors.len(), 1);
    assert_eq!((&errors[0].args[0], &errors[0].args[2]), (&s("/cue"), &s("state")));
    assert_eq!((rig.replies_to("/synced").len(), rig.first_sound()), (1, None));
    rig.finish_load(Ok(staircase(RATE as usize)));
    rig.run(8);
    assert!(rig.first_sound().is_some(), "the group starts with the new file");
    assert_eq!(rig.replies_to("/error").len(), 1);
}

#[test]
fn stalled_reads_delay_no_reply() {
    let (release, stalled_call) = crossbeam_channel::bounded::<()>(0);
    let decode: DecodeFn = Arc::new(move |path, monitor| {
        if path.starts_with("/share") {
            monitor.call(|| _ = stalled_call.recv());
        }
        Ok(staircase(1_000))
    });
    let resolve: audio_server::app::ResolveFn = Arc::new(|path| Ok(path.into()));
    let timeout = Duration::from_secs(1);
    let files = FileAccess { resolve, timeout, ..FileAccess::new(MediaRoot::unrestricted(), decode) };
    let mut rig = Rig::with_files(files, unbounded().0, MovementConfig::default(), |_| {});
    for n in 0..50 {
        rig.send("/load_buffer", &[i(100 + n), s(&format!("/share/{n}"))]);
    }
    // Answered in the same tick, although the reads of the share do not return.
    let stalled = status(&mut rig)[3];
    assert!(stalled <= 3, "{stalled}");
    until(&mut rig, "the end of all loads", |rig| rig.replies_to("/error").len() == 50);
    for error in rig.replies_to("/error") {
        assert_eq!(error.args[2], s("load"));
        let OscType::String(text) = &error.args[1] else { panic!("{error:?}") };
        assert!(text.starts_with("/share/") && text.contains("given up after 1 s"), "{text}");
    }
    let stalled = status(&mut rig)[3];
    assert!((1..=6).contains(&stalled), "{stalled}");
    drop(release);
}
