//! The status with which each error is answered.

use axum::http::StatusCode;
use crowd_library::Error as Library;
use crowd_web::Problem;

use crate::error::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut cause = &error;
        while let Error::Same(same) = cause {
            cause = same;
        }
        let status = match cause {
            Error::NoTrack { .. } | Error::NoJob { .. } | Error::Library(Library::Outside { .. }) => {
                StatusCode::NOT_FOUND
            }
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => StatusCode::NOT_FOUND,
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::Media(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Busy(_) | Error::Cancelled | Error::Library(Library::Changed { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}
