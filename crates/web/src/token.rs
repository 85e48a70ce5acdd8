//! A secret that requests must have (RFC 6750).

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::query;

/// The shortest token that is accepted, in bytes.
const SHORTEST: usize = 8;

/// A secret, of which only the hash is kept.
#[derive(Clone, Copy, Debug)]
pub struct Token(blake3::Hash);

impl Token {
    /// The secret `text`.
    ///
    /// # Errors
    /// A text for the command line when the secret is shorter than 8 bytes or cannot be sent in a header; it names the flag `--token`.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() < SHORTEST {
            return Err(format!("--token: {} characters are too few: give {SHORTEST} or more", text.len()));
        }
        let is_sendable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if !text.bytes().all(is_sendable) || text.trim() != text {
            let advice =
                "give letters, digits and punctuation of ASCII, without blanks at the ends: others cannot be sent";
            return Err(format!("--token: {advice}"));
        }
        Ok(Self(blake3::hash(text.as_bytes())))
    }

    /// Whether `given` is the secret. Hashes are compared in constant time.
    pub fn is(&self, given: &str) -> bool {
        blake3::hash(given.as_bytes()) == self.0
    }
}

/// Refuses requests without the token; for [`axum::middleware::from_fn_with_state`]. The token is in a header or, for players that
/// cannot send one, in the query as `access_token`. When the state has no token, all requests pass.
pub async fn admit(State(token): State<Option<Token>>, request: Request, next: Next) -> Response {
    let Some(token) = token else { return next.run(request).await };
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let query = || query::value(request.uri().query().unwrap_or_default(), "access_token");
    let given = bearer.map(|(_, token)| token.trim().to_owned()).or_else(query);
    if given.is_some_and(|given| token.is(&given)) {
        return next.run(request).await;
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "a token is needed: send it as Authorization: Bearer TOKEN");
    ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_token_is_accepted() {
        assert!(Token::new("1234567").unwrap_err().contains("7 characters are too few"));
        for refused in ["schlüssel99", " a secret", "a secret\n"] {
            assert!(Token::new(refused).unwrap_err().contains("of ASCII"), "{refused:?}");
        }
        let token = Token::new("a secret").unwrap();
        assert!(token.is("a secret"));
        for other in ["", "a secre", "a secret ", "A secret"] {
            assert!(!token.is(other), "{other:?}");
        }
    }
}
