//! Raises the priority of an audio thread through RealtimeKit, a service of Linux desktops.
//!
//! A program of an ordinary user can raise its priority only as far as its limits allow. RealtimeKit raises the priority of
//! a thread on request, here to a nice level. RealtimeKit could also give realtime priority. This is not used, because the
//! system kills a program with that priority when it computes for 200 ms without a pause, as a mixer on a slow machine does.
//! RealtimeKit is reached over D-Bus. This module has the small part of D-Bus that one call needs.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long each answer may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(2);
const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";

const RETURN: u8 = 2;
const ERROR: u8 = 3;
/// Longer messages are no replies to these calls.
const LONGEST: usize = 1 << 16;

/// Raises thread `thread` of this process to the nice level `nice`.
///
/// # Errors
/// When there is no D-Bus or no RealtimeKit, or when RealtimeKit refuses.
pub(crate) fn raise(thread: u32, nice: i32) -> Result<()> {
    let path = match std::env::var("DBUS_SYSTEM_BUS_ADDRESS") {
        Ok(address) => address.strip_prefix("unix:path=").unwrap_or(SYSTEM_BUS).split(',').next().map(str::to_owned),
        Err(_) => None,
    };
    request_raise(UnixStream::connect(path.as_deref().unwrap_or(SYSTEM_BUS))?, std::process::id(), thread, nice)
}

fn request_raise(socket: UnixStream, process: u32, thread: u32, nice: i32) -> Result<()> {
    socket.set_read_timeout(Some(REPLY_TIMEOUT))?;
    socket.set_write_timeout(Some(REPLY_TIMEOUT))?;
    let mut bus = BufReader::new(socket);
    let user: String = rustix::process::getuid().as_raw().to_string().bytes().map(|b| format!("{b:02x}")).collect();
    write!(bus.get_mut(), "\0AUTH EXTERNAL {user}\r\n")?;
    let mut answer = String::new();
    (&mut bus).take(1_024).read_line(&mut answer)?;
    if !answer.starts_with("OK ") {
        return Err(Error::new(ErrorKind::PermissionDenied, format!("D-Bus refuses: {}", answer.trim())));
    }
    bus.get_mut().write_all(b"BEGIN\r\n")?;
    call(&mut bus, &message(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "Hello", "", &[]))?;
    let mut body = Vec::new();
    body.extend(u64::from(process).to_le_bytes());
    body.extend(u64::from(thread).to_le_bytes());
    body.extend(nice.to_le_bytes());
    let (name, path) = ("org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1");
    call(&mut bus, &message(2, name, path, "MakeThreadHighPriorityWithPID", "tti", &body))
}

/// Sends a call and waits for its answer.
fn call(bus: &mut BufReader<UnixStream>, message: &[u8]) -> Result<()> {
    bus.get_mut().write_all(message)?;
    loop {
        let mut head = [0; 16];
        bus.read_exact(&mut head)?;
        let [order, kind, _, _, b0, b1, b2, b3, _, _, _, _, f0, f1, f2, f3] = head;
        let number = |bytes| if order == b'l' { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize;
        let rest = number([f0, f1, f2, f3]).next_multiple_of(8).saturating_add(number([b0, b1, b2, b3]));
        if rest > LONGEST {
            return Err(Error::new(ErrorKind::InvalidData, "the D-Bus reply is too long"));
        }
        let mut words = vec![0; rest];
        bus.read_exact(&mut words)?;
        match kind {
            RETURN => return Ok(()),
            ERROR => {
                let words: String =
                    words.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { ' ' }).collect();
                let words: Vec<&str> = words.split_ascii_whitespace().filter(|word| word.len() > 2).collect();
                return Err(Error::new(ErrorKind::PermissionDenied, words.join(" ")));
            }
            // A signal.
            _ => {}
        }
    }
}

/// A method call in D-Bus's wire format, little-endian. The interface has the same name as the service.
fn message(serial: u32, service: &str, path: &str, method: &str, signature: &str, body: &[u8]) -> Vec<u8> {
    let mut fields = Vec::new();
    for (code, kind, value) in [(1, b'o', path), (2, b's', service), (3, b's', method), (6, b's', service)] {
        fields.resize(fields.len().next_multiple_of(8), 0);
        fields.extend([code, 1, kind, 0]);
        fields.extend((value.len() as u32).to_le_bytes());
        fields.extend(value.bytes().chain([0]));
    }
    if !signature.is_empty() {
        fields.resize(fields.len().next_multiple_of(8), 0);
        fields.extend([8, 1, b'g', 0, signature.len() as u8]);
        fields.extend(signature.bytes().chain([0]));
    }
    let mut message = vec![b'l', 1, 0, 1];
    message.extend((body.len() as u32).to_le_bytes());
    message.extend(serial.to_le_bytes());
    message.extend((fields.len() as u32).to_le_bytes());
    message.extend(fields);
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend(body);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request to a bus that answers the second call with `kind`: the result, and the bytes of that call.
    fn bus(kind: u8) -> (Result<()>, Vec<u8>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let bus = std::thread::spawn(move || {
            let mut bus = BufReader::new(theirs);
            let mut line = String::new();
            bus.read_line(&mut line).unwrap();
            assert!(line.starts_with("\0AUTH EXTERNAL 3"), "{line}");
            bus.get_mut().write_all(b"OK 0123\r\n").unwrap();
            line.clear();
            bus.read_line(&mut line).unwrap();
            assert_eq!(line, "BEGIN\r\n");
            let mut read_call = |answers: &[u8]| {
                let mut head = [0; 16];
                bus.read_exact(&mut head).unwrap();
                let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()) as usize;
                let mut rest = vec![0; number(12).next_multiple_of(8) + number(4)];
                bus.read_exact(&mut rest).unwrap();
                for kind in answers {
                    let mut answer = [b'l', *kind, 0, 1, 5, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0].to_vec();
                    answer.extend(b"Refused\0shame");
                    bus.get_mut().write_all(&answer).unwrap();
                }
                rest
            };
            read_call(&[RETURN, 4]);
            read_call(&[4, kind])
        });
        (request_raise(ours, 17, 23, -11), bus.join().unwrap())
    }

    #[test]
    fn a_thread_is_raised_by_the_service_for_it() {
        let (answer, call) = bus(RETURN);
        answer.unwrap();
        let words = String::from_utf8_lossy(&call);
        assert!(words.contains("MakeThreadHighPriorityWithPID") && words.contains("tti"), "{words}");
        let body = [17, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0, 0xF5, 0xFF, 0xFF, 0xFF];
        assert_eq!(call[call.len() - 20..], body, "process, thread and nice level");
    }

    #[test]
    fn a_refusal_has_the_services_words() {
        let error = bus(ERROR).0.unwrap_err();
        assert!(error.to_string().contains("Refused"), "{error}");
    }

    #[test]
    fn a_call_has_the_wire_format_of_d_bus() {
        let hello = message(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "Hello", "", &[]);
        assert_eq!(hello.len() % 8, 0);
        assert_eq!(hello[..16], [b'l', 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 109, 0, 0, 0]);
        assert_eq!(hello[16..24], [1, 1, b'o', 0, 21, 0, 0, 0]);
        assert_eq!(&hello[24..46], b"/org/freedesktop/DBus\0");
    }
}
