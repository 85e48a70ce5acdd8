use super::*;
use std::fs;

fn library(jsons: &[&str], audio: &[&str], xml: &[&str]) -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    for file in audio {
        let file = dir.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, b"").unwrap();
    }
    let here = dir.path().to_string_lossy().into_owned();
    let structure = |path: &&str| Structure { path: path.replace("HERE", &here), ..Structure::default() };
    let reads = jsons.iter().map(|path| StructureFile { file: "a.json".into(), structure: structure(path) }).collect();
    let tracks: String =
        xml.iter().map(|raw| format!("<TRACK Location=\"{}\"/>", raw.replace("HERE", &here))).collect();
    let rekordbox = Collection::parse(format!("<DJ_PLAYLISTS>{tracks}</DJ_PLAYLISTS>").into_bytes()).unwrap();
    let library = Library::new(reads, dir.path(), Some(&rekordbox)).unwrap();
    (dir, library)
}

/// For each structure file, its audio relative to the folder, or the kind of skip reason.
fn audio(jsons: &[&str], files: &[&str]) -> Vec<String> {
    let (dir, library) = library(jsons, files, &[]);
    let shown = |entry: &LibraryEntry| match &entry.audio {
        Ok((file, rule)) => format!("{} by {}", file.strip_prefix(dir.path()).unwrap().display(), rule.name()),
        Err(SkipReason::NoAudio { name, .. }) => format!("none: {name}"),
        Err(SkipReason::AmbiguousAudio { found, .. }) => format!("ambiguous: {}", found.len()),
        Err(SkipReason::AudioOfAnotherTrack { owner, .. }) => format!("of {owner}"),
        Err(SkipReason::ContestedAudio { paths, .. }) => format!("contested by {}", paths.len()),
        Err(SkipReason::DuplicateAnalysis { advantage, .. }) => format!("the other {advantage}"),
        Err(other) => panic!("{other}"),
    };
    library.entries.iter().map(shown).collect()
}

fn matches(jsons: &[&str], xml: &[&str]) -> Vec<CollectionMatch> {
    library(jsons, &[], xml).1.entries.into_iter().map(|entry| entry.collection_match).collect()
}

fn found(track: usize, rule: MatchRule) -> CollectionMatch {
    CollectionMatch::Found { track, rule }
}

#[test]
fn audio_is_found_by_its_name_wherever_it_was_analysed() {
    assert_eq!(
        audio(
            &[
                "/Users/dj/Music/a.wav",
                "C:\\Music\\E\u{301}lan.WAV",
                "b.wav",
                "HERE/c.wav",
                "/x/back\\slash.wav",
                "/x/gone.wav"
            ],
            &["a.wav", "deep/\u{c9}LAN.wav", "deep/b.wav", "c.wav", "back\\slash.wav", "._a.wav"],
        ),
        [
            "a.wav by file name",
            "deep/\u{c9}LAN.wav by file name",
            "deep/b.wav by file name",
            "c.wav by full path",
            "back\\slash.wav by file name",
            "none: gone.wav",
        ],
    );
}

#[test]
fn of_files_of_one_name_the_one_whose_folders_agree_is_taken() {
    assert_eq!(
        audio(&["/dj/one/a.wav", "/dj/two/a.wav"], &["one/a.wav", "two/a.wav"]),
        ["one/a.wav by file name and folders", "two/a.wav by file name and folders"],
    );
    assert_eq!(
        audio(&["HERE/a.wav", "HERE/other/a.wav"], &["a.wav", "other/a.wav"]),
        ["a.wav by full path", "other/a.wav by full path"],
    );
    assert_eq!(
        audio(&["/dj/a.wav", "/dj/A.wav"], &["A.wav", "a.wav"]),
        ["a.wav by file name and folders", "A.wav by file name and folders"],
    );
}

#[test]
fn where_folders_agree_equally_the_moves_of_other_tracks_decide() {
    assert_eq!(
        audio(
            &["/Users/dj/Music/a.wav", "/Users/dj/Music/other/a.wav", "/Users/dj/Music/b.wav"],
            &["a.wav", "b.wav", "other/a.wav"]
        ),
        ["a.wav by file name, moved as the others", "other/a.wav by file name and folders", "b.wav by file name"],
    );
}

#[test]
fn uncertain_audio_is_a_skip_reason_and_never_the_wrong_file() {
    assert_eq!(audio(&["/dj/a.wav"], &["one/a.wav", "two/a.wav"]), ["ambiguous: 2"]);
    assert_eq!(
        audio(&["/dj/one/a.wav", "/dj/two/a.wav"], &["one/a.wav"]),
        ["one/a.wav by file name", "of /dj/one/a.wav"]
    );
    assert_eq!(audio(&["/dj/one/a.wav", "/dj/two/a.wav"], &["a.wav"]), ["contested by 2", "contested by 2"]);
    // One track that was analysed twice.
    let twice = audio(&["/dj/a.wav", "/dj/a.wav"], &["a.wav"]);
    assert_eq!(twice, ["a.wav by file name", "the other comes first by name"]);
}

#[test]
fn audio_outside_the_folder_is_taken_from_where_it_was_analysed() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    let (_dir, library) = library(&[elsewhere.path().to_str().unwrap()], &["x.wav"], &[]);
    assert_eq!(library.entries[0].audio, Ok((elsewhere.path().to_owned(), MatchRule::FullPath)));
    let none = Library::new(vec![], Path::new("/nonexistent"), None);
    assert!(none.is_err());
}

#[test]
fn the_collections_track_is_found_by_path_then_by_name() {
    let cases: [(&[&str], &[&str], &[CollectionMatch]); 7] = [
        (&["/m/a.wav"], &["file://localhost/x/a.wav", "file://localhost/m/a.wav"], &[found(1, MatchRule::FullPath)]),
        (&["/m/A b.wav"], &["file://localhost/C:/x/a%20B.wav"], &[found(0, MatchRule::FileName)]),
        (&["/m/E\u{301}.wav"], &["file://localhost/m/%c3%89.wav"], &[found(0, MatchRule::FullPath)]),
        (
            &["/m/set/a.wav"],
            &["file://localhost/x/set/a.wav", "file://localhost/x/a.wav"],
            &[found(0, MatchRule::Folders)],
        ),
        (
            &["/m/a.wav"],
            &["file://localhost/x/a.wav", "file://localhost/y/a.wav"],
            &[CollectionMatch::Ambiguous { tracks: vec![0, 1] }],
        ),
        (&["/m/AT&T.wav"], &["file://localhost/m/AT%26amp;T.wav"], &[found(0, MatchRule::FullPath)]),
        (&["/m/a.wav"], &["tidal:tracks:1", "file://localhost/m/b.wav"], &[CollectionMatch::None]),
    ];
    for (jsons, xml, expected) in cases {
        assert_eq!(matches(jsons, xml), expected, "{jsons:?} {xml:?}");
    }
}

#[test]
fn a_track_listed_twice_is_its_first_entry() {
    let twice = ["file://localhost/m/a.wav", "file://localhost/m/a.wav"];
    assert_eq!(matches(&["/m/a.wav"], &twice), [found(0, MatchRule::FullPath)]);
}

#[test]
fn a_collection_of_this_machine_is_matched_by_the_current_path_of_the_audio() {
    let xml = ["file://localhost/other/a.wav", "file://localhostHERE/a.wav"];
    let (_dir, library) = library(&["/Users/dj/a.wav"], &["a.wav"], &xml);
    assert_eq!(library.entries[0].collection_match, found(1, MatchRule::FullPath));
    assert_eq!(library.unused, [0]);
}

#[test]
fn the_collection_track_of_another_track_is_not_used_and_unused_ones_are_listed() {
    let (_dir, library) =
        library(&["/m/a.wav", "/m/other/a.wav"], &[], &["file://localhost/m/a.wav", "file://localhost/b.wav"]);
    assert_eq!(library.entries[0].collection_match, found(0, MatchRule::FullPath));
    assert_eq!(library.entries[1].collection_match, CollectionMatch::OfAnotherTrack { track: 0, owner: 0 });
    assert_eq!(library.unused, [1]);
}

#[cfg(unix)]
#[test]
fn of_names_that_read_the_same_the_right_one_is_taken_or_none() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &[u8]| dir.path().join(OsStr::from_bytes(name));
    for name in [&b"a\xe9.wav"[..], b"a\xe8.wav", b"b\xe9.wav", "e\u{301}.wav".as_bytes(), "\u{e9}.wav".as_bytes()] {
        fs::write(file(name), b"").unwrap();
    }
    let paths = ["/dj/a\u{fffd}.wav", "/dj/b\u{fffd}.wav", "/dj/\u{e9}.wav", "/dj/e\u{301}.wav"];
    let structure = |path: &&str| Structure { path: (*path).to_owned(), ..Structure::default() };
    let reads = paths.iter().map(|path| StructureFile { file: "a.json".into(), structure: structure(path) }).collect();
    let xml = br#"<DJ_PLAYLISTS><TRACK Location="file://localhost/x/b%e8.wav"/>
        <TRACK Location="file://localhost/x/b%e9.wav"/></DJ_PLAYLISTS>"#;
    let xml = String::from_utf8_lossy(xml).replace("/x/", &format!("{}/", dir.path().display()));
    let rekordbox = Collection::parse(xml.into_bytes()).unwrap();
    let library = Library::new(reads, dir.path(), Some(&rekordbox)).unwrap();
    let [a, b, nfc, nfd] = library.entries.as_slice() else { panic!("four entries") };
    assert!(matches!(&a.audio, Err(SkipReason::AmbiguousAudio { found, .. }) if found.len() == 2), "{:?}", a.audio);
    assert_eq!(b.audio, Ok((file(b"b\xe9.wav"), MatchRule::FileName)));
    assert_eq!(nfc.audio, Ok((file("\u{e9}.wav".as_bytes()), MatchRule::Folders)));
    assert_eq!(nfd.audio, Ok((file("e\u{301}.wav".as_bytes()), MatchRule::Folders)));
    assert_eq!(b.collection_match, found(1, MatchRule::FullPath));
}
