//! Any datagram is decoded and read, or refused, without a panic or a stack overflow.
#![no_main]

use audio_server::args::Arg;
use audio_server::{datagram, handlers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    let Ok(messages) = datagram::split(datagram) else { return };
    for message in messages {
        if let Ok(message) = datagram::decode(message.bytes) {
            let args = Arg::from_osc(message.args);
            let _read_or_refused = handlers::parse(&message.addr, &args);
        }
    }
});
