//! The server as a child: started, waited for, and never left behind.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rosc::OscType;
use rustix::process::{Pid, Signal, kill_process};

use super::Problem;
use super::link::Link;

/// How long it may take to be ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts `program` on a free port and waits until it answers. It is in a process group of its own: a Ctrl-C is for the demo,
    /// which then stops it, and a second one would end it at once.
    ///
    /// # Errors
    /// When it does not start, ends at once, does not answer in time, or when `stop` is set before it does.
    pub fn start(program: &Path, args: &[&str], stop: &Arc<AtomicBool>) -> Result<(Self, Link), Problem> {
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let child = Command::new(program).arg("--port").arg(port.to_string()).args(args).process_group(0).spawn();
        let child = child.map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let mut server = Self { child };
        let mut link = Link::new(port, stop.clone())?;
        let give_up = Instant::now() + PATIENCE;
        while link.synced.is_empty() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended before it played: {status}").into());
            }
            if link.is_stopped() {
                return Err("stopped before the server played".into());
            }
            if Instant::now() > give_up {
                return Err(format!("the server does not answer on port {port}").into());
            }
            link.send("/sync", vec![OscType::Int(0)])?;
            link.listen(Instant::now() + Duration::from_millis(100))?;
        }
        Ok((server, link))
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, Problem> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to stop, as Ctrl-C does, and waits until its files are complete.
    ///
    /// # Errors
    /// When it does not stop in time, or says that something went wrong.
    pub fn stop(mut self) -> Result<(), Problem> {
        self.interrupt();
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            if let Some(status) = self.child.try_wait()? {
                return if status.success() { Ok(()) } else { Err(format!("the server ended badly: {status}").into()) };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the server did not stop and was killed".into())
    }

    fn interrupt(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself: then there is nobody to tell.
            let _gone = kill_process(pid, Signal::INT);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
