//! The messages in both directions.

use std::time::Duration;

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::provider::lyria::LyriaSettings;
use music_generator::provider::{Control, Provider, ProviderEvent, Setting, Warning};
use music_generator::types::config::{Config, Mode};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::{KEY, LONG, next, next_audio, play, provider, quick, wait_until};
use crate::server::{Server, audio};

const PATH: &str = "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic";

#[test]
fn the_opening_and_all_requests_are_those_of_the_service() {
    let server = Server::start(|peer| {
        peer.begin()?;
        peer.audio(&[1, 2])?;
        peer.wait()
    });
    let session = provider(quick(&server)).open().unwrap();
    let prompt = |text: &str| vec![WeightedPrompt { text: text.to_owned(), weight: 1.5 }];
    session.set_prompts(&prompt("rain")).unwrap();
    session.set_config(&Config { temperature: 1.0, seed: Some(7), ..Config::default() }).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(server.logs().is_empty(), "it connects before it plays");
    session.control(Control::Play).unwrap();
    assert_eq!(next_audio(&*session).pcm, [1, 2]);
    session.set_prompts(&prompt("sun")).unwrap();
    let config = Config { bpm: Some(90.0), scale: Some((0, Mode::Ionian)), muted: [true; 5], ..Config::default() };
    session.set_config(&config).unwrap();
    for control in [Control::ResetContext, Control::Pause, Control::Play, Control::Stop] {
        session.control(control).unwrap();
    }
    wait_until("STOP", || server.logs()[0].messages.iter().any(|message| message["playbackControl"] == "STOP"));
    session.close();
    wait_until("the end", || server.logs()[0].ended.is_some());
    let log = &server.logs()[0];
    assert_eq!(log.path, PATH);
    let header = |name: &str| log.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(header("x-goog-api-key"), Some(KEY));
    assert_eq!(header("host"), Some(&*format!("127.0.0.1:{}", server.port)));
    let prompts = |text: &str| json!({"clientContent": {"weightedPrompts": [{"text": text, "weight": 1.5}]}});
    let control = |name: &str| json!({"playbackControl": name});
    let expected = [
        json!({"setup": {"model": "models/lyria-realtime-exp"}}),
        prompts("rain"),
        json!({"musicGenerationConfig": {"temperature": 1.0, "seed": 7}}),
        control("PLAY"),
        prompts("sun"),
        json!({"musicGenerationConfig": {"temperature": 1.1, "bpm": 90, "scale": "C_MAJOR_A_MINOR", "muteBass": true,
            "muteDrums": true, "onlyBassAndDrums": true}}),
        control("RESET_CONTEXT"),
        control("PAUSE"),
        control("PLAY"),
        control("STOP"),
    ];
    assert_eq!(log.messages[..expected.len()], expected);
    let capabilities = session.capabilities();
    assert_eq!(capabilities.hard_reset_fields, [Setting::Bpm, Setting::Scale]);
    assert_eq!((capabilities.bpm, capabilities.max_session_seconds), (Some((60.0, 200.0)), None));
    assert!(provider(quick(&server)).open().unwrap().set_config(&Config { bpm: Some(59.0), ..config }).is_err());
}

#[test]
fn texts_and_binary_frames_in_camel_case_and_snake_case_are_read() {
    let server = Server::start(|peer| {
        peer.receive()?;
        peer.send_raw(Message::binary(json!({"setup_complete": {}, "usage": {"x": [1]}}).to_string()))?;
        peer.until("PLAY")?;
        let snake = |message: Value| {
            let text = message.to_string();
            let renamed = text.replace("serverContent", "server_content").replace("audioChunks", "audio_chunks");
            renamed.replace("mimeType", "mime_type").replace("data", "extra\":1,\"data")
        };
        peer.audio(&[1, 2])?;
        peer.send_raw(Message::binary(audio(&[3, 4]).to_string()))?;
        peer.send_raw(Message::text(snake(audio(&[5, 6]))))?;
        peer.send_raw(Message::binary(snake(audio(&[7, 8]))))?;
        // With line breaks, and after a ping.
        peer.send_raw(Message::Ping(vec![9; 125].into()))?;
        peer.send_raw(Message::text(format!("\n{:#}\n", audio(&[9, 10]))))?;
        peer.send(&json!({"filteredPrompt": {"text": "a", "filteredReason": "b"}}))?;
        peer.send(&json!({"filtered_prompt": {"text": "c", "filtered_reason": "d"}}))?;
        peer.send(&json!({"warning": "slow"}))?;
        peer.send(&json!({"news": 1}))?;
        peer.wait()
    });
    let session = play(quick(&server));
    let (mut pcm, mut others) = (Vec::new(), Vec::new());
    while others.len() < 4 || pcm.len() < 10 {
        match next(&*session) {
            ProviderEvent::Audio(audio) => {
                assert_eq!((audio.frame, audio.starts_anew), (pcm.len() as u64 / 2, pcm.is_empty()));
                assert_eq!(audio.source.prompts[0].text, "minimal techno");
                pcm.extend(audio.pcm);
            }
            other => others.push(other),
        }
    }
    assert_eq!(pcm, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let filtered = |text: &str, reason: &str| ProviderEvent::Filtered { text: text.into(), reason: reason.into() };
    assert_eq!(others[..2], [filtered("a", "b"), filtered("c", "d")]);
    assert_eq!(others[2], ProviderEvent::Warning(Warning::Said("slow".to_owned())));
    assert!(matches!(&others[3], ProviderEvent::Warning(Warning::UnknownMessage(text)) if text.contains("news")));
    wait_until("a pong", || server.logs()[0].pongs == 1);
}

#[test]
fn audio_after_a_reset_or_a_stop_starts_anew() {
    let server = Server::start(|peer| {
        peer.begin()?;
        peer.audio(&[1, 1])?;
        peer.audio(&[2, 2])?;
        peer.until("RESET_CONTEXT")?;
        peer.audio(&[3, 3])?;
        peer.until("PAUSE")?;
        peer.until("PLAY")?;
        peer.audio(&[4, 4])?;
        peer.until("STOP")?;
        peer.until("PLAY")?;
        peer.audio(&[5, 5])?;
        peer.wait()
    });
    let session = play(quick(&server));
    let next = || {
        let audio = next_audio(&*session);
        (audio.pcm[0], audio.frame, audio.starts_anew)
    };
    assert_eq!([next(), next()], [(1, 0, true), (2, 1, false)]);
    session.control(Control::ResetContext).unwrap();
    assert_eq!(next(), (3, 2, true));
    session.control(Control::Pause).unwrap();
    session.control(Control::Play).unwrap();
    assert_eq!(next(), (4, 3, false));
    session.control(Control::Stop).unwrap();
    session.control(Control::Play).unwrap();
    assert_eq!(next(), (5, 4, true));
}

#[test]
fn a_paused_session_is_closed_after_a_while_and_opened_again_when_it_plays() {
    let server = Server::start(|peer| {
        peer.begin()?;
        peer.audio(&[1, 2])?;
        peer.wait()
    });
    let session = play(LyriaSettings { idle_after: Duration::from_millis(300), ..quick(&server) });
    assert_eq!(next_audio(&*session).frame, 0);
    session.control(Control::Pause).unwrap();
    wait_until("the end", || server.logs()[0].ended.is_some());
    assert_eq!(server.logs()[0].messages.last().unwrap(), &json!({"playbackControl": "STOP"}));
    session.set_prompts(&[WeightedPrompt { text: "changed".to_owned(), weight: 1.0 }]).unwrap();
    assert!(session.next_event(Duration::from_millis(200)).is_err());
    assert_eq!(server.logs().len(), 1);
    session.control(Control::Play).unwrap();
    let audio = next_audio(&*session);
    assert_eq!((audio.frame, audio.starts_anew, &*audio.source.prompts[0].text), (1, true, "changed"));
}

#[test]
fn a_connection_with_tls_trusts_only_the_given_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer_key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&issuer_key).unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, certificate.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let signed = names.signed_by(&key, &Issuer::new(params, issuer_key)).unwrap();
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let ring = rustls::crypto::ring::default_provider();
    let builder = rustls::ServerConfig::builder_with_provider(ring.into()).with_safe_default_protocol_versions();
    let config = builder.unwrap().with_no_client_auth().with_single_cert(vec![signed.der().clone()], private).unwrap();
    let config = std::sync::Arc::new(config);
    let server = Server::start_with(
        move |tcp| {
            let session = rustls::ServerConnection::new(config.clone()).unwrap();
            Some(Box::new(rustls::StreamOwned::new(session, tcp)))
        },
        |peer| {
            peer.begin()?;
            // More than fits into a TLS record and a buffer of the system.
            for chunk in 0..20_i16 {
                peer.audio(&[chunk; 192_000])?;
            }
            peer.wait()
        },
    );
    let url = format!("https://127.0.0.1:{}", server.port);
    let session = play(LyriaSettings { base_url: url.clone(), ca_file: Some(ca_file), ..quick(&server) });
    for chunk in 0..20_i16 {
        let audio = next_audio(&*session);
        assert_eq!((audio.frames(), audio.pcm[0], audio.pcm[191_999]), (96_000, chunk, chunk));
    }
    // Those of the system do not have it.
    let session = play(LyriaSettings { base_url: url, ..quick(&server) });
    match session.next_event(LONG).unwrap() {
        ProviderEvent::Warning(Warning::Restarts { fault, .. }) => {
            assert_eq!(fault.name(), "not_reached");
            assert!(fault.to_string().contains("certificate"), "{fault}");
        }
        other => panic!("{other:?}"),
    }
}
