use super::pool::WORKERS;
use super::*;
use crossbeam_channel::{Sender, bounded};
use crowd_engine::SampleRate;
use crowd_engine::Track;
use crowd_library::MediaRoot;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn track() -> Result<Track, String> {
    Ok(Track::from_interleaved(vec![0.0; 8], SampleRate::CD, 2).unwrap())
}

fn id(n: u16) -> BufferId {
    BufferId::new(i64::from(100 + n)).unwrap()
}

fn files(decode: impl Fn(&Path, &Arc<Watch>) -> Result<Track, String> + Send + Sync + 'static) -> Files {
    let resolve: Resolve = Arc::new(|path| Ok(path.into()));
    Files { resolve, ..Files::new(MediaRoot::unrestricted(), Arc::new(decode)) }
}

fn loader(decode: impl Fn(&Path, &Arc<Watch>) -> Result<Track, String> + Send + Sync + 'static) -> Loader {
    Loader::start(files(decode)).unwrap()
}

/// Waits for a condition, and tends the loader as the app does.
fn until(loader: &mut Loader, what: &str, mut condition: impl FnMut(&Loader) -> bool) {
    let began = Instant::now();
    while !condition(loader) {
        assert!(began.elapsed() < PATIENCE, "{what} does not come to pass");
        loader.tend().unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// System calls that do not return until they are let go.
struct Hanging {
    gate: Mutex<Option<Sender<()>>>,
    closed: Receiver<()>,
}

impl Hanging {
    fn new() -> Arc<Self> {
        let (gate, closed) = bounded(0);
        Arc::new(Self { gate: Mutex::new(Some(gate)), closed })
    }

    fn hang(&self, watch: &Watch) {
        // Ends when the other end is dropped.
        watch.call(|| _ = self.closed.recv());
    }

    fn let_go(&self) {
        self.gate.lock().unwrap().take();
    }
}

#[test]
fn every_request_comes_to_an_end() {
    let mut loader = loader(|path, _| if path.ends_with("bad") { Err("bad".into()) } else { track() });
    let path = |n: u16| if n.is_multiple_of(7) { "bad".to_owned() } else { format!("file {}", n % 5) };
    let tickets: Vec<_> = (0..50).map(|n| loader.request(id(n), &path(n))).collect();
    let mut ended: Vec<_> = std::iter::from_fn(|| loader.wait()).collect();
    ended.sort_unstable_by_key(|loaded| loaded.ticket);
    assert_eq!(ended.iter().map(|loaded| loaded.ticket).collect::<Vec<_>>(), tickets);
    assert_eq!(ended.iter().filter(|loaded| loaded.result.is_err()).count(), 8);
}

#[test]
fn a_decoder_that_panics_costs_one_file() {
    let mut loader = loader(|_, _| panic!("hostile"));
    for n in 0..10 {
        loader.request(id(n), &format!("{n}"));
    }
    for _ in 0..10 {
        assert_eq!(loader.wait().unwrap().result.unwrap_err().0, Kind::Load);
    }
    assert!(loader.wait().is_none());
}

#[test]
fn a_newer_file_for_a_buffer_replaces_what_waits_and_ends_what_runs() {
    let (begun, begins) = unbounded();
    let mut loader = loader(move |path, watch| {
        begun.send(path.to_owned()).unwrap();
        while path.ends_with("first") && watch.is_wanted() {
            std::thread::sleep(Duration::from_millis(1));
        }
        track()
    });
    loader.request(id(0), "first");
    assert_eq!(begins.recv_timeout(PATIENCE).unwrap(), Path::new("first"));
    // All workers are held, so that the next ones wait.
    for n in 1..WORKERS as u16 {
        loader.request(id(n), &format!("{n}/first"));
        begins.recv_timeout(PATIENCE).unwrap();
    }
    let others: Vec<_> = (0..200).map(|n| loader.request(id(9), &format!("file {n}"))).collect();
    let latest = loader.request(id(0), "second");
    let mut ended = vec![loader.wait().unwrap().ticket, loader.wait().unwrap().ticket];
    ended.sort_unstable();
    assert_eq!(ended, [others[199], latest]);
    let begun: Vec<_> = begins.try_iter().collect();
    assert_eq!(begun.len(), 2, "199 files were replaced before they were begun: {begun:?}");
    loader.clear();
    assert!(loader.wait().is_none());
}

#[test]
fn no_call_of_the_control_thread_waits_for_a_file() {
    let hanging = Hanging::new();
    let resolves = hanging.clone();
    let resolve: Resolve = Arc::new(move |path| {
        _ = resolves.closed.recv();
        Ok(path.into())
    });
    let mut loader = Loader::start(Files { resolve, ..files(|_, _| track()) }).unwrap();
    // Each of these would never return if it looked for the file.
    for n in 0..50 {
        loader.request(id(n), &format!("{n}"));
        assert!(loader.poll().is_none());
    }
    hanging.let_go();
    assert_eq!(std::iter::from_fn(|| loader.wait()).count(), 50);
}

#[test]
fn two_dead_shares_and_a_hundred_loads_hold_no_other_file_up_and_are_given_up_by_name() {
    let hanging = Hanging::new();
    let reads = hanging.clone();
    let decode = move |path: &Path, watch: &Arc<Watch>| {
        if path.starts_with("/dead") || path.starts_with("/gone") {
            reads.hang(watch);
        }
        track()
    };
    let mounts = || Mounts::parse(b"1 0 0:1 / / rw\n2 1 0:2 / /dead rw\n3 1 0:3 / /gone rw\n");
    let timeout = Duration::from_secs(3);
    let mut loader = Loader::start_on(Files { timeout, ..files(decode) }, mounts).unwrap();
    for n in 0..50 {
        loader.request(id(2 * n), &format!("/dead/{n}"));
        loader.request(id(2 * n + 1), &format!("/gone/{n}"));
    }
    let here: Vec<_> = (100..150).map(|n| loader.request(id(n), &format!("/here/{n}"))).collect();
    let mut refused = Vec::new();
    let mut loaded = Vec::new();
    while let Some(Loaded { ticket, result }) = loader.wait() {
        match result {
            Ok(_) => loaded.push(ticket),
            Err((kind, text)) => {
                assert_eq!(kind, Kind::Load);
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
    let hang = loader.stalled();
    assert!((2..=4 * WORKERS).contains(&hang), "{hang} threads hang");
    assert!(refused.iter().any(|text| text.contains("reads of /dead give no answer")), "{refused:#?}");

    hanging.let_go();
    until(&mut loader, "the return of the threads", |loader| loader.stalled() == 0);
    let ticket = loader.request(id(0), "/dead/0");
    assert_eq!(loader.wait().map(|loaded| (loaded.ticket, loaded.result.is_ok())), Some((ticket, true)));
}

/// A named pipe that nothing writes to: opening it hangs in the system, as on a share that is gone.
#[test]
#[cfg(unix)]
fn a_real_system_call_that_hangs_is_given_up_and_everything_else_loads() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let timeout = Duration::from_secs(1);
    let decode =
        |path: &Path, watch: &Arc<Watch>| Watched::open(path, watch).map_err(|e| e.to_string()).and_then(|_| track());
    let mut loader = Loader::start(Files { timeout, ..files(decode) }).unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let hangs = loader.request(id(0), pipe.to_str().unwrap());
    until(&mut loader, "the stall", |loader| loader.stalled() == 1);
    for n in 1..20 {
        let ticket = loader.request(id(n), file.to_str().unwrap());
        let loaded = loader.wait().unwrap();
        assert!(loaded.ticket == ticket && loaded.result.is_ok() || loaded.ticket == hangs, "{loaded:?}");
        if loaded.ticket == hangs {
            assert_eq!(loader.wait().map(|loaded| loaded.ticket), Some(ticket));
        }
    }
    // The same file is not tried again while it hangs: that would take a thread each time.
    let again = loader.request(id(0), pipe.to_str().unwrap());
    let mut ended: Vec<_> = std::iter::from_fn(|| loader.wait()).collect();
    let last = ended.pop().unwrap();
    let (kind, text) = last.result.unwrap_err();
    assert_eq!((last.ticket, kind, loader.stalled()), (again, Kind::Load, 1));
    assert!(text.contains("pipe: a read of it that was begun earlier gives no answer; given up after 1 s"), "{text}");
    // Lets the thread go.
    drop(std::fs::File::options().write(true).open(&pipe).unwrap());
    until(&mut loader, "the return of the thread", |loader| loader.stalled() == 0);
}

/// Of the files that the command line names: a share that is gone holds back neither the others nor the start.
#[test]
fn files_are_found_once_and_a_share_that_is_gone_holds_back_no_other() {
    let hanging = Hanging::new();
    let (gate, found) = (hanging.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = found.clone();
    let resolve: Resolve = Arc::new(move |path| {
        seen.lock().unwrap().push(path.to_owned());
        match path {
            "missing" => return Err("missing: No such file".into()),
            // The pool watches this call.
            "dead" => _ = gate.closed.recv(),
            _ => {}
        }
        Ok(path.into())
    });
    let mut loader = Loader::start(Files { resolve, ..Files::to_be_found(MediaRoot::unrestricted()) }).unwrap();
    let names = ["one", "dead", "missing", "two"];
    let tickets: Vec<_> = (0..).zip(names).map(|(n, name)| loader.request(id(n), name)).collect();
    let refused = loader.find(Duration::from_secs(2));
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), [(tickets[2], (Kind::Path, "missing: No such file".into()))]);
    let is_found = |loader: &Loader| tickets.iter().map(|ticket| loader.is_found(*ticket)).collect::<Vec<_>>();
    assert_eq!(is_found(&loader), [true, false, false, true]);
    assert!(loader.poll().is_none(), "nothing is read yet");

    loader.read_with(Arc::new(|_, _| track()));
    // Two threads read side by side.
    let mut read: Vec<_> = (0..2).filter_map(|_| loader.wait()).map(|loaded| loaded.ticket).collect();
    read.sort_unstable();
    assert_eq!(read, [tickets[0], tickets[3]]);
    hanging.let_go();
    assert_eq!(loader.wait().map(|loaded| (loaded.ticket, loaded.result.is_ok())), Some((tickets[1], true)));
    let mut found = found.lock().unwrap().clone();
    found.sort_unstable();
    assert_eq!(found, ["dead", "missing", "one", "two"]);
}
