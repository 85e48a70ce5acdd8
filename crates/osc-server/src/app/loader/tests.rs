use super::worker_pool::WORKERS;
use super::*;
use crossbeam_channel::{Sender, bounded};
use crowd_engine::SampleRate;
use crowd_engine::Track;
use crowd_library::MediaRoot;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

/// The time after which a test gives up waiting.
const TIMEOUT: Duration = Duration::from_secs(60);

fn track() -> Result<Track, String> {
    Ok(Track::from_interleaved(vec![0.0; 8], SampleRate::CD, 2).unwrap())
}

fn id(n: u16) -> BufferId {
    BufferId::new(i64::from(100 + n)).unwrap()
}

fn files(decode: impl Fn(&Path, &Arc<LoadMonitor>) -> Result<Track, String> + Send + Sync + 'static) -> FileAccess {
    let resolve: ResolveFn = Arc::new(|path| Ok(path.into()));
    FileAccess { resolve, ..FileAccess::new(MediaRoot::unrestricted(), Arc::new(decode)) }
}

fn loader(decode: impl Fn(&Path, &Arc<LoadMonitor>) -> Result<Track, String> + Send + Sync + 'static) -> Loader {
    Loader::start(files(decode)).unwrap()
}

/// Waits for a condition, and maintains the loader as the app does.
fn until(loader: &mut Loader, what: &str, mut condition: impl FnMut(&Loader) -> bool) {
    let started = Instant::now();
    while !condition(loader) {
        assert!(started.elapsed() < TIMEOUT, "{what} does not happen");
        loader.maintain().unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// System calls that do not return until they are released.
struct StalledCalls {
    release_sender: Mutex<Option<Sender<()>>>,
    released: Receiver<()>,
}

impl StalledCalls {
    fn new() -> Arc<Self> {
        let (release_sender, released) = bounded(0);
        Arc::new(Self { release_sender: Mutex::new(Some(release_sender)), released })
    }

    fn stall(&self, monitor: &LoadMonitor) {
        // Returns when the other end is dropped.
        monitor.call(|| _ = self.released.recv());
    }

    fn release(&self) {
        self.release_sender.lock().unwrap().take();
    }
}

#[test]
fn every_request_ends() {
    let mut loader = loader(|path, _| if path.ends_with("bad") { Err("bad".into()) } else { track() });
    let path = |n: u16| if n.is_multiple_of(7) { "bad".to_owned() } else { format!("file {}", n % 5) };
    let loads: Vec<_> = (0..50).map(|n| loader.request(id(n), &path(n))).collect();
    let mut ended: Vec<_> = std::iter::from_fn(|| loader.wait()).collect();
    ended.sort_unstable_by_key(|loaded| loaded.load);
    assert_eq!(ended.iter().map(|loaded| loaded.load).collect::<Vec<_>>(), loads);
    assert_eq!(ended.iter().filter(|loaded| loaded.result.is_err()).count(), 8);
}

#[test]
fn a_decoder_that_panics_fails_one_file_only() {
    let mut loader = loader(|_, _| panic!("hostile"));
    for n in 0..10 {
        loader.request(id(n), &format!("{n}"));
    }
    for _ in 0..10 {
        assert_eq!(loader.wait().unwrap().result.unwrap_err().0, RefusalKind::Load);
    }
    assert!(loader.wait().is_none());
}

#[test]
fn a_newer_request_for_a_buffer_replaces_one_that_waits_and_cancels_one_that_runs() {
    let (started_paths, starts) = unbounded();
    let mut loader = loader(move |path, monitor| {
        started_paths.send(path.to_owned()).unwrap();
        while path.ends_with("first") && !monitor.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        track()
    });
    loader.request(id(0), "first");
    assert_eq!(starts.recv_timeout(TIMEOUT).unwrap(), Path::new("first"));
    // All workers are busy, so the next loads wait.
    for n in 1..WORKERS as u16 {
        loader.request(id(n), &format!("{n}/first"));
        starts.recv_timeout(TIMEOUT).unwrap();
    }
    let others: Vec<_> = (0..200).map(|n| loader.request(id(9), &format!("file {n}"))).collect();
    let latest = loader.request(id(0), "second");
    let mut ended = vec![loader.wait().unwrap().load, loader.wait().unwrap().load];
    ended.sort_unstable();
    assert_eq!(ended, [others[199], latest]);
    let started_paths: Vec<_> = starts.try_iter().collect();
    assert_eq!(started_paths.len(), 2, "199 files were replaced before they were started: {started_paths:?}");
    loader.cancel_all();
    assert!(loader.wait().is_none());
}

#[test]
fn no_call_of_the_control_thread_waits_for_a_file() {
    let stalled_calls = StalledCalls::new();
    let stalled_calls_of_resolve = stalled_calls.clone();
    let resolve: ResolveFn = Arc::new(move |path| {
        _ = stalled_calls_of_resolve.released.recv();
        Ok(path.into())
    });
    let mut loader = Loader::start(FileAccess { resolve, ..files(|_, _| track()) }).unwrap();
    // Each of these would not return if it resolved the file.
    for n in 0..50 {
        loader.request(id(n), &format!("{n}"));
        assert!(loader.poll().is_none());
    }
    stalled_calls.release();
    assert_eq!(std::iter::from_fn(|| loader.wait()).count(), 50);
}

#[test]
fn a_hundred_loads_from_two_dead_shares_delay_no_other_file_and_are_given_up_by_name() {
    let stalled_calls = StalledCalls::new();
    let stalled_calls_of_decode = stalled_calls.clone();
    let decode = move |path: &Path, monitor: &Arc<LoadMonitor>| {
        if path.starts_with("/dead") || path.starts_with("/gone") {
            stalled_calls_of_decode.stall(monitor);
        }
        track()
    };
    let mounts = || MountPoints::parse(b"1 0 0:1 / / rw\n2 1 0:2 / /dead rw\n3 1 0:3 / /gone rw\n");
    let timeout = Duration::from_secs(3);
    let mut loader = Loader::start_on(FileAccess { timeout, ..files(decode) }, mounts).unwrap();
    for n in 0..50 {
        loader.request(id(2 * n), &format!("/dead/{n}"));
        loader.request(id(2 * n + 1), &format!("/gone/{n}"));
    }
    let here: Vec<_> = (100..150).map(|n| loader.request(id(n), &format!("/here/{n}"))).collect();
    let mut refused = Vec::new();
    let mut loaded = Vec::new();
    while let Some(FinishedLoad { load, result }) = loader.wait() {
        match result {
            Ok(_) => loaded.push(load),
            Err((kind, text)) => {
                assert_eq!(kind, RefusalKind::Load);
                assert!(text.contains("given up after 3 s"), "{text}");
                refused.push(text);
            }
        }
    }
    loaded.sort_unstable();
    assert_eq!(loaded, here);
    for n in 0..50 {
        assert!(refused.iter().any(|text| text.starts_with(&format!("/dead/{n}: "))), "{n}: {refused:#?}");
        assert!(refused.iter().any(|text| text.starts_with(&format!("/gone/{n}: "))), "{n}: {refused:#?}");
    }
    assert_eq!(refused.len(), 100);
    let stall = loader.stalled();
    assert!((2..=4 * WORKERS).contains(&stall), "{stall} threads stall");
    assert!(refused.iter().any(|text| text.contains("reads of /dead do not return")), "{refused:#?}");

    stalled_calls.release();
    until(&mut loader, "the return of the threads", |loader| loader.stalled() == 0);
    let load = loader.request(id(0), "/dead/0");
    assert_eq!(loader.wait().map(|loaded| (loaded.load, loaded.result.is_ok())), Some((load, true)));
}

/// A named pipe without a writer: opening it stalls, as on a share that is gone.
#[test]
#[cfg(unix)]
fn a_system_call_that_stalls_is_given_up_and_all_other_files_load() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let timeout = Duration::from_secs(1);
    let decode = |path: &Path, monitor: &Arc<LoadMonitor>| {
        MonitoredFile::open(path, monitor).map_err(|e| e.to_string()).and_then(|_| track())
    };
    let mut loader = Loader::start(FileAccess { timeout, ..files(decode) }).unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let stalled = loader.request(id(0), pipe.to_str().unwrap());
    until(&mut loader, "the stall", |loader| loader.stalled() == 1);
    for n in 1..20 {
        let load = loader.request(id(n), file.to_str().unwrap());
        let loaded = loader.wait().unwrap();
        assert!(loaded.load == load && loaded.result.is_ok() || loaded.load == stalled, "{loaded:?}");
        if loaded.load == stalled {
            assert_eq!(loader.wait().map(|loaded| loaded.load), Some(load));
        }
    }
    // The same file is not tried again while a read of it stalls: each try would use up a thread.
    let again = loader.request(id(0), pipe.to_str().unwrap());
    let mut ended: Vec<_> = std::iter::from_fn(|| loader.wait()).collect();
    let last = ended.pop().unwrap();
    let (kind, text) = last.result.unwrap_err();
    assert_eq!((last.load, kind, loader.stalled()), (again, RefusalKind::Load, 1));
    assert!(text.contains("pipe: an earlier read of it does not return; given up after 1 s"), "{text}");
    // Ends the stalled call.
    drop(std::fs::File::options().write(true).open(&pipe).unwrap());
    until(&mut loader, "the return of the thread", |loader| loader.stalled() == 0);
}

/// For the files that the command line names: a share that is gone delays neither the others nor the start.
#[test]
fn files_are_resolved_once_and_a_share_that_is_gone_delays_no_other() {
    let stalled_calls = StalledCalls::new();
    let (release_sender, resolved_paths) = (stalled_calls.clone(), Arc::new(Mutex::new(Vec::new())));
    let resolved_by_loader = resolved_paths.clone();
    let resolve: ResolveFn = Arc::new(move |path| {
        resolved_by_loader.lock().unwrap().push(path.to_owned());
        match path {
            "missing" => return Err("missing: No such file".into()),
            // The pool monitors this call.
            "dead" => _ = release_sender.released.recv(),
            _ => {}
        }
        Ok(path.into())
    });
    let mut loader =
        Loader::start(FileAccess { resolve, ..FileAccess::without_decoder(MediaRoot::unrestricted()) }).unwrap();
    let names = ["one", "dead", "missing", "two"];
    let loads: Vec<_> = (0..).zip(names).map(|(n, name)| loader.request(id(n), name)).collect();
    let refused = loader.resolve_all(Duration::from_secs(2));
    assert_eq!(
        refused.into_iter().collect::<Vec<_>>(),
        [(loads[2], (RefusalKind::Path, "missing: No such file".into()))]
    );
    let is_resolved = |loader: &Loader| loads.iter().map(|load| loader.is_resolved(*load)).collect::<Vec<_>>();
    assert_eq!(is_resolved(&loader), [true, false, false, true]);
    assert!(loader.poll().is_none(), "nothing is read yet");

    loader.set_decoder(Arc::new(|_, _| track()));
    // Two threads load at the same time.
    let mut read: Vec<_> = (0..2).filter_map(|_| loader.wait()).map(|loaded| loaded.load).collect();
    read.sort_unstable();
    assert_eq!(read, [loads[0], loads[3]]);
    stalled_calls.release();
    assert_eq!(loader.wait().map(|loaded| (loaded.load, loaded.result.is_ok())), Some((loads[1], true)));
    let mut resolved_paths = resolved_paths.lock().unwrap().clone();
    resolved_paths.sort_unstable();
    assert_eq!(resolved_paths, ["dead", "missing", "one", "two"]);
}
