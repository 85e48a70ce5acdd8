//! A station listens to itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::health::write_report;
use super::on_change::OnChange;
use crate::health::{AlarmKind, Health, Listener, Monitor};
use crate::http::App;

/// The time between two readings.
const INTERVAL: Duration = Duration::from_secs(5);
/// A stream that stands still for this time is started anew, in seconds.
const STILL_SECONDS: i64 = 60;

/// Listens to a station, logs when something is wrong, and writes each result.
pub struct SelfCheck {
    listener: Listener,
    monitor: Monitor,
    /// The file of the results.
    file: PathBuf,
    on_change: OnChange,
    app: Arc<App>,
    /// Dropped when the stream stands still for too long.
    still: oneshot::Sender<()>,
}

impl SelfCheck {
    /// The check of a station on `address`, with `base_path` before its paths. `still` is dropped when
    /// there was no new segment for a minute.
    pub fn new(
        address: SocketAddr,
        base_path: &str,
        (file, on_change): (PathBuf, OnChange),
        app: Arc<App>,
        still: oneshot::Sender<()>,
    ) -> Self {
        // An address that stands for all addresses of the machine cannot be connected to everywhere.
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let url = format!("http://{}{base_path}", SocketAddr::new(ip, address.port()));
        Self { listener: Listener::new(&url), monitor: Monitor::new(Duration::ZERO), file, on_change, app, still }
    }

    /// Checks until `stopped`, beginning with the first segment.
    pub fn run(mut self, stopped: &AtomicBool) {
        let (mut was_ok, mut complained) = (true, false);
        while !stopped.load(Ordering::Relaxed) {
            thread::sleep(INTERVAL);
            if self.app.now().published_segments == 0 {
                continue;
            }
            self.monitor.set_pause(self.app.now().longest_pause);
            let report = self.monitor.judge(&self.listener.listen(), Timestamp::now());
            let alarms = report.alarms.iter().map(|alarm| (alarm.kind.name().to_owned(), alarm.text.clone()));
            let is_alarm = |cause: &str| AlarmKind::ALL.iter().any(|kind| kind.name() == cause);
            self.app.health_log.set_all(is_alarm, &alarms.collect());
            self.app.heard.set(Some(report.clone()));
            match write_report(&self.file, &report) {
                Ok(()) => complained = false,
                Err(error) if !complained => {
                    tracing::error!("{error}");
                    complained = true;
                }
                Err(_) => {}
            }
            if report.ok != was_ok {
                was_ok = report.ok;
                if was_ok {
                    tracing::info!("the stream is in order again");
                }
                if let Err(failure) = self.on_change.start(&report) {
                    tracing::error!("{failure}");
                }
                report.alarms.iter().for_each(|alarm| tracing::error!("the stream is not in order: {}", alarm.text));
            }
            if stands_still(&report) {
                drop(self.still);
                return;
            }
        }
    }
}

fn stands_still(report: &Health) -> bool {
    let is_old = |since: Timestamp| report.checked.as_second() - since.as_second() >= STILL_SECONDS;
    report.alarms.iter().any(|alarm| alarm.kind == AlarmKind::NoNewSegment && is_old(alarm.since))
}
