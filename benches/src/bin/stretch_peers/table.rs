//! The results as tables, in the form of docs/stretch.md.

use crate::{Report, Row, ours};

pub fn print(report: &Report) {
    let Some((source, rows)) = report.rows.split_first() else { return };
    for rows in rows.chunk_by(|a, b| a.speed == b.speed) {
        let speed = rows[0].speed;
        let rows = std::iter::once(source).chain(rows).map(cells).collect::<Vec<_>>();
        print_table(&format!("at {speed}"), &HEAD, &rows);
    }
    for missing in &report.missing {
        println!("SKIPPED, not installed: {missing}\n");
    }
    let blocks = report.evenness.iter().map(|(method, blocks)| {
        let times = |x: f64| format!("{x:.2} x");
        let mean = format!("{:.2} us", blocks.mean_us);
        [method.clone(), blocks.frames.to_string(), mean, times(blocks.p99), times(blocks.longest)]
    });
    print_table("method", &["frames of a block", "mean", "p99", "longest"], &blocks.collect::<Vec<_>>());
    let head = ours::AFTER_CHANGE_MS.map(|(from, until)| format!("{from}-{until} ms after"));
    let rows = report.changes.iter().map(|change| {
        let [first, second, third] = change.worst_ms.map(|worst| format!("{worst:.2} ms"));
        [change.method.clone(), first, second, third]
    });
    print_table(
        "a hit after a tempo change is off by",
        &head.each_ref().map(String::as_str),
        &rows.collect::<Vec<_>>(),
    );
    for (method, kibibytes) in &report.memory {
        println!("{method}: {kibibytes:.0} KiB for one more stretcher");
    }
    println!("onset detection when music is loaded: {:.2} ms of processor time a second", report.onsets * 1e3);
}

const HEAD: [&str; 13] = [
    "hits",
    "lag",
    "jitter",
    "worst",
    "attack",
    "drums",
    "drums' jitter",
    "drums' attack",
    "tones",
    "chord",
    "cents",
    "mono",
    "cost",
];

fn cells(row: &Row) -> [String; 14] {
    let (hits, drums) = (&row.hits, &row.drums);
    let found = |hits: &crate::Hits| format!("{}/{}", hits.found, hits.of);
    // Adding 0 changes -0.00 to 0.00.
    let two = |x: f64| format!("{:.2}", (x * 100.0).round() / 100.0 + 0.0);
    let none = || "-".to_owned();
    [
        row.engine.clone(),
        found(hits),
        two(hits.lag_ms),
        two(hits.jitter_ms),
        two(hits.worst_ms),
        two(hits.attack),
        found(drums),
        two(drums.jitter_ms),
        two(drums.attack),
        format!("{:.0}", row.tones.dirt_db),
        format!("{:.0}", row.chord.dirt_db),
        two(row.tones.cents),
        two(row.tones.mono_db),
        row.ratio.map_or_else(none, two),
    ]
}

fn print_table<const N: usize>(corner: &str, head: &[&str], rows: &[[String; N]]) {
    let head: Vec<&str> = std::iter::once(corner).chain(head.iter().copied()).collect();
    let width = |n: usize| rows.iter().map(|row| row[n].len()).chain([head[n].len()]).max().unwrap_or(0);
    let line = |cells: &[&str]| {
        let cells = cells.iter().enumerate().map(|(n, cell)| match n {
            0 => format!("{cell:<0$}", width(n)),
            _ => format!("{cell:>0$}", width(n)),
        });
        println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    };
    line(&head);
    let rule: Vec<String> = (0..N).map(|n| if n == 0 { "---".to_owned() } else { "---:".to_owned() }).collect();
    println!("|{}|", rule.join("|"));
    rows.iter().for_each(|row| line(&row.each_ref().map(String::as_str)));
    println!();
}
