//! The server as a child process, which is stopped in every case.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rosc::OscType;
use rustix::process::{Pid, Signal, kill_process};

use super::DemoError;
use super::client::OscClient;

/// The longest time until the server answers after its start, and until it ends after the signal to stop.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts `program` on a free port and waits until it answers. The server is in a process group of its own, so that
    /// a Ctrl-C goes to the demo only. The demo then stops the server.
    ///
    /// # Errors
    /// When it does not start, ends at once, does not answer in time, or `stop` is set before it answers.
    pub fn start(program: &Path, args: &[&str], stop: &Arc<AtomicBool>) -> Result<(Self, OscClient), DemoError> {
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let child = Command::new(program).arg("--port").arg(port.to_string()).args(args).process_group(0).spawn();
        let child = child.map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let mut server = Self { child };
        let mut client = OscClient::new(port, stop.clone())?;
        let deadline = Instant::now() + TIMEOUT;
        while client.synced.is_empty() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended before it played: {status}").into());
            }
            if client.is_stopped() {
                return Err("stopped before the server played".into());
            }
            if Instant::now() > deadline {
                return Err(format!("the server does not answer on port {port}").into());
            }
            client.send("/sync", vec![OscType::Int(0)])?;
            client.receive_until(Instant::now() + Duration::from_millis(100))?;
        }
        Ok((server, client))
    }

    /// The exit status, if the server has ended.
    ///
    /// # Errors
    /// The error of the system.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, DemoError> {
        Ok(self.child.try_wait()?)
    }

    /// Interrupts the server, as Ctrl-C does, and waits until its files are complete.
    ///
    /// # Errors
    /// When it does not stop in time, or ends with an error.
    pub fn stop(mut self) -> Result<(), DemoError> {
        self.interrupt();
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("the server ended with an error: {status}").into())
                };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the server did not stop and was killed".into())
    }

    fn interrupt(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // The signal fails when the server has ended already.
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
