//! What is refused, and how a command line is split.

use music_generator::provider::command_line::{CommandLineError, split};
use music_generator::provider::{BuiltIn, Capabilities, ExternalProvider, Provider, ProviderSession, check_config};
use music_generator::types::config::Config;

use crate::harness::{Script, prompt, quick};

fn refuses(session: &dyn ProviderSession) {
    let name = |prompts: &[_]| session.set_prompts(prompts).unwrap_err().name();
    for weight in [f64::NAN, 0.0, -0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY] {
        let error = session.set_prompts(&[prompt("rain", 1.0), prompt("snow", weight)]).unwrap_err();
        assert_eq!(error.name(), "prompt_weight");
        let words = format!("prompt 2 (\"snow\"): the weight is {weight}; allowed: a finite number above 0");
        assert_eq!(error.to_string(), words);
    }
    assert_eq!(name(&[prompt(&"x".repeat(10_000), 1.0)]), "long_prompt");
    assert_eq!(name(&[prompt(" \n", 1.0)]), "empty_prompt");
    assert_eq!(name(&[]), "no_prompts");
    assert_eq!(name(&vec![prompt("rain", 1.0); 21]), "too_many_prompts");
    session.set_prompts(&[prompt(&"x".repeat(2_000), f64::MIN_POSITIVE)]).unwrap();
    let usual = Config::default();
    for config in [
        Config { bpm: Some(f64::NAN), ..usual.clone() },
        Config { bpm: Some(0.0), ..usual.clone() },
        Config { density: Some(1.1), ..usual.clone() },
        Config { brightness: Some(f32::NAN), ..usual.clone() },
        Config { temperature: -0.1, ..usual.clone() },
        Config { top_k: Some(0), ..usual.clone() },
        Config { guidance: Some(7.0), ..usual.clone() },
    ] {
        assert_eq!(session.set_config(&config).unwrap_err().name(), "setting", "{config:?}");
    }
    session.set_config(&usual).unwrap();
}

#[test]
fn prompts_and_settings_that_cannot_be_used_are_refused() {
    refuses(&*BuiltIn::new().unwrap().open().unwrap());
    let script = Script::new("receive(); ready()\nwhile receive(): pass");
    refuses(&*script.provider(quick()).open().unwrap());
    script.check_nothing_left();
    let slow = Capabilities { bpm: Some((60.0, 200.0)), ..Capabilities::default() };
    let error = check_config(&Config { bpm: Some(59.0), ..Config::default() }, &slow).unwrap_err();
    assert_eq!(error.to_string(), "the setting bpm is 59; allowed: 60 to 200");
}

#[test]
fn a_command_that_does_not_exist_is_an_error_without_its_arguments() {
    let provider = ExternalProvider::new("/no/such/program --key secret").unwrap();
    let error = provider.open().err().unwrap();
    assert_eq!(error.name(), "start");
    assert!(error.to_string().contains("/no/such/program") && !error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_line_is_split_as_in_a_shell() {
    let words = |line: &str| split(line).unwrap();
    assert_eq!(words("  a  b\tc "), ["a", "b", "c"]);
    assert_eq!(words(r#"a 'b  c' "d 'e'" f"#), ["a", "b  c", "d 'e'", "f"]);
    assert_eq!(words(r#"a\ b "c\"d\\e\f" '$HOME|;' """#), ["a b", r#"c"d\e\f"#, "$HOME|;", ""]);
    assert_eq!(words("--a='b c'd"), ["--a=b cd"]);
    assert_eq!(words("größe"), ["größe"]);
    assert_eq!(words("a b#c d~"), ["a", "b#c", "d~"]);
    assert_eq!(split("  "), Err(CommandLineError::Empty));
    assert_eq!(split("''"), Err(CommandLineError::Empty));
    assert_eq!(split("a 'b"), Err(CommandLineError::Unclosed { quote: '\'', at: 3 }));
    assert_eq!(split("a b\\"), Err(CommandLineError::Backslash));
    assert_eq!(split("a\0"), Err(CommandLineError::Null { at: 2 }));
    for (line, character, at) in [
        ("a | b", '|', 3),
        ("a && b", '&', 3),
        ("a > log", '>', 3),
        ("a $HOME", '$', 3),
        ("a \"$HOME\"", '$', 4),
        ("a `b`", '`', 3),
        ("a *.wav", '*', 3),
        ("~/a", '~', 1),
        ("a #b", '#', 3),
        ("a; b", ';', 2),
    ] {
        assert_eq!(split(line), Err(CommandLineError::NeedsShell { character, at }), "{line}");
    }
    assert_eq!(
        ExternalProvider::new("adapter | tee log").unwrap_err().to_string(),
        "the command of the music provider: '|' at character 9 has a meaning in a shell, and no shell is used: put it in single quotes"
    );
}
