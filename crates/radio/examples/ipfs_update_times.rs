//! Measures how long the station takes to publish an update on IPFS: a new segment of 107 kB in a window of 17, with everything on the disk.
//!
//! `cargo run --release -p crowd-radio --features aac --example ipfs_update_times`, which also takes the address of the RPC of a node.

use std::sync::Arc;
use std::time::Instant;

use crowd_radio::publish::{IpfsNode, IpfsPublisher};
use crowd_radio::station::{Format, Published, Segment};

const UPDATES: u64 = 1_000;
const SEGMENT_BYTES: u64 = 107_000;
const FETCHABLE: usize = 17;

/// Publishes an update.
type Publish = dyn FnMut(&Published) -> Result<(), String>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In the present folder, because a temporary one may be in memory.
    let folder = tempfile::tempdir_in(".")?;
    let mut publish: Box<Publish> = match std::env::args().nth(1) {
        Some(url) => {
            let mut node = IpfsNode::open(folder.path(), url.parse()?)?;
            Box::new(move |published| node.publish(published))
        }
        None => {
            let mut own = IpfsPublisher::open(folder.path(), vec!["/ip4/127.0.0.1/tcp/8000/http".to_owned()])?;
            Box::new(move |published| own.publish(published).map_err(|error| error.to_string()))
        }
    };
    let (mut published, mut times) = (Published::default(), Vec::new());
    for number in 0..UPDATES {
        let bytes = (0..SEGMENT_BYTES).map(|at| ((at * 2_654_435_761 + number * 97) >> 13) as u8).collect();
        published.segments.push(Arc::new(Segment::new(Format::Ts, bytes, &format!("{number}.ts"))));
        if published.segments.len() > FETCHABLE {
            published.segments.remove(0);
        }
        let playlist = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{number}\n");
        published.playlists.insert("stream.m3u8".to_owned(), playlist.into());
        let started = Instant::now();
        publish(&published)?;
        times.push(1e3 * started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    for (name, index) in [("median", times.len() / 2), ("95 %", times.len() * 95 / 100), ("longest", times.len() - 1)] {
        println!("{name}: {:.2} ms", times.get(index).copied().unwrap_or_default());
    }
    Ok(())
}
