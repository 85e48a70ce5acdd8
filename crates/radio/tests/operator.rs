//! The operator's page in a real browser, with a real station.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[path = "../../chunked-enhancer/tests/chromium/mod.rs"]
mod chromium;
mod common;

use std::time::{Duration, Instant};

use chromium::Chromium;
use common::station::{self, Station};
use serde_json::{Value, json};

const TOKEN: &str = "a secret token";

fn get(station: &Station, path: &str) -> Value {
    let request = ureq::get(station.url(path)).header("Authorization", &format!("Bearer {TOKEN}"));
    serde_json::from_slice(&request.call().unwrap().body_mut().read_to_vec().unwrap()).unwrap()
}

fn put(station: &Station, body: &Value) -> (u16, String) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let request = ureq::Agent::new_with_config(config).put(station.url("api/requests"));
    let request = request.header("Authorization", &format!("Bearer {TOKEN}")).content_type("application/json");
    let mut response = request.send(body.to_string()).unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

/// The titles of the requests that wait.
fn waiting(station: &Station) -> Vec<String> {
    let requests = get(station, "api/schedule");
    let titles = requests["requests"].as_array().unwrap().iter().map(|request| request["title"].as_str().unwrap());
    titles.map(str::to_owned).collect()
}

fn until_waiting(station: &Station, titles: &[&str]) {
    let start = Instant::now();
    while waiting(station) != titles {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?} instead of {titles:?}", waiting(station));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Drags an element to the upper edge of another one with the mouse.
fn drag(page: &mut Chromium, selector: &str, to: &str) {
    let places = page.run(&format!(
        "const [from, to] = [{selector:?}, {to:?}].map((selector) => document.querySelector(selector)); \
         to.scrollIntoView({{ block: 'center' }}); \
         const [begin, end] = [from, to].map((element) => element.getBoundingClientRect()); \
         return [[begin.left + 8, begin.top + begin.height / 2], [end.left + 8, end.top + 4]]"
    ));
    let (begin, end) = (&places[0], &places[1]);
    let events = [("mouseMoved", begin), ("mousePressed", begin), ("mouseMoved", end), ("mouseReleased", end)];
    for (kind, [x, y]) in events.map(|(kind, place)| (kind, [&place[0], &place[1]])) {
        page.call(
            "Input.dispatchMouseEvent",
            json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 }),
        );
    }
}

#[test]
fn an_operator_requests_reorders_removes_and_skips_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let tracks = [("alpha", 120), ("beta", 20), ("gamma", 21), ("delta", 22)];
    station::prepare(folder.path(), &tracks, &[]);
    let health = folder.path().join("health.json");
    let flags = ["--token", TOKEN, "--health-file", health.to_str().unwrap()];
    let station = Station::start(folder.path(), &flags);
    station.playlist("stream.m3u8");

    let mut page = Chromium::start();
    page.open(&station.url("operator"));
    page.until("document.querySelector('#token').open");
    page.run("document.querySelector('#token-input').value = 'a wrong token'; document.querySelector('#token button').click()");
    page.until("document.querySelector('#token-text').innerText.startsWith('The token is wrong')");
    page.run(&format!(
        "document.querySelector('#token-input').value = '{TOKEN}'; document.querySelector('#token button').click()"
    ));
    page.until("document.querySelector('#title').innerText === 'alpha'");
    page.until("document.querySelector('#health').innerText === 'In order'");
    page.until("document.querySelector('#coming').children.length > 3");

    // Three requests, by the search.
    for (index, title) in ["delta", "gamma", "beta"].iter().enumerate() {
        let search = "document.querySelector('#search')";
        page.run(&format!("{search}.value = '{title}'; {search}.dispatchEvent(new Event('input'))"));
        page.until("document.querySelector('#found button')");
        page.click("#found button", 0.5, 0.5);
        page.until(&format!("document.querySelector('#requests').children.length === {}", index + 1));
    }
    until_waiting(&station, &["delta", "gamma", "beta"]);

    // The last one is dragged to the top.
    drag(&mut page, "#requests li:nth-child(3) .handle", "#requests li:nth-child(1)");
    until_waiting(&station, &["beta", "delta", "gamma"]);
    // The second one goes down, and the first one is removed.
    page.click("#requests li:nth-child(2) button:nth-of-type(2)", 0.5, 0.5);
    until_waiting(&station, &["beta", "gamma", "delta"]);
    page.until("document.querySelector('#requests li:nth-child(2)').innerText.includes('gamma')");
    page.click("#requests li:nth-child(1) button:nth-of-type(3)", 0.5, 0.5);
    until_waiting(&station, &["gamma", "delta"]);

    // The order survives a kill, and what was planned by then stays.
    let planned = get(&station, "api/schedule")["items"].clone();
    station.kill();
    let station = Station::start(folder.path(), &flags);
    until_waiting(&station, &["gamma", "delta"]);
    assert_eq!(get(&station, "api/schedule")["items"].as_array().unwrap()[..6], planned.as_array().unwrap()[..6]);

    // Of the requests that wait by then, those that were not known stay after the others, and those that are gone stay so.
    let requests = get(&station, "api/schedule")["requests"].clone();
    let hashes: Vec<&Value> = requests.as_array().unwrap().iter().map(|request| &request["item"]).collect();
    let (status, text) = put(&station, &json!({ "were": [hashes[1], "x"], "requests": ["x", hashes[1]] }));
    assert!(status == 200, "{status} {text}");
    until_waiting(&station, &["delta", "gamma"]);
    let many = vec!["x"; 1_001];
    let (status, text) = put(&station, &json!({ "were": many, "requests": many }));
    assert!(status == 400 && text.contains("1001 requests are too many"), "{status} {text}");
    assert_eq!(put(&station, &json!({ "requests": hashes })).0, 422);

    page.open(&station.url("operator"));
    page.until("document.querySelector('#token').open");
    page.run(&format!(
        "document.querySelector('#token-input').value = '{TOKEN}'; document.querySelector('#token button').click()"
    ));
    page.until("document.querySelector('#requests').children.length === 2");
    page.click("#skip", 0.5, 0.5);
    page.until("document.querySelector('#title').innerText !== 'alpha'");
    // The station has heard itself, and what has played is listed.
    page.until("document.querySelector('#loudness-text').innerText.includes('LUFS, peak')");
    page.until("[...document.querySelectorAll('#played li')].some((row) => row.innerText.includes('alpha'))");
    page.until("document.querySelector('#health-history').innerText.includes('Start: the program was started')");
    assert_eq!(get(&station, "api/status")["health"]["hls_clients"], 0, "the page is no listener");
    let errors: Vec<&String> =
        page.page_errors.iter().filter(|error| !error.contains("401") && !error.contains("REFUSED")).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
