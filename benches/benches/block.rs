//! Measures the time of a block by method, decks, equaliser and block size: `cargo bench -p crowd-engine-benches`.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crowd_engine_benches::Case;

fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(30);
    for case in Case::all() {
        let mut mix = match case.mix() {
            Ok(mix) => mix,
            Err(error) => {
                eprintln!("{}: {error}", case.name());
                std::process::exit(1);
            }
        };
        group.throughput(Throughput::Elements(case.frames as u64));
        group.bench_function(case.name(), |bencher| {
            // Only the rendering is timed, because commands are sent by the control thread.
            bencher.iter_custom(|blocks| {
                (0..blocks)
                    .map(|_| {
                        if let Err(error) = mix.send_seeks() {
                            eprintln!("{}: {error}", case.name());
                            std::process::exit(1);
                        }
                        let begun = Instant::now();
                        mix.render_block();
                        begun.elapsed()
                    })
                    .sum()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, blocks);
criterion_main!(benches);
