#[test]
fn scratch() {
    let list = std::fs::read_to_string("/tmp/g3/sentences.txt").unwrap();
    for line in list.lines() {
        let prompts = [crate::prompt::blend::WeightedPrompt { text: line.to_owned(), weight: 1.0 }];
        let b = crate::prompt::blend::blend(super::vocabulary(), &prompts, &Default::default(), None).unwrap();
        let e = crate::prompt::explain::explain(super::vocabulary(), &prompts, &b);
        print!("\n== {line}\n   ");
        for w in &e.prompts[0].words {
            print!("[{} -> {}{}{}{}] ", w.text, w.meaning, w.corrected_to.as_ref().map_or(String::new(), |c| format!(" corr {c}")), w.strength.filter(|s| *s != 1.0).map_or(String::new(), |s| format!(" x{s}")), if w.nearest.is_empty() { String::new() } else { format!(" ?{:?}", w.nearest) });
        }
        if let Some(f) = &e.prompts[0].filtered { print!("FILTERED {f}"); }
        let t = &e.target;
        println!("\n   {:?} v{} a{} d{} b{} {}bpm {} inst{:?} ex{:?} mute{:?} noise{:?} gains{:?} raga{:?}", t.styles, t.valence, t.arousal, t.density, t.brightness, t.bpm, t.scale, t.instruments, t.excluded, t.muted, t.noises, t.stem_gains, t.raga);
    }
}
