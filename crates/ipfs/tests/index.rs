//! An index of blocks is limited in size.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::bytes;
use crowd_ipfs::{BlockIndex, Cid, Directory, Error, FileDag, IndexLimits, Profile, Source};

fn file(content: &[u8]) -> (FileDag, Source) {
    (FileDag::of_bytes(content, Profile::V1).unwrap(), Source::Bytes(content.into()))
}

fn insert(index: &mut BlockIndex, content: &[u8]) -> Cid {
    let (dag, source) = file(content);
    let root = dag.root();
    index.insert_file("a.ts", dag, source).unwrap();
    root
}

#[test]
fn ten_thousand_updates_of_a_stream_keep_the_index_small() {
    const WINDOW: u32 = 12;
    let mut index = BlockIndex::new(IndexLimits { objects: 64, memory: 1 << 20 });
    let segment = bytes(1000);
    let (mut largest, mut seen) = ((0, 0, 0), Vec::new());
    for update in 0..10_000_u32 {
        let segment = [&update.to_le_bytes(), segment.as_slice()].concat();
        let dag = FileDag::of_bytes(&segment, Profile::V1).unwrap();
        seen.push(dag.link());
        let path: Arc<Path> = Path::new(&format!("segments/{update}.ts")).into();
        index.insert_file("segment.ts", dag, Source::File(path)).unwrap();
        let window = &seen[seen.len().saturating_sub(WINDOW as usize)..];
        let playlist = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{update}\n");
        let (dag, source) = file(playlist.as_bytes());
        let mut entries = vec![("live.m3u8".to_owned(), dag.link())];
        entries.extend(window.iter().enumerate().map(|(number, link)| (format!("{number}.ts"), *link)));
        let directory = Directory::new(entries, Profile::V1).unwrap();
        let mut keep: Vec<Cid> = window.iter().map(|link| link.cid).collect();
        keep.extend([dag.root(), directory.root()]);
        index.insert_file("live.m3u8", dag, source).unwrap();
        index.insert_directory(directory).unwrap();
        index.retain(|root| keep.contains(root));
        largest = (largest.0.max(index.objects()), largest.1.max(index.blocks()), largest.2.max(index.memory()));
        assert!(keep.iter().all(|cid| index.contains(cid)));
        if let Some(left) = seen.len().checked_sub(WINDOW as usize + 1) {
            assert!(!index.contains(&seen[left].cid), "update {update}");
        }
    }
    assert_eq!((largest.0, largest.1), (14, 14));
    assert!(largest.2 < 20_000, "{} bytes", largest.2);
}

#[test]
fn the_oldest_is_forgotten_without_being_told() {
    let mut index = BlockIndex::new(IndexLimits { objects: 100, memory: 100_000 });
    let mut roots = Vec::new();
    for number in 0..10_000_u32 {
        roots.push(insert(&mut index, &number.to_le_bytes()));
        assert!(index.objects() <= 100 && index.blocks() <= 100 && index.memory() <= 100_000);
        if number == 50 {
            insert(&mut index, &0_u32.to_le_bytes());
        }
        if number == 120 {
            assert!(index.contains(&roots[0]) && !index.contains(&roots[1]), "what is added again becomes the newest");
        }
    }
    let known = roots.iter().filter(|root| index.contains(root)).count();
    assert!(known == index.objects() && index.contains(roots.last().unwrap()));
    for root in &roots {
        index.forget(root);
    }
    assert_eq!((index.objects(), index.blocks(), index.memory()), (0, 0, 0));
    assert!(!index.forget(&roots[0]));
}

#[test]
fn a_block_of_two_files_stays_until_both_are_forgotten() {
    let mut index = BlockIndex::default();
    let (same, mut long) = (bytes(262_144), bytes(262_144).repeat(3));
    let one = insert(&mut index, &same);
    let three = insert(&mut index, &long);
    long.push(1);
    let more = insert(&mut index, &long);
    let block = |index: &BlockIndex| index.block(&one).map(|body| body.read().unwrap());
    assert_eq!(index.blocks(), 4, "one chunk for all, one chunk of a byte, and two roots");
    index.forget(&one);
    assert_eq!(block(&index), Some(same.clone()));
    index.forget(&more);
    assert_eq!(block(&index), Some(same));
    index.forget(&three);
    assert_eq!((block(&index), index.blocks(), index.memory()), (None, 0, 0));
}

#[test]
fn what_cannot_be_in_an_index_is_refused() {
    let mut index = BlockIndex::new(IndexLimits { objects: 10, memory: 10_000 });
    let kept = insert(&mut index, b"a");
    let (dag, source) = file(&bytes(20_000));
    let error = index.insert_file("a", dag.clone(), source).unwrap_err().to_string();
    assert!(error.contains("the limit of the index is 10000 bytes"), "{error}");
    let error = index.insert_file("a", dag, Source::Bytes(Arc::from(&b"a"[..]))).unwrap_err();
    assert!(matches!(error, Error::SourceLength { expected: 20_000, found: 1, .. }), "{error}");
    assert!(index.contains(&kept) && index.objects() == 1);
}

#[test]
fn a_file_that_became_shorter_is_an_error_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ts");
    let content = bytes(300_000);
    std::fs::write(&path, &content).unwrap();
    for profile in [Profile::V1, Profile::V0] {
        let dag = FileDag::of_bytes(&content, profile).unwrap();
        let mut index = BlockIndex::default();
        index.insert_file("a.ts", dag.clone(), Source::File(path.as_path().into())).unwrap();
        for block in dag.blocks() {
            assert_eq!(index.block(&block.cid()).unwrap().read().unwrap(), block.bytes(&content).unwrap());
        }
        std::fs::write(&path, &content[..299_999]).unwrap();
        let last = &dag.blocks()[1];
        let error = index.block(&last.cid()).unwrap().read().unwrap_err().to_string();
        assert!(error.contains("a.ts has 1 bytes less"), "{error}");
        std::fs::write(&path, &content).unwrap();
    }
}
