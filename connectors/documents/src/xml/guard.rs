//! Counts what is read and stops at the limits.

use std::io::{self, BufRead, Read};

use super::Limits;
use crate::error::Place;

/// Which limit stopped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    Document,
    Piece,
}

/// A source that counts its bytes and lines, and fails once a limit is passed. Nothing after the
/// limit is asked for.
pub(super) struct Guard<R> {
    inner: R,
    /// What was read to look for a byte order mark, still to be handed out.
    head: Vec<u8>,
    limits: Limits,
    consumed: u64,
    lines: u64,
    piece: u64,
    pub(super) exceeded: Option<Exceeded>,
    pub(super) at_end: bool,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl<R: BufRead> Guard<R> {
    /// Takes a byte order mark off.
    pub(super) fn new(mut inner: R, limits: Limits) -> io::Result<Self> {
        let mut head = Vec::with_capacity(BOM.len());
        inner
            .by_ref()
            .take(BOM.len() as u64)
            .read_to_end(&mut head)?;
        let mut consumed = 0;
        if head == BOM {
            head.clear();
            consumed = BOM.len() as u64;
        }
        Ok(Self {
            inner,
            head,
            limits,
            consumed,
            lines: 0,
            piece: 0,
            exceeded: None,
            at_end: false,
        })
    }

    /// A new piece begins.
    pub(super) fn begin_piece(&mut self) {
        self.piece = 0;
    }

    pub(super) fn place(&self) -> Place {
        Place {
            line: self.lines + 1,
            byte: self.consumed,
        }
    }
}

impl<R: BufRead> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(available) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = if self.head.is_empty() {
            self.inner.fill_buf()?
        } else {
            self.head.as_slice()
        };
        if available.is_empty() {
            self.at_end = true;
            return Ok(available);
        }
        let in_document = self.limits.document_bytes.saturating_sub(self.consumed);
        // Tags and references stand around a text.
        let in_piece = (self.limits.piece_bytes + 64).saturating_sub(self.piece);
        let allowed = in_document.min(in_piece);
        if allowed == 0 {
            self.exceeded = Some(if in_document == 0 {
                Exceeded::Document
            } else {
                Exceeded::Piece
            });
            return Err(io::Error::other("limit"));
        }
        let count = usize::try_from(allowed)
            .unwrap_or(usize::MAX)
            .min(available.len());
        Ok(available.get(..count).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        let counted = |bytes: &[u8]| {
            let bytes = bytes.get(..count).unwrap_or(bytes);
            bytes.iter().filter(|byte| **byte == b'\n').count() as u64
        };
        if self.head.is_empty() {
            // What is consumed was just handed out, so this reads nothing new.
            self.lines += self.inner.fill_buf().map(counted).unwrap_or_default();
            self.inner.consume(count);
        } else {
            self.lines += counted(&self.head);
            self.head.drain(..count.min(self.head.len()));
        }
        self.consumed += count as u64;
        self.piece += count as u64;
    }
}
