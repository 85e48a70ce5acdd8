//! Forms of a word: plurals, comparatives, adverbs, and genders of Spanish.

/// Endings with what replaces them, the longest first. A form counts only when the vocabulary has the result.
const ENDINGS: &[(&str, &[&str])] = &[
    // Spanish: lentamente, suavecito, tristísimo.
    ("amente", &["o", "a"]),
    ("isima", &["o", "e"]),
    ("isimo", &["o", "e"]),
    ("mente", &[""]),
    ("ecito", &["e"]),
    ("ecita", &["e"]),
    ("ecitos", &["e"]),
    ("ecitas", &["e"]),
    ("itos", &["o"]),
    ("itas", &["o", "a"]),
    ("ito", &["o"]),
    ("ita", &["o", "a"]),
    // English: happiness, happily, happier, sadder, slowest, dreaming, relaxed.
    ("iness", &["y"]),
    ("iest", &["y"]),
    ("ness", &["", "e"]),
    ("ical", &["ic", "y"]),
    ("ish", &["", "e"]),
    ("ily", &["y"]),
    ("ier", &["y"]),
    ("ies", &["y"]),
    ("ing", &["", "e"]),
    ("est", &["", "e"]),
    ("ful", &[""]),
    ("ed", &["", "e"]),
    ("er", &["", "e"]),
    ("ly", &["", "e", "le"]),
    ("es", &["", "e"]),
    // Spanish: tranquilas, tranquilos.
    ("as", &["o", "a"]),
    ("os", &["o"]),
    ("s", &[""]),
    ("a", &["o"]),
    ("y", &["", "e"]),
];

/// The least number of characters that must be left of a word.
const LEAST: usize = 3;

/// The words that `word` may be a form of, the most likely first.
pub(super) fn forms(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !word.is_ascii() {
        return found;
    }
    for (ending, replacements) in ENDINGS {
        let Some(start) = word.strip_suffix(ending) else { continue };
        if start.len() < LEAST {
            continue;
        }
        for replacement in *replacements {
            found.push(format!("{start}{replacement}"));
        }
        // A doubled consonant: sadder, running.
        let mut letters = start.chars().rev();
        if let (Some(last), Some(before)) = (letters.next(), letters.next())
            && last == before
            && start.len() > LEAST
        {
            found.push(start[..start.len() - 1].to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_the_word() {
        for (form, word) in [
            ("happily", "happy"),
            ("sadder", "sad"),
            ("slowest", "slow"),
            ("darkness", "dark"),
            ("drums", "drum"),
            ("dreaming", "dream"),
            ("relaxed", "relax"),
            ("lentamente", "lento"),
            ("tranquilas", "tranquilo"),
            ("suavecito", "suave"),
        ] {
            assert!(forms(form).contains(&word.to_owned()), "{form}: {:?}", forms(form));
        }
        assert!(forms("as").is_empty());
    }
}
