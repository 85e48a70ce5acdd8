//! Natural sentences in four languages with what must be read in them.

use super::{target, vocabulary};
use crate::prompt::reader::read;
use crate::prompt::reading::{Meaning, Warning};
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;

/// What was read, in short: `!` is a negation, `x1.5` a strength, `1!` an instrument alone, `?` a word that was not understood.
fn summary(text: &str) -> String {
    let reading = read(vocabulary(), text).unwrap_or_else(|filtered| panic!("{text}: {filtered}"));
    let words: Vec<String> = reading
        .parts
        .iter()
        .filter_map(|part| match &part.meaning {
            Meaning::Entry { name, strength, negated, alone, .. } => Some(format!(
                "{}{}{}{}",
                if *negated { "!" } else { "" },
                if *alone { "1!" } else { "" },
                name.replace(' ', "_"),
                if (strength - 1.0).abs() < 1e-3 { String::new() } else { format!("x{strength}") }
            )),
            Meaning::Bpm(bpm) => Some(format!("{bpm}bpm")),
            Meaning::Meter(beats) => Some(format!("{beats}/4")),
            Meaning::Key { tonic, mode } => Some(format!("key{tonic}{}", mode.map_or("", |mode| mode.name()))),
            Meaning::Unknown { .. } => Some(format!("?{}", part.written)),
            _ => None,
        })
        .collect();
    words.join(" ")
}

#[test]
fn natural_sentences_are_read() {
    let sentences = [
        ("a rainy night in a small cafe, no drums, slow", "rain night cafe !drums slow"),
        ("lofi hip hop beats to study and relax to", "lofi drums focused relaxed"),
        ("dark minimal techno at 128 bpm, hypnotic", "dark minimal-techno 128bpm hypnotic"),
        ("epic orchestral trailer with huge taiko drums and brass", "epic orchestral trailer epic taiko drums brass"),
        ("a happy summer morning, acoustic guitar", "happy summer morning nylon"),
        ("very sad solo piano in C minor", "sadx1.5 1!piano key0aeolian"),
        ("not too fast, not sad, gentle rhodes", "!fast !sad gentle rhodes"),
        ("dreamy ambient pads, lots of reverb, no beat", "dreamy ambient pad spaciousx1.5 drumless"),
        ("warm vinyl crackle and muted guitar, laid-back", "warm vinyl guitar laid-back"),
        ("jazzy chords with brushed drums and upright bass, 3/4", "jazz harmony brushes upright 3/4"),
        ("an eerie haunted castle, strings without brass", "eerie eerie castle strings !brass"),
        ("8-bit video game adventure, upbeat", "8-bit game adventure upbeat"),
        ("no drums and bass, just piano", "!drums !bass 1!piano"),
        ("no drums and soft piano", "!drums soft piano"),
        ("not only sad but also hopeful", "sad hopeful"),
        ("less drums, more bass", "drumsx-0.2 bassx1.2"),
        ("deep house, 120-124 bpm, F# minor", "deep-house 122bpm key6aeolian"),
        ("walking in the snow under the stars, music box", "walking-pace snow stars music-box"),
        ("meditation music for sleep, drone, very slow", "meditation sleep drone very-slow"),
        ("Heroic journey through the mountains, french horns, D dorian", "heroic adventure mountains horn key2dorian"),
        ("a bit of jazz, extremely mellow", "jazzx0.5 mellowx1.8"),
        ("I want something like the sound of an old radio in the 1940s", "radio 1940s"),
        ("80s synthwave, neon city, night drive", "1980s synthwave synthwave city night"),
        ("-drums -bass warm pads", "!drums !bass warm pad"),
        ("drum and bass in the rain, 170bpm", "drum-and-bass rain 170bpm"),
        ("cozy fireplace on a cold winter night", "cozy fire cold winter night"),
        ("Slower, darker, sadder: cellos and choirs", "slow dark sad cello choir"),
        ("piano without strings or brass, with harp", "piano !strings !brass harp"),
        ("lluvia suave y guitarra, sin batería", "rain soft guitar !drums"),
        ("noche triste y lenta con violonchelo", "night sad slow cello"),
        ("música alegre para bailar, muy rápida", "happy danceable very-fast"),
        ("piano tranquilo junto al mar, sin percusión ni bajo", "piano calm ocean !drums !bass"),
        ("amanecer en la montaña, flauta y arpa", "dawn mountains flute harp"),
        ("un poco de melancolía, la menor, 70 bpm", "melancholyx0.5 key9aeolian 70bpm"),
        ("tormenta oscura y misteriosa, cuerdas", "storm dark mysterious strings"),
        ("no es triste, es feliz", "!sad happy"),
        ("guitarras suavecitas y tranquilas, fa sostenido menor", "guitar soft calm key6aeolian"),
        ("barish ki raat, udaas bansuri", "rain night sad bansuri"),
        ("subah ka raag bhairav, tabla ke bina", "morning bhairav !tabla"),
        ("shaant mandir, tanpura aur sitar, bahut dheere", "calm temple tanpura sitar very-slow"),
        ("raag yaman shaam ko, bina drums", "yaman evening !drums"),
        ("बारिश की रात, उदास बांसुरी", "rain night sad bansuri"),
        ("तबला के बिना, शांत सुबह", "!tabla calm morning"),
        ("बहुत उदास, धीरे, सितार और तानपुरा", "sadx1.5 slow sitar tanpura"),
        ("monsoon ragas with lofi drums", "monsoon indian lofi drums"),
        ("khushi bhara bollywood gaana, tez", "happy bollywood fast"),
        ("静かな雨の夜、ピアノ", "calm rain night piano"),
        ("とても悲しいチェロ、ドラムなし", "sadx1.5 cello !drums"),
        ("懐かしい夏の夕方、ローファイ、ギターとフルート", "nostalgic summer evening lofi guitar flute"),
        ("明るくて楽しいゲーム音楽、速い", "bright joyful game fast"),
        ("宇宙の夢、アンビエント、ドラムとベースなし", "space dreamy ambient !drums !bass"),
        ("ハ短調のピアノ、少し暗い", "key0aeolian piano darkx0.5"),
        ("shizuka na ame no yoru, piano", "calm rain night piano"),
        ("totemo kanashii, doramu nashi", "sadx1.5 !drums"),
        ("勉強用のローファイ、カフェの音", "focused lofi cafe"),
        ("嬰ト短調、激しい太鼓、78bpm", "key8aeolian aggressive taiko 78bpm"),
        ("rain, lluvia, barish, 雨", "rain rain rain rain"),
    ];
    let wrong: Vec<String> = sentences
        .iter()
        .filter(|(text, expected)| summary(text) != *expected)
        .map(|(text, expected)| format!("{text}\n  expected {expected}\n  read     {}", summary(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn negation_mutes_stems_excludes_instruments_and_turns_moods_round() {
    let neutral = target("calm");
    let without = target("calm, no drums, no bass");
    assert!(without.muted[Stem::Drums.index()] && without.muted[Stem::Bass.index()]);
    assert_eq!(without.arousal, neutral.arousal);
    let without = target("calm strings without piano");
    assert!(without.excluded.contains(&Instrument::GrandPiano) && without.excluded.contains(&Instrument::FeltPiano));
    assert!(without.instruments.contains_key(&Instrument::Strings));
    assert!(!target("rain, no piano, piano").instruments.contains_key(&Instrument::GrandPiano));
    assert!((target("not sad").valence - 0.42).abs() < 1e-6);
    assert_eq!(target("not sad").mode, None);
    assert!(target("not only sad").valence < -0.6);
    assert!(target("slow, no rain").noises.is_empty());
    // A comma ends the phrase, and so do a noun, "with" and "but".
    for text in [
        "no drums, strings",
        "no drums strings",
        "no drums but strings",
        "no drums with strings",
        "without drums. Strings",
    ] {
        let target = target(text);
        assert!(target.muted[0] && target.instruments.contains_key(&Instrument::Strings), "{text}");
    }
    for text in [
        "no drums or bass",
        "no drums and bass",
        "neither calm: no drums, no bass",
        "sin batería ni bajo",
        "ドラムとベースなし",
    ] {
        let target = target(text);
        assert!(target.muted[Stem::Drums.index()] && target.muted[Stem::Bass.index()], "{text}");
    }
}

#[test]
fn solo_silences_the_other_instruments_of_the_same_stem() {
    let solo = target("solo cello over warm pads");
    assert!(solo.excluded.contains(&Instrument::Flute) && !solo.excluded.contains(&Instrument::Cello));
    assert!(!solo.excluded.contains(&Instrument::Pad));
}

#[test]
fn intensifiers_scale_the_next_word() {
    let sad = |text| target(text).valence;
    assert!((sad("slightly sad") + 0.35).abs() < 1e-6);
    assert!((sad("sad") + 0.7).abs() < 1e-6);
    assert!((sad("very sad") + 1.0).abs() < 1e-6);
    assert!((sad("less sad") - 0.14).abs() < 1e-6);
    assert!((sad("un poco triste") + 0.35).abs() < 1e-6);
    assert!((sad("thoda udaas") + 0.35).abs() < 1e-6);
    assert!((sad("少し悲しい") + 0.35).abs() < 1e-6);
    let gain = |text| target(text).stem_gains_db[Stem::Drums.index()];
    assert!(
        gain("less drums") < gain("slightly drums")
            && gain("slightly drums") < gain("drums")
            && gain("drums") < gain("very drums")
    );
}

#[test]
fn words_that_agree_add_up_and_do_not_run_to_the_limit() {
    let night = target("night").arousal;
    let rainy = target("rainy night").arousal;
    let sentence = target("a slow rainy night in a cafe").arousal;
    assert!(sentence < rainy && rainy < night && sentence > -0.7, "{night} {rainy} {sentence}");
    assert!(target("sad but hopeful").valence.abs() < 0.2);
}

#[test]
fn misspellings_are_corrected_and_reported() {
    for (wrong, right) in [
        ("ambeint", "ambient"),
        ("techmo", "techno"),
        ("melancoly", "melancholy"),
        ("pianno", "piano"),
        ("orchestrl", "orchestra"),
        ("nostalgc", "nostalgic"),
        ("withuot", "without"),
        ("guittarra", "guitarra"),
        ("bansurri", "bansuri"),
        ("natsukasii", "natsukashii"),
    ] {
        let text = format!("{wrong} rain");
        let reading = read(vocabulary(), &text).unwrap();
        assert_eq!(reading.corrections(), [(wrong, right)], "{text}");
    }
    // Short words, and words that begin with another letter, are not corrected.
    for text in ["jaz", "sid", "wight"] {
        assert!(summary(&format!("{text} rain")).starts_with('?'), "{text}");
    }
    let reading = read(vocabulary(), "celo rain").unwrap();
    let Warning::NotUnderstood { words } = &reading.warnings[0] else { panic!("{:?}", reading.warnings) };
    assert_eq!(words[0], ("celo".to_owned(), vec!["cello".to_owned(), "chelo".to_owned()]));
}

#[test]
fn tempi_keys_and_time_signatures_are_read() {
    for (text, expected) in [
        ("78 bpm", "78bpm"),
        ("120bpm", "120bpm"),
        ("at 87.5 BPM", "87.5bpm"),
        ("90 beats per minute", "90bpm"),
        ("tempo 66", "66bpm"),
        ("80-90 bpm", "85bpm"),
        ("１２０ＢＰＭ", "120bpm"),
        ("C minor", "key0aeolian"),
        ("D dorian", "key2dorian"),
        ("F# major", "key6ionian"),
        ("F♯ major", "key6ionian"),
        ("Bb minor", "key10aeolian"),
        ("B flat minor", "key10aeolian"),
        ("F#m", "key6aeolian"),
        ("Am", "key9aeolian"),
        ("in the key of G", "key7"),
        ("re menor", "key2aeolian"),
        ("si bemol mayor", "key10ionian"),
        ("ハ長調", "key0ionian"),
        ("minor", "aeolian"),
        ("3/4", "3/4"),
        ("6/8", "3/4"),
        ("waltz", "waltz"),
    ] {
        assert_eq!(summary(text), expected, "{text}");
    }
    // "am" and "a" are words, "1980s" and "808" are no tempi.
    assert_eq!(summary("I am sad in a cafe, 1980s 808"), "sad cafe 1980s 808");
    let fast = read(vocabulary(), "900 bpm").unwrap();
    assert_eq!(fast.warnings[0].to_string(), "900 beats per minute are outside 40 to 200; 200 are used");
    let odd = read(vocabulary(), "rain in 7/8").unwrap();
    assert!(odd.warnings[0].to_string().starts_with("the time signature 7/8 is not available"));
    assert_eq!(target("rain, 78 bpm").bpm, Some(78.0));
}
