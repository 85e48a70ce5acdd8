//! The encoded program.
//!
//! The program is one stream of AAC frames: frame `n` has the audio frames from `1,024 n` on. It is encoded in pieces of
//! about half a minute. Most pieces have the sound of one item alone. They are kept, and used again when the item plays again. Where items
//! meet, a piece has the joined sound.
//!
//! Each piece has an encoder of its own. It begins some frames before its piece and ends some frames after the next one has begun, so two
//! encoders have encoded the same sound there. The stream changes from one to the other between two frames in which both have the same
//! windows ([`splice_index`](crowd_streaming::aac::splice_index)), so that the decoded sound is continuous.
//!
//! Opus packets and FLAC frames of a range are made when they are needed, by an encoder for this range.
//!
//! All encoded frames follow from the program alone. A station that was killed makes the same frames again, and so does another machine.

mod encoded_program;
mod find_piece;
mod flac_encoder;
mod live_regions;
mod located_piece;
mod opus_encoder;
mod piece;
mod piece_encoder;
mod piece_store;
mod pieces;
mod program_sound;

pub use encoded_program::EncodedProgram;
pub use flac_encoder::FlacEncoder;
pub use opus_encoder::OpusRange;
pub use piece_encoder::encode_item;
pub use piece_store::PieceStore;
pub use pieces::{NEEDED_AFTER, Pieces};
pub use program_sound::ProgramSound;
