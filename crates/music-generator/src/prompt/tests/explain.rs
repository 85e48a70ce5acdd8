use super::{blended, vocabulary};
use crate::prompt::blend::WeightedPrompt;
use crate::prompt::explain::{Explanation, explain};

fn explanation(prompts: &[(&str, f64)]) -> Explanation {
    let weighted: Vec<WeightedPrompt> =
        prompts.iter().map(|(text, weight)| WeightedPrompt { text: (*text).to_owned(), weight: *weight }).collect();
    explain(vocabulary(), &weighted, &blended(prompts))
}

#[test]
fn the_text_tells_words_corrections_negations_and_the_target() {
    let text = explanation(&[("very sad ambeint rain, no drums, blorpy, 60 bpm in D minor", 2.0), ("zzgrmpf", 1.0)])
        .to_string();
    let expected = "\
\"very sad ambeint rain, no drums, blorpy, 60 bpm in D minor\" (weight 2)
  very                 x1.5
  sad                  sad (mood), strength 1.5
  ambeint              ambient (genre), corrected to \"ambient\"
  rain                 rain (weather)
  no                   negation
  drums                not drums (instrument)
  blorpy               not understood, nearest words: blurry, cloudy
  60 bpm               60 bpm
  in                   no effect
  D minor              D aeolian
  warning: not understood: \"blorpy\" (nearest: blurry, cloudy)
\"zzgrmpf\" (weight 1)
  no effect: no word was understood: \"zzgrmpf\" (nearest: ";
    assert!(text.starts_with(expected), "{text}");
    for line in [
        "style         ambient 1\n",
        "tempo         60 bpm\n",
        "scale         D aeolian\n",
        "muted         drums\n",
        "noises        rain 0.6\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_json_has_the_same_facts() {
    let json = serde_json::to_value(explanation(&[("happily rain, no drums", 1.0)])).unwrap();
    let words = &json["prompts"][0]["words"];
    assert_eq!(
        words[0],
        serde_json::json!({
            "text": "happily", "meaning": "happy (mood)", "entry": "happy", "group": "mood", "found": "form", "strength": 1.0
        })
    );
    assert_eq!(words[3]["negated"], true);
    assert_eq!(json["target"]["muted"], serde_json::json!(["drums"]));
    assert_eq!(json["target"]["noises"]["rain"], serde_json::json!(0.6_f32));
    assert_eq!(json["target"]["scale"], "ionian");
}
