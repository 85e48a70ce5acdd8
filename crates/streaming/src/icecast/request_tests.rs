//! The heads are those that the programs send.

use proptest::prelude::*;

use super::*;

fn parse(head: &str) -> Result<Request, BadRequest> {
    let head = head.replace('\n', "\r\n");
    assert_eq!(head_length(format!("{head}\u{1}\r\n\r\n").as_bytes()), Some(head.len()));
    Request::parse(head.as_bytes())
}

fn parse_source(head: &str) -> SourceRequest {
    match parse(head) {
        Ok(Request::Source(source)) => source,
        other => panic!("{other:?}"),
    }
}

fn parse_title(target: &str) -> TitleRequest {
    match parse(&format!("GET {target} HTTP/1.0\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\n\n")) {
        Ok(Request::Title(title)) => title,
        other => panic!("{other:?}"),
    }
}

fn hackme() -> Option<Credentials> {
    Some(Credentials { user: "source".to_owned(), password: "hackme".to_owned() })
}

#[test]
fn ffmpeg() {
    let source = parse_source(
        "PUT /live.mp3 HTTP/1.1\nUser-Agent: Lavf/59.27.100\nAccept: */*\nExpect: 100-continue\n\
         Connection: close\nHost: 127.0.0.1:8000\nContent-Type: audio/mpeg\nIcy-MetaData: 1\n\
         Ice-Name: Night \u{2014} Show\nIce-Public: 0\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\n\n",
    );
    assert_eq!((&*source.mount, source.credentials), ("/live.mp3", hackme()));
    assert_eq!(source.content_type.as_deref(), Some("audio/mpeg"));
    assert_eq!(source.name.as_deref(), Some("Night \u{2014} Show"));
    assert!(source.expects_continue && !source.reads_no_reply && !source.chunked && source.length.is_none());

    // With -legacy_icecast 1.
    let source = parse_source(
        "SOURCE /live.mp3 HTTP/1.1\nUser-Agent: Lavf/59.27.100\nAccept: */*\nConnection: close\n\
         Host: 127.0.0.1:8000\nContent-Type: audio/mpeg\nIcy-MetaData: 1\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\n\n",
    );
    assert!(!source.expects_continue && source.reads_no_reply && source.credentials == hackme());
}

#[test]
fn liquidsoap() {
    let source = parse_source(
        "SOURCE /live HTTP/1.0\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\nice-name: Radio\nice-public: 0\n\
         ice-audio-info: channels=2;samplerate=44100;bitrate=128\nContent-Type: Audio/MPEG; x=1\n\
         User-Agent: Liquidsoap/2.1.3\n\n",
    );
    assert_eq!((source.credentials, source.content_type.as_deref()), (hackme(), Some("audio/mpeg")));
    let title = parse_title("/admin/metadata?mode=updinfo&mount=%2Flive&song=Ann%20-%20Tea&charset=UTF-8");
    assert_eq!((&*title.mount, title.title.as_deref(), title.credentials), ("/live", Some("Ann - Tea"), hackme()));
}

#[test]
fn libshout() {
    let options =
        "OPTIONS * HTTP/1.1\nConnection: Keep-Alive, Upgrade\nHost: localhost:8000\nUpgrade: TLS/1.0, HTTP/1.1\n\n";
    assert_eq!(parse(options), Ok(Request::Options));
    assert_eq!(parse("GET /admin/!POKE HTTP/1.1\nHost: localhost:8000\n\n"), Ok(Request::Poke));
    let source = parse_source(
        "SOURCE /live.ogg HTTP/1.0\nHost: localhost:8000\nUser-Agent: libshout/2.4.6\nContent-Type: application/ogg\n\
         ice-public: 0\nice-name: no name\n\n",
    );
    assert_eq!(source.credentials, None);
}

#[test]
fn butt_and_older_sources() {
    let source = parse_source(
        "PUT /live HTTP/1.1\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\nUser-Agent: butt 0.1.40\nContent-Type: audio/mpeg\n\
         ice-name: no name\nice-public: 0\nice-audio-info: ice-bitrate=128;ice-channels=2;ice-samplerate=44100\n\
         Expect: 100-continue\n\n",
    );
    assert!(source.expects_continue && source.credentials == hackme());
    assert_eq!(parse_source("SOURCE /live ICE/1.0\nContent-Type: audio/mpeg\n\n").mount, "/live");
    assert_eq!(parse_title("/admin/metadata?mode=updinfo&mount=/live&song=a+%2b+b").title.as_deref(), Some("a + b"));
}

#[test]
fn curl_states_a_length_or_sends_chunks() {
    let source = parse_source("PUT /a%20b HTTP/1.1\nHost: x\nContent-Length: 17\n\n");
    assert_eq!((&*source.mount, source.length), ("/a b", Some(17)));
    assert!(parse_source("PUT http://x:1/live HTTP/1.1\nTransfer-Encoding: chunked\n\n").chunked);
}

#[test]
fn titles_have_artist_and_title_in_several_character_sets() {
    let title = |query: &str| parse_title(&format!("/admin/metadata?mode=updinfo&mount=/m{query}")).title;
    assert_eq!(title("&artist=Ann&title=Tea").as_deref(), Some("Ann - Tea"));
    assert_eq!(title("&title=Tea").as_deref(), Some("Tea"));
    assert_eq!(title("&song=A+-+B&artist=Old").as_deref(), Some("A - B"));
    assert_eq!(title("&song=&artist=Ann").as_deref(), Some("Ann"));
    assert_eq!(title("&song="), None);
    assert_eq!(title("&song=caf%E9").as_deref(), Some("caf\u{E9}"));
    assert_eq!(title("&song=caf%C3%A9").as_deref(), Some("caf\u{E9}"));
    assert_eq!(title("&song=%C3%A9&charset=ISO-8859-1").as_deref(), Some("\u{C3}\u{A9}"));
    assert_eq!(title("&song=%93x%94&charset=windows-1252").as_deref(), Some("\u{201C}x\u{201D}"));
    assert_eq!(title("&song=a%0d%0aSet:%00b").as_deref(), Some("aSet:b"));
    assert_eq!(title(&format!("&song={}", "%E6%9B%B2".repeat(800))).unwrap(), "\u{66F2}".repeat(800));
    assert_eq!(title(&format!("&song={}", "x".repeat(5_000))).unwrap(), "x".repeat(1_000));
}

#[test]
fn other_requests_are_refused_with_the_reason() {
    assert_eq!(parse("HEAD /live HTTP/1.1\n\n"), Ok(Request::Other { path: "/live".to_owned() }));
    for (head, reason) in [
        ("", "first line"),
        ("hackme\n\n", "first line"),
        ("GET / HTTP/2\n\n", "version"),
        ("PUT live HTTP/1.1\n\n", "slash"),
        ("PUT /%0a HTTP/1.1\n\n", "control"),
        ("POST /live HTTP/1.1\n\n", "method"),
        ("GET /admin/metadata?mode=list&mount=/m HTTP/1.1\n\n", "mode"),
        ("GET /admin/metadata?mode=updinfo HTTP/1.1\n\n", "mount"),
        ("PUT /m HTTP/1.1\nnonsense\n\n", "colon"),
        ("PUT /m HTTP/1.1\nContent-Length: many\n\n", "Content-Length"),
    ] {
        let error = Request::parse(head.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(reason), "{head:?}: {error}");
    }
    let long = format!("PUT /m HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(MAX_HEAD));
    assert!(Request::parse(long.as_bytes()).unwrap_err().to_string().contains("8 KiB"));
    assert_eq!(head_length(b"PUT /m HTTP/1.1\nx: y\n\nsound"), Some(22));
    assert_eq!(head_length(b"PUT /m HTTP/1.1\r\nx: y\r\n"), None);
}

proptest! {
    #[test]
    fn no_bytes_cause_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Request::parse(&bytes);
        let length = head_length(&bytes);
        prop_assert!(length.is_none_or(|length| length <= bytes.len()));
    }

    #[test]
    fn no_query_or_header_causes_a_panic(
        method in "(GET|PUT|SOURCE|HEAD|OPTIONS|[A-Z]{0,5})",
        query in "[ -~\u{80}-\u{2FF}]{0,60}",
        headers in "((Authorization|Content-Length|ice-name|Expect)?:?[ -~]{0,40}\r\n){0,5}",
        encoded in "(%[0-9A-G]{0,2}|[a-z&=+]){0,40}",
    ) {
        for path in ["/admin/metadata?mode=updinfo&mount=/m&", "/", "*", "://", ""] {
            let head = format!("{method} {path}{encoded}{query} HTTP/1.1\r\n{headers}\r\n");
            if let Ok(Request::Title(TitleRequest { title: Some(title), .. })) = Request::parse(head.as_bytes()) {
                prop_assert!(!title.is_empty() && !title.chars().any(char::is_control));
            }
        }
    }
}
