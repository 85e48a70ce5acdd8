use std::fs;
use std::path::Path;
use std::sync::Arc;

use crowd_library::Track;
use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};

use super::*;

/// The bytes of a short WAV file.
fn wav(folder: &Path) -> Vec<u8> {
    let audio = Audio::new(Samples::F32(vec![0.1; 2_000]), 44_100, 2).unwrap();
    let path = folder.join("made.wav");
    let format = AudioFormat::new(Container::Wav, SampleFormat::I16).unwrap();
    crowd_media::write(&path, &audio, format, &Tags::default()).unwrap();
    fs::read(path).unwrap()
}

fn send(uploads: &Arc<Uploads>, name: &str, bytes: &[u8]) -> Result<Arc<Track>, UploadError> {
    let mut incoming = IncomingFile::begin(uploads, name, bytes.len() as u64)?;
    bytes.chunks(1_000).try_for_each(|bytes| incoming.write(bytes))?;
    incoming.finish()
}

/// Files below a folder, however deep.
fn files(folder: &Path) -> usize {
    crowd_library::walk(folder, 8).count()
}

#[test]
fn an_upload_becomes_a_track_whatever_its_name_and_all_uploads_are_removed_with_the_server() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = wav(cache.path());
    let uploads = Arc::new(Uploads::open(cache.path()).unwrap());
    let [first, second] = ["../a.wav", "a.wav"].map(|name| send(&uploads, name, &bytes).unwrap());
    assert_ne!(first.id, second.id);
    assert_eq!((first.title.as_str(), uploads.size()), ("a", (2, 2 * bytes.len() as u64)));
    assert_eq!(uploads.tracks().iter().map(|track| track.id).collect::<Vec<_>>(), [first.id, second.id]);
    uploads.remove(&first.id.to_string()).unwrap();
    assert_eq!((uploads.size().0, uploads.tracks()[0].id), (1, second.id));
    assert!(uploads.remove(&first.id.to_string()).is_err());
    drop(uploads);
    assert_eq!(files(&cache.path().join("uploads")), 0);
}

#[test]
fn a_file_that_is_no_music_or_incomplete_is_refused_and_removed() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = wav(cache.path());
    let uploads = Arc::new(Uploads::open(cache.path()).unwrap());
    let error = send(&uploads, "notes.wav", b"no music at all").unwrap_err();
    assert!(
        matches!(error, UploadError::NotMusic { .. }) && error.to_string().starts_with("notes.wav: it is not "),
        "{error}"
    );
    let mut half = IncomingFile::begin(&uploads, "half.wav", bytes.len() as u64).unwrap();
    half.write(&bytes[..1_000]).unwrap();
    assert!(matches!(half.finish(), Err(UploadError::Incomplete { received: 1_000, .. })));
    let mut more = IncomingFile::begin(&uploads, "more.wav", 10).unwrap();
    assert!(matches!(more.write(&bytes), Err(UploadError::TooLarge { .. })));
    drop(more);
    assert_eq!((files(uploads.library().root()), uploads.size()), (0, (0, 0)));
    assert!(uploads.library().unreadable().is_empty());
    assert!(IncomingFile::begin(&uploads, "all.wav", MOST_BYTES).is_ok(), "nothing is reserved any more");
}

#[test]
fn the_oldest_uploads_make_room_and_files_being_received_do_not() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = wav(cache.path());
    let uploads = Arc::new(Uploads::open(cache.path()).unwrap());
    let ids: Vec<_> = (0..3).map(|n| send(&uploads, &format!("{n}.wav"), &bytes).unwrap().id).collect();
    let room = MOST_BYTES - bytes.len() as u64;
    let large = IncomingFile::begin(&uploads, "large.wav", room).unwrap();
    assert_eq!(uploads.tracks().iter().map(|track| track.id).collect::<Vec<_>>(), ids[2..]);
    assert!(matches!(IncomingFile::begin(&uploads, "b.wav", bytes.len() as u64 + 1), Err(UploadError::NoRoom { .. })));
    assert!(matches!(IncomingFile::begin(&uploads, "b.wav", MOST_BYTES + 1), Err(UploadError::TooLarge { .. })));
    let others: Vec<_> = (1..MOST_AT_ONCE).map(|_| IncomingFile::begin(&uploads, "c.wav", 0).unwrap()).collect();
    assert!(matches!(IncomingFile::begin(&uploads, "d.wav", 0), Err(UploadError::Busy(_))));
    drop((large, others));
    for n in 0..MOST_FILES {
        send(&uploads, &format!("{n}.wav"), &bytes).unwrap();
    }
    assert_eq!((uploads.size().0, uploads.tracks().len()), (MOST_FILES, MOST_FILES));
}

#[test]
fn a_server_removes_the_folders_of_killed_servers_and_not_those_of_running_ones() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = wav(cache.path());
    let leftover = cache.path().join("uploads").join("1-0");
    fs::create_dir_all(&leftover).unwrap();
    fs::write(leftover.join("a.wav"), &bytes).unwrap();
    let running = Arc::new(Uploads::open(cache.path()).unwrap());
    assert!(!leftover.exists());
    send(&running, "a.wav", &bytes).unwrap();
    let other = Uploads::open(cache.path()).unwrap();
    assert!(other.tracks().is_empty());
    assert_eq!(running.tracks().len(), 1);
    assert!(running.library().open_file(&running.tracks()[0]).is_ok());
}
