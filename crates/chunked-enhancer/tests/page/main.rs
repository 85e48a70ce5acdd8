//! The page in a real browser with a real server. Its sound is compared frame by frame.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../chromium/mod.rs"]
mod chromium;
#[path = "../common/mod.rs"]
mod common;
mod lists;

use chromium::Chromium;
use common::{Folders, Server};
use crowd_media::DecodeOptions;
use serde_json::json;

const RATE: usize = 44_100;
/// The largest difference that is due to the rounding of floats.
const EXACT: f32 = 2e-5;
const PLAYER: &str = "const { player } = await import('/page/app.js');";

/// A page that plays `music.wav`, with its sound recorded, the whole track mastered and the loudness known.
fn playing(server: &Server) -> Chromium {
    let mut page = Chromium::start();
    // The recorder is a script of the test.
    page.call("Page.setBypassCSP", json!({ "enabled": true }));
    page.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": include_str!("../chromium/tap.js") }));
    page.open(&server.url);
    page.until("document.querySelector('#tracks button')");
    page.click("#tracks button", 0.5, 0.5);
    settle(&mut page);
    page.until("tap.ready && document.querySelector('#match').innerText.includes('Equally loud')");
    page
}

/// Waits until the whole rendition is made and the chosen version is audible.
fn settle(page: &mut Chromium) {
    page.until("document.querySelector('#progress').innerText.startsWith('Mastered as a whole')");
    page.until(&format!(
        "(await (async () => {{ {PLAYER} return player.base !== null && !player.sides.mastered.next }})())"
    ));
    pause();
}

fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(500));
}

/// The frames of one version as the server sends them.
fn served(server: &Server, query: &str) -> Vec<[f32; 2]> {
    let path = format!("/stream/{}?bits=16&{query}", server.track("music.wav"));
    let file = tempfile::NamedTempFile::with_suffix(".wav").unwrap();
    std::fs::write(file.path(), server.get(&path).body).unwrap();
    let audio = crowd_media::open(file.path(), &DecodeOptions::default()).unwrap();
    audio.to_f32().as_chunks().0.to_vec()
}

fn scaled(frames: &[[f32; 2]], gain: f64) -> Vec<[f32; 2]> {
    frames.iter().map(|frame| frame.map(|sample| (f64::from(sample) * gain) as f32)).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let bytes = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(bytes.len() * 3 / 4);
    for four in bytes.chunks(4) {
        let word = four.iter().fold(0, |word, byte| word << 6 | digit(*byte)) << (6 * (4 - four.len()));
        out.extend_from_slice(&word.to_be_bytes()[1..four.len()]);
    }
    out
}

/// The recorded sound between two frames of the track, and the frame of the context at which the track begins.
fn heard(page: &mut Chromium, from: usize, to: usize) -> (Vec<[f32; 2]>, i64) {
    let base = page.run(&format!("{PLAYER} return player.base")).as_i64().unwrap();
    let text = page.run(&format!("return tap.read({base} + {from}, {})", to - from));
    let bytes = base64(text.as_str().unwrap());
    let samples: Vec<f32> = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    (samples.as_chunks().0.to_vec(), base)
}

fn position(page: &mut Chromium) -> usize {
    page.run(&format!("{PLAYER} return player.position")).as_u64().unwrap() as usize
}

/// The gains that the page has set for the original and for the mastered version.
fn gains(page: &mut Chromium) -> [f64; 2] {
    let levels = page.run(&format!("{PLAYER} return [player.levels.original, player.levels.trim, player.loudness]"));
    let number = |n: usize| levels[n].as_f64().unwrap();
    let both = 10f64.powf(number(1) / 20.0) * number(2).powi(2);
    [both * 10f64.powf(number(0) / 20.0), both]
}

/// The times at which a key was pressed, in frames of the track.
fn presses(page: &mut Chromium, key: &str, base: i64) -> Vec<usize> {
    let keys = page.run("return tap.keys");
    let of_key = keys.as_array().unwrap().iter().filter(|pressed| pressed[0] == key);
    of_key.map(|pressed| (pressed[1].as_i64().unwrap() - base) as usize).collect()
}

fn near(a: [f32; 2], b: [f32; 2]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= EXACT)
}

fn between(heard: [f32; 2], a: [f32; 2], b: [f32; 2]) -> bool {
    (0..2).all(|n| heard[n] >= a[n].min(b[n]) - EXACT && heard[n] <= a[n].max(b[n]) + EXACT)
}

/// The number of frames from `pressed` until one version has replaced another. Before the change every frame equals that of the old version
/// at the same position, and after it up to `until` that of the new one. During the change every frame is between both. So there is no
/// click and no drift.
fn change(
    (heard, first): (&[[f32; 2]], usize),
    (before, after): (&[[f32; 2]], &[[f32; 2]]),
    pressed: usize,
    until: usize,
) -> usize {
    let differ = (pressed..until).filter(|n| !near(before[*n], after[*n])).count();
    assert!(differ > (until - pressed) / 4, "the versions hardly differ, so a change cannot be detected");
    let mut n = pressed;
    while n < until && near(heard[n - first], before[n]) {
        n += 1;
    }
    assert!(n < until, "nothing changed in {} frames", until - pressed);
    let last = (n..until).rev().find(|n| !near(heard[n - first], after[*n])).map_or(n, |last| last + 1);
    assert!(last < until, "after {} frames the other version is still not audible", until - pressed);
    for n in n..last {
        assert!(
            between(heard[n - first], before[n], after[n]),
            "frame {n}, {} after the key: {:?} is neither {:?} nor {:?} nor between them",
            n - pressed,
            heard[n - first],
            before[n],
            after[n]
        );
    }
    last - pressed
}

fn loudness(frames: &[[f32; 2]], gain: f64) -> f64 {
    let mut meter = ebur128::EbuR128::new(2, RATE as u32, ebur128::Mode::I).unwrap();
    meter.add_frames_f32(scaled(frames, gain).as_flattened()).unwrap();
    meter.loudness_global().unwrap()
}

#[test]
fn original_and_mastered_are_equally_loud_on_one_clock_and_the_other_is_heard_within_50_ms() {
    let folders = Folders::with_music(60.0);
    let server = folders.serve(&[]);
    let (original, mastered) = (served(&server, "intensity=0"), served(&server, "preset=adaptive&intensity=1"));
    let mut page = playing(&server);
    // The position is in the loud section.
    page.click("#wave", 0.4, 0.5);
    page.until(&format!(
        "(await (async () => {{ {PLAYER} return player.base !== null && player.position > {} }})())",
        25 * RATE
    ));
    pause();
    let first = position(&mut page);
    let times = 8;
    for _ in 0..times {
        page.press("x");
        std::thread::sleep(std::time::Duration::from_millis(230));
    }
    let end = position(&mut page);
    pause();
    let (sound, base) = heard(&mut page, first, end);
    let [a, b] = gains(&mut page);
    let versions = [scaled(&mastered, b), scaled(&original, a)];
    let pressed = presses(&mut page, "x", base);
    assert_eq!(pressed.len(), times);
    let mut frames = Vec::new();
    for (n, press) in pressed.iter().enumerate() {
        let until = pressed.get(n + 1).copied().unwrap_or(end);
        let (from, to) = (&versions[n % 2], &versions[(n + 1) % 2]);
        frames.push(change((&sound, first), (from, to), *press, until));
    }
    let milliseconds: Vec<f64> = frames.iter().map(|frames| *frames as f64 * 1e3 / RATE as f64).collect();
    println!("the other version after {milliseconds:.0?} ms");
    // One change may be late because the machine is busy, which the page cannot prevent.
    let late = milliseconds.iter().filter(|ms| **ms > 50.0).count();
    assert!(late <= 1 && milliseconds.iter().all(|ms| *ms <= 100.0), "{milliseconds:?}");
    // Most frames differ from the next one, so a drift of one frame would be detected.
    let moved = (first..end - 1).filter(|n| near(versions[0][*n], versions[0][n + 1])).count();
    assert!(moved < (end - first) / 2);
    let apart = loudness(&original, a) - loudness(&mastered, b);
    println!("the original is {apart:+.3} LU louder");
    assert!(apart.abs() <= 0.2, "{apart} LU");
    assert!(scaled(&original, a).as_flattened().iter().all(|sample| sample.abs() <= 1.0));
}

#[test]
fn another_preset_or_intensity_is_heard_within_300_ms_and_without_a_click() {
    let folders = Folders::with_music(120.0);
    let server = folders.serve(&[]);
    // Only the time of the page is measured, because the versions are made already.
    let queries = ["adaptive", "warm", "warm", "gentle", "gentle", "punchy"];
    let intensities = ["1", "1", "0.95", "0.95", "0.9", "0.9"];
    let queries: Vec<String> =
        queries.iter().zip(intensities).map(|(preset, i)| format!("preset={preset}&intensity={i}")).collect();
    let versions: Vec<_> = queries.iter().map(|query| served(&server, query)).collect();
    let mut page = playing(&server);
    // The position is after the loud entry, half a minute before the silence.
    page.click("#wave", 0.31, 0.5);
    page.until(&format!(
        "(await (async () => {{ {PLAYER} return player.base !== null && player.position > {} }})())",
        37 * RATE
    ));
    let mut heard_after = Vec::new();
    for (n, key) in ["3", "[", "2", "[", "5"].into_iter().enumerate() {
        settle(&mut page);
        page.run(&format!(
            "{PLAYER} window.stalls = 0; player.addEventListener('change', () => {{ window.stalls += player.waiting }})"
        ));
        let first = position(&mut page);
        let before = gains(&mut page)[1];
        page.press(key);
        pause();
        pause();
        let end = position(&mut page);
        pause();
        // The page has stopped its clock because the machine was too busy. Such a change is not counted.
        if page.run("return window.stalls") != 0 {
            println!("the machine was too busy for {key}");
            continue;
        }
        let (sound, base) = heard(&mut page, first, end);
        let pressed = *presses(&mut page, key, base).last().unwrap();
        let after = gains(&mut page)[1];
        let from = scaled(&versions[n], before);
        let to = scaled(&versions[n + 1], after);
        heard_after.push(change((&sound, first), (&from, &to), pressed, end) as f64 * 1e3 / RATE as f64);
    }
    println!("another treatment after {heard_after:.0?} ms");
    assert!(heard_after.len() >= 3, "the page stopped its clock at most changes");
    heard_after.sort_by(f64::total_cmp);
    assert!(heard_after[heard_after.len() / 2] <= 300.0, "{heard_after:?}");
}

#[test]
fn a_far_seek_goes_to_its_very_frame_and_no_more_than_20_s_are_fetched_ahead() {
    let folders = Folders::with_music(240.0);
    let server = folders.serve(&[]);
    let mut page = playing(&server);
    let mastered = served(&server, "preset=adaptive&intensity=1");
    let ahead = format!(
        "(await (async () => {{ {PLAYER} return Object.values(player.sides).map(({{ voice }}) => (voice.end - player.position) / {RATE}) }})())"
    );
    for share in [0.8, 0.1, 0.5] {
        page.click("#wave", share, 0.5);
        page.until(&format!(
            "(await (async () => {{ {PLAYER} return player.base !== null && Math.abs(player.position / player.track.frames - {share}) < 0.1 }})())"
        ));
        pause();
        pause();
        let end = position(&mut page);
        pause();
        let first = end - RATE / 2;
        let sound = heard(&mut page, first, end).0;
        let wanted = scaled(&mastered[first..end], gains(&mut page)[1]);
        let wrong = sound.iter().zip(&wanted).filter(|(heard, wanted)| !near(**heard, **wanted)).count();
        assert_eq!(wrong, 0, "of {} frames at {share}", end - first);
        page.until(&format!("{ahead}.every((seconds) => seconds > 14)"));
        let seconds = page.run(&format!("return {ahead}"));
        assert!(seconds.as_array().unwrap().iter().all(|seconds| seconds.as_f64().unwrap() <= 20.1), "{seconds}");
    }
}

#[test]
fn a_server_that_is_gone_is_reported_and_fetched_sound_plays_on() {
    let folders = Folders::with_music(60.0);
    let server = folders.serve(&[]);
    let mut page = playing(&server);
    server.kill();
    let before = position(&mut page);
    page.until("!document.querySelector('#trouble').hidden");
    assert!(page.text("#trouble").contains("the server does not answer"), "{}", page.text("#trouble"));
    page.until(&format!("(await (async () => {{ {PLAYER} return player.position > {} }})())", before + RATE / 2));
    // When no more frames are fetched, the player waits.
    page.click("#wave", 0.9, 0.5);
    page.until(&format!(
        "(await (async () => {{ {PLAYER} return player.waiting && player.position > {} }})())",
        50 * RATE
    ));
}

#[test]
fn every_control_has_a_key_and_a_name_and_the_content_security_policy_blocks_nothing() {
    let folders = Folders::new();
    folders.add("A very long name of a piece that was not made to fit into anything narrow at all.wav", 20.0);
    folders.add("\u{dc}bermut.wav", 20.0);
    let server = folders.serve(&[]);
    let answer = server.get("/");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let again = server.ask("GET", "/", &[("if-none-match", answer.header("etag"))]).unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));

    let mut page = Chromium::start();
    page.resize(360, 740);
    page.open(&server.url);
    page.until("document.querySelectorAll('#tracks li').length === 2 && document.querySelectorAll('#presets label').length === 6");
    page.press("/");
    page.call("Input.insertText", json!({ "text": "ubermut" }));
    page.until("document.querySelectorAll('#tracks li:not([hidden])').length === 1");
    page.press("ArrowDown");
    assert_eq!(page.run("return document.activeElement.querySelector('.title').innerText"), "\u{dc}bermut");
    page.call(
        "Input.dispatchKeyEvent",
        json!({ "type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 }),
    );
    let state = |page: &mut Chromium| page.run("return document.querySelector('#play').ariaLabel");
    page.until(&format!("(await (async () => {{ {PLAYER} return player.base !== null }})())"));
    assert_eq!(state(&mut page), "Pause");
    page.press("3");
    page.press("[");
    page.until("document.querySelector('#intensity-text').innerText === '95 %'");
    assert_eq!(page.run("return document.querySelector('[name=preset]:checked').value"), "warm");
    page.press("x");
    assert_eq!(page.run("return document.querySelector('[name=side]:checked').value"), "original");
    page.run("document.activeElement.blur()");
    page.press(" ");
    assert_eq!(state(&mut page), "Play");
    let paused = position(&mut page);
    page.press("ArrowRight");
    assert_eq!(position(&mut page), paused + 5 * RATE);
    page.press("?");
    page.until("document.querySelector('#help').open");
    page.run("document.querySelector('#help').close(); document.querySelector('#search').value = ''; document.querySelector('#search').dispatchEvent(new Event('input'))");

    for width in [360, 1_280] {
        page.resize(width, 740);
        let wide = page.run("return document.documentElement.scrollWidth");
        let beyond = page.run(&format!(
            "return [...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > {width})
                .map(e => `${{e.tagName}} ${{e.id}} ${{e.className}}`).join('; ')"
        ));
        assert!(wide.as_u64().unwrap() <= u64::from(width), "{wide} of {width}: {beyond}");
    }
    let tree = page.call("Accessibility.getFullAXTree", json!({}));
    let controls = ["button", "radio", "slider", "searchbox", "progressbar"];
    let mut seen = 0;
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if node["ignored"] == false && controls.contains(&role) {
            assert!(node["name"]["value"].as_str().is_some_and(|name| !name.is_empty()), "{node:#}");
            seen += 1;
        }
    }
    assert!(seen >= 16, "{seen} controls");
    assert_eq!(page.page_errors, Vec::<String>::new());
}

#[test]
fn the_page_asks_for_the_token_and_again_when_it_is_wrong() {
    let folders = Folders::with_music(5.0);
    let library = folders.music.path();
    let server = Server::start(library, folders.cache.path(), &["--token", "correct horse"]);
    let mut page = Chromium::start();
    page.open(&server.url);
    for (token, words) in [("wrong horse", "This server needs a token"), ("correct horse", "The token is wrong")] {
        page.until(&format!(
            "document.querySelector('#token').open && document.querySelector('#token').innerText.includes({words:?})"
        ));
        page.run(&format!(
            "document.querySelector('#token-input').value = {token:?}; document.querySelector('#token button').click()"
        ));
    }
    page.until("document.querySelectorAll('#tracks li').length === 1 && document.querySelectorAll('#presets label').length === 6");
    page.click("#tracks button", 0.5, 0.5);
    page.until("document.querySelector('#progress').innerText.startsWith('Mastered as a whole')");
}

#[test]
fn a_blind_test_hides_the_version_and_reports_how_probable_its_answers_are_by_guessing() {
    let folders = Folders::with_music(30.0);
    let server = folders.serve(&[]);
    let mut page = playing(&server);
    let by_guessing =
        "const { chance } = await import('/page/abx.js'); return [chance(16, 16), chance(12, 16), chance(0, 16)]";
    let [all, twelve, none] = [0, 1, 2].map(|n| page.run(by_guessing)[n].as_f64().unwrap());
    assert!((all - 0.5f64.powi(16)).abs() < 1e-12 && (twelve - 2_517.0 / 65_536.0).abs() < 1e-12 && none == 1.0);
    page.run("document.querySelector('#abx-button').click()");
    let shown =
        "return document.querySelector('#player').dataset.side + document.querySelector('[name=side]:checked').value";
    let (first, mut sides) = (page.run(shown), std::collections::BTreeSet::new());
    for n in 0..16 {
        // The answer is read from the player, which a user cannot do.
        let x = page.run(&format!("{PLAYER} return player.want")).as_str().unwrap().to_owned();
        assert_eq!(page.run(shown), first);
        let answer = if n < 12 { x == "original" } else { x != "original" };
        page.press(if answer { "1" } else { "2" });
        sides.insert(x);
    }
    let told = page.text("[data-abx=result]");
    assert!(told.starts_with("12 of 16 right") && told.contains("p = 0.038"), "{told}");
    assert_eq!(sides.len(), 2);
}
