//! The lists of the page: the library, the queue, uploaded files, and files that cannot be read.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::common::{Folders, Server};
use crate::{PLAYER, RATE};

/// Records the handlers that the page registers with the system, so that a test can press the keys of a headset.
const HEADSET: &str = "window.headset = {}; \
    navigator.mediaSession.setActionHandler = (name, handler) => { window.headset[name] = handler };";

/// The smallest possible PNG.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xfc\xcf\xc0\
\xf0\x1f\0\x05\x05\x02\0_\xc8\xf1\xd2\0\0\0\0IEND\xaeB`\x82";

fn open(server: &Server, script: &str) -> Chromium {
    let mut page = Chromium::start();
    page.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    page.open(&server.url);
    page.until("document.querySelector('#tracks li') && document.querySelectorAll('#presets label').length === 6");
    page
}

fn titles(page: &mut Chromium, list: &str) -> String {
    let found =
        page.run(&format!("return [...document.querySelectorAll('{list} .title')].map((e) => e.innerText).join(' ')"));
    found.as_str().unwrap().to_owned()
}

fn press_with(page: &mut Chromium, key: &str, modifiers: u8) {
    let text = if key.len() == 1 && modifiers != 1 { key } else { "" };
    page.call("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": key, "text": text, "modifiers": modifiers }));
    page.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "modifiers": modifiers }));
}

const ALT: u8 = 1;
const SHIFT: u8 = 8;

fn until_plays(page: &mut Chromium, title: &str) {
    page.until(&format!(
        "document.querySelector('#title').innerText === '{title}' && \
         (await (async () => {{ {PLAYER} return player.playing && player.base !== null }})())"
    ));
}

#[test]
fn the_queue_follows_the_list_is_changed_by_keys_continues_by_itself_and_follows_a_headset() {
    let folders = Folders::new();
    ["a.wav", "b.wav", "c.wav", "d.wav"].iter().for_each(|name| folders.add(name, 12.0));
    fs::write(folders.music.path().join("Front.PNG"), PNG).unwrap();
    let server = folders.serve(&[]);
    let mut page = open(&server, HEADSET);
    page.click("#tracks li:nth-child(1) .track", 0.3, 0.5);
    until_plays(&mut page, "a");
    let queue = |page: &mut Chromium| titles(page, "#queue");
    page.run("document.querySelector('#tracks li:nth-child(4) .track').focus()");
    press_with(&mut page, "A", SHIFT);
    page.run("document.querySelector('#tracks li:nth-child(3) .track').focus()");
    page.press("a");
    page.press("q");
    page.until("document.querySelectorAll('#queue li').length === 5");
    assert_eq!(queue(&mut page), "d c b c d", "the added tracks, then the tracks that follow in the list");
    page.run("document.querySelector('#queue li:nth-child(2) .track').focus()");
    press_with(&mut page, "ArrowUp", ALT);
    assert_eq!(queue(&mut page), "c d b c d");
    assert_eq!(
        page.run("return document.activeElement.querySelector('.title').innerText"),
        "c",
        "the focus moves with the row"
    );
    page.press("Delete");
    page.press("End");
    page.press("Delete");
    assert_eq!(queue(&mut page), "d b c");
    let tells = "return [navigator.mediaSession.metadata.title, navigator.mediaSession.playbackState]";
    assert_eq!(page.run(tells), json!(["a", "playing"]));
    let artwork = "const { src } = navigator.mediaSession.metadata.artwork[0]; const answer = await fetch(src); \
                   return [answer.status, answer.headers.get('content-type')]";
    assert_eq!(page.run(artwork), json!([200, "image/png"]), "the picture of its folder");

    // The track is played to its end, and then the next one.
    page.run(&format!("{PLAYER} player.seek(player.track.frames - {RATE})"));
    until_plays(&mut page, "d");
    assert_eq!(page.run(tells), json!(["d", "playing"]));
    let key = |page: &mut Chromium, name: &str, what: Value| page.run(&format!("window.headset.{name}({what})"));
    key(&mut page, "nexttrack", json!({}));
    until_plays(&mut page, "b");
    key(&mut page, "seekto", json!({ "seekTime": 2 }));
    key(&mut page, "previoustrack", json!({}));
    until_plays(&mut page, "d");
    assert_eq!(queue(&mut page), "b c");
    key(&mut page, "seekto", json!({ "seekTime": 6 }));
    page.until(&format!("(await (async () => {{ {PLAYER} return player.position >= {} }})())", 6 * RATE));
    key(&mut page, "previoustrack", json!({}));
    page.until(&format!("(await (async () => {{ {PLAYER} return player.position < {} }})())", 3 * RATE));
    assert_eq!(page.text("#title"), "d", "after three seconds the key goes to the beginning of the track");
    key(&mut page, "pause", json!({}));
    page.until(
        "navigator.mediaSession.playbackState === 'paused' && document.querySelector('#play').ariaLabel === 'Play'",
    );
    assert_eq!(page.page_errors, Vec::<String>::new());
}

fn drop_files(page: &mut Chromium, files: &[&Path]) {
    let data = json!({ "items": [], "files": files, "dragOperationsMask": 1 });
    for kind in ["dragEnter", "dragOver", "drop"] {
        page.call("Input.dispatchDragEvent", json!({ "type": kind, "x": 300, "y": 300, "data": data }));
        if kind == "dragOver" {
            page.until("!document.querySelector('#drop').hidden");
        }
    }
}

#[test]
fn a_dropped_file_plays_mastered_and_a_file_that_is_no_music_is_refused_with_the_reason() {
    let folders = Folders::with_music(5.0);
    let elsewhere = Folders::with_music(5.0);
    let sent = elsewhere.music.path().join("Dropped \u{e9}.wav");
    fs::rename(elsewhere.music.path().join("music.wav"), &sent).unwrap();
    let [text, notes] = ["notes.txt", "notes.mp3"].map(|name| elsewhere.music.path().join(name));
    fs::write(&text, "no music").unwrap();
    fs::write(&notes, "no music").unwrap();
    let server = folders.serve(&["--token", "correct horse"]);
    let mut page = Chromium::start();
    page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": "sessionStorage['enhance-server token'] = 'correct horse'" }),
    );
    page.open(&server.url);
    page.until("document.querySelectorAll('#tracks li').length === 1");
    drop_files(&mut page, &[&sent, &text, &notes]);
    until_plays(&mut page, "Dropped \u{e9}");
    page.until("document.querySelector('#progress').innerText.startsWith('Mastered as a whole')");
    page.until("document.querySelectorAll('#sending .failed').length === 2");
    let sending = page.text("#sending");
    assert!(sending.contains("notes.txt") && sending.contains("files of this kind cannot be read"), "{sending}");
    assert!(sending.contains("notes.mp3") && sending.contains("is not an audio file"), "{sending}");
    assert_eq!(titles(&mut page, "#tracks"), "Dropped \u{e9} music");
    assert_eq!(crowd_library::walk(folders.music.path(), 8).count(), 1, "the library is never written to");

    let bearer = [("authorization", "Bearer correct horse")];
    let uploads = || server.ask("GET", "/api/uploads", &bearer).unwrap().json();
    let id = uploads()["tracks"][0]["id"].as_str().unwrap().to_owned();
    let saved =
        server.ask("HEAD", &format!("/stream/{id}?preset=warm&intensity=0.5&format=flac&download"), &bearer).unwrap();
    assert_eq!(
        saved.header("content-disposition"),
        "attachment; filename*=UTF-8''Dropped%20%C3%A9%20%28warm%2C%2050%20%25%29.flac"
    );
    for (method, path) in [("POST", "/api/uploads?name=a.wav".to_owned()), ("DELETE", format!("/api/uploads/{id}"))] {
        assert_eq!(server.ask(method, &path, &[]).unwrap().status, 401, "{method}");
    }
    page.run("document.querySelector('#tracks .acts button:nth-child(3)').click()");
    page.until("document.querySelectorAll('#tracks li').length === 1");
    assert_eq!(uploads()["tracks"], json!([]));

    drop_files(&mut page, &[&sent]);
    page.until("document.querySelectorAll('#tracks li').length === 2");
    let kept = folders.cache.path().join("uploads");
    assert_eq!(crowd_library::walk(&kept, 8).count(), 1);
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    server.wait_for("the removal of the uploads", |_| crowd_library::walk(&kept, 8).count() == 0);
}

/// A library of ten thousand tracks, without the files.
const MANY: &str = "const asked = window.fetch; window.fetch = (path, how) => path !== 'api/tracks' ? asked(path, how) : \
    Promise.resolve(new Response(JSON.stringify([...Array(10000).keys()].map((n) => ({ id: String(n).padStart(16, '0'), \
    path: `${n}.flac`, title: `Ninth No. ${n}`, artist: `Ensembl\u{e9} ${n % 311}`, album: 'All', seconds: n, sample_rate: 44100, \
    channels: 2, bits: 16, codec: 'flac', bytes: 1, cover: false, warnings: [] }))))); \
    window.painted = []; addEventListener('input', ({ timeStamp }) => requestAnimationFrame(() => { \
    const channel = new MessageChannel(); channel.port1.onmessage = () => window.painted.push(performance.now() - timeStamp); \
    channel.port2.postMessage(0) }), true);";

#[test]
fn of_ten_thousand_tracks_only_those_seen_are_in_the_document_and_all_are_found_and_reached_by_keys() {
    let folders = Folders::with_music(1.0);
    let server = folders.serve(&[]);
    let mut page = open(&server, MANY);
    let rows = "return document.querySelectorAll('#tracks li').length";
    let place = "const row = document.activeElement.closest('li'); return [row.ariaPosInSet, row.ariaSetSize]";
    page.press("/");
    for letter in "ensemble 31".chars() {
        page.press(&letter.to_string());
    }
    page.until("document.querySelector('#count').innerText === '419 of 10,000 tracks'");
    page.until("window.painted.length === 11");
    println!("painted after {} ms", page.run("return window.painted.map(Math.round).join(', ')"));
    assert!(page.run(rows).as_u64().unwrap() < 60);
    page.press("ArrowDown");
    page.press("End");
    assert_eq!(page.run(place), json!(["419", "419"]));
    page.press("PageUp");
    page.press("ArrowUp");
    assert_eq!(page.run(place)[1], "419");
    page.run(
        "const search = document.querySelector('#search'); search.value = ''; search.dispatchEvent(new Event('input'))",
    );
    page.run("document.querySelector('#tracks .track').focus()");
    page.press("End");
    assert_eq!(page.run(place), json!(["10000", "10000"]));
    assert!(page.run(rows).as_u64().unwrap() < 60);
    // A row that is scrolled out of view keeps the focus.
    page.run("document.querySelector('#library-panel .view').scrollTop = 0");
    page.until("document.querySelector('#tracks li').ariaPosInSet === '1'");
    assert_eq!(page.run(place), json!(["10000", "10000"]));
}

#[test]
fn files_that_cannot_be_read_are_listed_with_reasons_and_on_a_phone_the_library_stands_above_the_presets() {
    let folders = Folders::new();
    folders.add("cut.wav", 8.0);
    folders.add("whole.wav", 8.0);
    let cut = folders.music.path().join("cut.wav");
    fs::write(&cut, &fs::read(&cut).unwrap()[..300_000]).unwrap();
    fs::write(folders.music.path().join("notes.mp3"), "no music").unwrap();
    let server = folders.serve(&[]);
    let mut page = open(&server, "");
    page.resize(390, 844);
    page.until("!document.querySelector('#faults').hidden");
    assert_eq!(page.text("#faults summary"), "1 file cannot be read, 1 file damaged");
    page.run("document.querySelector('#faults').open = true");
    page.until("document.querySelectorAll('#faults li').length === 2");
    let [left_out, damaged] = [1, 2].map(|n| page.text(&format!("#faults li:nth-child({n})")));
    assert!(left_out.contains("notes.mp3") && left_out.contains("is not an audio file"), "{left_out}");
    assert!(damaged.contains("cut.wav") && damaged.contains("missing"), "{damaged}");
    assert_eq!(
        page.run(
            "return [...document.querySelectorAll('#tracks li')].map((row) => Boolean(row.querySelector('.damaged')))"
        ),
        json!([true, false])
    );

    page.click("#tracks li:nth-child(2) .track", 0.3, 0.5);
    until_plays(&mut page, "whole");
    page.until("document.querySelector('#mastered-loudness').innerText.endsWith('LUFS')");
    page.until("document.querySelector('#original-peak').innerText.includes('dB')");
    let link = page.run("return document.querySelector('#download-flac').getAttribute('href')");
    let path = format!("/{}", link.as_str().unwrap());
    assert!(server.ask("HEAD", &path, &[]).unwrap().header("content-disposition").starts_with("attachment"), "{path}");
    let order =
        "return ['player', 'library', 'sound'].map((id) => document.getElementById(id).getBoundingClientRect().top)";
    let tops: Vec<f64> = page.run(order).as_array().unwrap().iter().map(|top| top.as_f64().unwrap()).collect();
    assert!(tops.is_sorted(), "{tops:?}");
}
