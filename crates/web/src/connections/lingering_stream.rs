//! A stream that is closed only after the client has closed its side.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes of a client that are read and discarded until it closes its side.
const DISCARDED: usize = 1 << 20;

/// A stream whose shutdown completes when the client has closed its side too ("lingering close"). After a plain close the system
/// would discard the bytes that the client has not read yet. It would do so after some minutes, or at once if the server has not read
/// all bytes of the client.
pub(crate) struct LingeringStream<S> {
    stream: S,
    /// Whether the server has closed its side.
    shut_down: bool,
    /// The number of bytes of the client that have been read and discarded since then.
    discarded: usize,
}

impl<S> LingeringStream<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, shut_down: false, discarded: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LingeringStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for LingeringStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut_down {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.shut_down = true;
        }
        let mut bytes = [0; 1_024];
        while self.discarded < DISCARDED {
            let mut buffer = ReadBuf::new(&mut bytes);
            // An error means that the client has gone, which ends the connection too.
            if ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err() || buffer.filled().is_empty() {
                break;
            }
            self.discarded += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}
