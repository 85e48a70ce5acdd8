//! A secret that requests must bring (RFC 6750).

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::query;

/// Shortest token that is accepted, in bytes.
const SHORTEST: usize = 8;

/// A secret, kept as its hash.
#[derive(Clone, Copy, Debug)]
pub struct Token(blake3::Hash);

impl Token {
    /// The secret `text`.
    ///
    /// # Errors
    /// When it is shorter than 8 bytes, in words for a command line that calls it `--token`.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() < SHORTEST {
            return Err(format!("--token: {} characters are too few: give {SHORTEST} or more", text.len()));
        }
        Ok(Self(blake3::hash(text.as_bytes())))
    }

    /// Whether this is the secret: hashes are compared in constant time.
    pub fn is(&self, given: &str) -> bool {
        blake3::hash(given.as_bytes()) == self.0
    }
}

/// Lets in requests that bring the token, in a header or, for players that cannot send one, as `access_token` in the address; all
/// of them where there is no token. For [`axum::middleware::from_fn_with_state`].
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
    fn a_token_is_itself_and_nothing_near_it() {
        assert!(Token::new("1234567").unwrap_err().contains("7 characters are too few"));
        let token = Token::new("a secret").unwrap();
        assert!(token.is("a secret"));
        for other in ["", "a secre", "a secret ", "A secret"] {
            assert!(!token.is(other), "{other:?}");
        }
    }
}
