//! Any bytes are read as a collection, or are an error. Cues that are written into a collection are read from it again, and nothing
//! else changes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use section_export::grid::Grid;
use section_export::rekordbox::{Collection, CueSlots, NamedCue, TrackCues, with_cues};
use section_export::structure::Structure;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = Collection::parse(bytes.to_vec()) else {
        assert!(with_cues(bytes.to_vec(), &[], CueSlots::Memory).is_err());
        return;
    };
    for track in &read.tracks {
        let _ = (track.location.decode(), track.location.text_decoded_twice());
        if let Some(grid) = Grid::new(Some(track), &Structure::default()) {
            assert!(grid.bpm() > 0.0 && grid.nearest_downbeat(1.0) >= 0.0);
        }
    }
    for playlist in &read.playlists {
        assert!(read.tracks_of(playlist).tracks.len() <= playlist.keys.len());
        let _ = read.playlist(&playlist.full_name());
    }
    let cues = vec![NamedCue { name: "begin".into(), seconds: 1.0 }, NamedCue { name: "<&\">".into(), seconds: 2.5 }];
    let all: Vec<_> = (0..read.tracks.len()).map(|track| TrackCues { track, cues: cues.clone() }).collect();
    if let Ok(written) = with_cues(bytes.to_vec(), &all, CueSlots::HotWhereFree) {
        let again = Collection::parse(written.clone()).expect("the written bytes are a collection");
        assert_eq!(again.tracks.len(), read.tracks.len());
        assert!(again.tracks.iter().all(|track| track.marks.len() >= 2));
        assert_eq!(with_cues(written.clone(), &all, CueSlots::HotWhereFree).expect("the cues can be written again"), written);
        assert_eq!(with_cues(bytes.to_vec(), &[], CueSlots::Memory).expect("nothing to write"), bytes);
    }
});
