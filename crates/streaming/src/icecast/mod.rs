//! The protocol with which a source sends sound to an Icecast server.
