//! One hardened streaming reader and one small writer, under every format.
//!
//! The reader hands out elements one by one and holds the text of at most one of them. It is meant
//! for files from anybody: it takes UTF-8 alone, no document type declaration, no processing
//! instruction and no entity but those that XML itself defines, and it stops at limits long before
//! memory does.

mod guard;
mod reader;
mod writer;

pub(crate) use reader::{Element, XmlReader};
pub(crate) use writer::XmlWriter;

/// How much of a document is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub document_bytes: u64,
    /// Bytes of one text, tag or comment.
    pub piece_bytes: u64,
    /// How deep elements stand in one another.
    pub depth: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Lines of the invoice.
    pub lines: usize,
}

impl Default for Limits {
    /// An invoice of 100 lines has about 100 KiB.
    fn default() -> Self {
        Self {
            document_bytes: 8 << 20,
            piece_bytes: 64 << 10,
            depth: 32,
            attributes: 32,
            lines: 100,
        }
    }
}
