//! A child process with its group.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How long a killed process may take to end before another thread waits for it.
const KILL_TIME: Duration = Duration::from_secs(2);

/// A child process with its group. When it is dropped, the group is killed and the child is reaped.
#[derive(Debug)]
pub(super) struct Process {
    child: Option<Child>,
    group: Option<Pid>,
}

/// The ends of its pipes.
pub(super) struct Pipes {
    pub input: ChildStdin,
    pub output: ChildStdout,
    pub errors: ChildStderr,
}

impl Process {
    /// Starts a command without a shell.
    pub fn start(words: &[String]) -> std::io::Result<(Self, Pipes)> {
        let (program, arguments) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Self { child: Some(child), group };
        match pipes {
            (Some(input), Some(output), Some(errors)) => Ok((process, Pipes { input, output, errors })),
            _ => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Whether it has ended. It is not reaped, so that its number is not given to another group before the group is killed.
    pub fn has_ended(&self) -> bool {
        let Some(group) = self.group else { return true };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that there is no such child any more.
        waitid(WaitId::Pid(group), options).map_or(true, |status| status.is_some())
    }

    /// Kills the group and reaps the child. Returns how it ended, when it ends in time.
    pub fn kill(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        if let Some(group) = self.group.take() {
            // The group may have ended.
            let _gone = kill_process_group(group, Signal::KILL);
        }
        let until = Instant::now() + KILL_TIME;
        loop {
            match child.try_wait() {
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
                Ok(None) => break,
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
        // A process in a system call that cannot be interrupted ends later. Without the thread it would stay a zombie.
        let _thread = thread::Builder::new().name("provider-reaper".to_owned()).spawn(move || child.wait());
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a process ended, in words.
pub(super) fn describe(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("exit status {code}"),
        Some((None, Some(signal))) => format!("signal {signal}"),
        _ => "an unknown status".to_owned(),
    }
}
