//! A Chromium browser for each test, which is controlled over its debugging pipe.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The longest wait for anything, which is long because the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The shell command that starts Chromium, which reads commands from file descriptor 3 and answers on 4.
const START_COMMAND: &str = "exec \"$(command -v chromium || command -v chromium-browser || command -v google-chrome)\" \"$@\" \
                     3<&0 4>&1 1>/dev/null 2>&1";

const FLAGS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-extensions",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-audio-output",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1280,900",
    "--remote-debugging-pipe",
];

/// The lock that lets one browser run at a time. Several at once would delay each other, and their sound would not be that of the page.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub struct Chromium {
    _alone: MutexGuard<'static, ()>,
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    /// The errors that pages have logged.
    pub page_errors: Vec<String>,
    _profile: TempDir,
}

impl Chromium {
    pub fn start() -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = TempDir::new().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", START_COMMAND, "sh"])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0) {
                let Ok(Ok(message)) = message.map(|bytes| serde_json::from_slice(&bytes)) else { break };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut chromium = Self {
            _alone: alone,
            child,
            to,
            from,
            session: None,
            calls: 0,
            page_errors: Vec::new(),
            _profile: profile,
        };
        let targets = chromium.call("Target.getTargets", json!({}));
        let page = targets["targetInfos"].as_array().unwrap().iter().find(|target| target["type"] == "page").unwrap();
        let target = json!({ "targetId": page["targetId"], "flatten": true });
        let session = chromium.call("Target.attachToTarget", target);
        chromium.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            chromium.call(domain, json!({}));
        }
        chromium
    }

    /// Calls a method of the DevTools protocol.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let sent = self.to.write_all(&[message.to_string().as_bytes(), b"\0"].concat());
        sent.unwrap_or_else(|_| panic!("chromium does not run: scripts/setup.sh test installs it"));
        loop {
            let message = self.from.recv_timeout(TIMEOUT).unwrap_or_else(|error| {
                panic!("{method}: chromium does not answer ({error}): scripts/setup.sh test installs it")
            });
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.page_errors.push(params["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" || params["type"] == "assert" => {
                self.page_errors.push(params["args"].to_string());
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.page_errors.push(params["entry"].to_string());
            }
            _ => {}
        }
    }

    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.until("document.readyState === 'complete'");
    }

    /// Runs the body of an async function in the page, and returns its result.
    pub fn run(&mut self, body: &str) -> Value {
        let expression = format!("(async () => {{ {body} }})()");
        let how = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let result = self.call("Runtime.evaluate", how);
        assert!(result["exceptionDetails"].is_null(), "{body}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    pub fn text(&mut self, selector: &str) -> String {
        self.run(&format!("return document.querySelector({selector:?}).innerText")).as_str().unwrap().to_owned()
    }

    /// Waits until an expression is true in the page.
    pub fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.run(&format!("return Boolean({expression})")) != true {
            if begun.elapsed() > TIMEOUT {
                let state = self.run("return document.body?.innerText");
                panic!(
                    "waited a minute for {expression}; the text of the page: {state}; its errors: {:?}",
                    self.page_errors
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: &str) {
        let text = if key.len() == 1 { key } else { "" };
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": key, "text": text }));
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key }));
    }

    /// Clicks a point of an element, given in shares of its width and height.
    pub fn click(&mut self, selector: &str, x: f64, y: f64) {
        let place = self.run(&format!(
            "const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'nearest' }}); \
             const b = e.getBoundingClientRect(); return [b.left + {x} * b.width, b.top + {y} * b.height]"
        ));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
