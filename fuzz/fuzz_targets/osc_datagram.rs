//! Any datagram is taken apart, decoded and read, or refused: never a panic, never a stack overflow.
#![no_main]

use audio_server::args::Arg;
use audio_server::{guard, methods};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    let Ok(messages) = guard::unpack(datagram) else { return };
    for message in messages {
        if let Ok(message) = guard::decode(message.bytes) {
            let args = Arg::from_osc(message.args);
            let _read_or_refused = methods::read(&message.addr, &args);
        }
    }
});
