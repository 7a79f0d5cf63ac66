//! What can be wrong with a document. Every message says where, and what to do.

use std::fmt;

/// Where in a file something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Bytes before it, a byte order mark included.
    pub byte: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, byte {}", self.line, self.byte)
    }
}

/// Why a document was not read or not written. Nothing of a refused document is handed on.
///
/// A path names elements from the root on, without prefixes, and counts those of the same name
/// from the second on: `EInvoice/EInvoiceData/IssuItemInformation[3]/Amount`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The source could not be read.
    #[error("cannot read it: {0}")]
    Io(String),
    /// Nothing is in it.
    #[error("the document is empty; save it again from where it came from")]
    Empty,
    /// More bytes than are read.
    #[error(
        "the document has more than {limit} bytes; a file holds one invoice, check that it is the right one"
    )]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// One element's text, tag or comment is too long.
    #[error("{place}: `{path}` holds more than {limit} bytes in one piece; shorten it")]
    PieceTooLong {
        /// Where.
        place: Place,
        /// The element.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// Elements stand in one another too deeply.
    #[error(
        "{place}: elements stand more than {limit} deep in one another; this is no invoice file"
    )]
    TooDeep {
        /// Where.
        place: Place,
        /// The limit.
        limit: usize,
    },
    /// An element has too many attributes.
    #[error("{place}: `{path}` has more than {limit} attributes; this is no invoice file")]
    TooManyAttributes {
        /// Where.
        place: Place,
        /// The element.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// More lines than a reversal can have.
    #[error("`{path}`: the invoice has more than {limit} lines; split it")]
    TooManyLines {
        /// The element that is one too many.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("{place}: this is not UTF-8; save it as UTF-8")]
    NotUtf8 {
        /// Where.
        place: Place,
    },
    /// Another encoding is declared.
    #[error("the document says that it is in `{declared}`; save it as UTF-8")]
    Encoding {
        /// What it declares.
        declared: String,
    },
    /// A document type declaration.
    #[error("{place}: a document type declaration (`<!DOCTYPE`) is not taken; save it without one")]
    Doctype {
        /// Where.
        place: Place,
    },
    /// A processing instruction.
    #[error("{place}: processing instructions (`<?…?>`) are not taken; remove it")]
    Instruction {
        /// Where.
        place: Place,
    },
    /// A reference to an entity that XML does not define itself.
    #[error("{place}: the entity `&{name};` is not taken; write the text itself")]
    Entity {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
    },
    /// It ends before its end.
    #[error(
        "the document is cut off at byte {}, line {}, inside `{path}`; fetch it again",
        .place.byte, .place.line
    )]
    CutOff {
        /// Where it ends.
        place: Place,
        /// The element that is still open.
        path: String,
    },
    /// It is not well-formed XML.
    #[error("{place}: `{path}`: {what}; save it again from where it came from")]
    Malformed {
        /// Where.
        place: Place,
        /// The element.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// The root is none that is known.
    #[error("the root element is `{found}`; {expected}")]
    Root {
        /// What stands there.
        found: String,
        /// What can be read.
        expected: &'static str,
    },
    /// A required element is not there.
    #[error("`{path}` is missing{note}")]
    Missing {
        /// The element.
        path: String,
        /// More about it, with a `; ` before it, or nothing.
        note: &'static str,
    },
    /// An element that stands once stands twice.
    #[error("`{path}` stands twice; keep the right one")]
    Doubled {
        /// The element.
        path: String,
    },
    /// A value is not what it must be.
    #[error("`{path}`: `{value}` is not taken; write {expected}")]
    Value {
        /// The element.
        path: String,
        /// What stands there, cut.
        value: String,
        /// What must stand there.
        expected: &'static str,
    },
    /// A sum does not agree with its parts.
    #[error(
        "`{path}`: it says {found}, and its parts make {expected}; correct one or the other at the issuer"
    )]
    Sum {
        /// The element.
        path: String,
        /// What it says.
        found: String,
        /// What the parts make.
        expected: String,
    },
    /// Something that has no place in a reversal.
    #[error("`{path}`: {what}")]
    Unfit {
        /// The element or the part of the request.
        path: String,
        /// What is wrong, and what to do.
        what: &'static str,
    },
}

/// What is to be done about a [`DocumentError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentErrorKind {
    /// The source failed: try again.
    Unreadable,
    /// Larger or deeper than any invoice: refuse it.
    Limit,
    /// Not the UTF-8 XML that is taken: save it otherwise.
    Form,
    /// It ends too early: fetch it again.
    CutOff,
    /// Well-formed, and says something that is not taken: correct it.
    Content,
}

impl DocumentError {
    /// What is to be done about it.
    pub const fn kind(&self) -> DocumentErrorKind {
        match self {
            Self::Io(_) => DocumentErrorKind::Unreadable,
            Self::TooLarge { .. }
            | Self::PieceTooLong { .. }
            | Self::TooDeep { .. }
            | Self::TooManyAttributes { .. }
            | Self::TooManyLines { .. } => DocumentErrorKind::Limit,
            Self::NotUtf8 { .. }
            | Self::Encoding { .. }
            | Self::Doctype { .. }
            | Self::Instruction { .. }
            | Self::Entity { .. }
            | Self::Malformed { .. }
            | Self::Root { .. } => DocumentErrorKind::Form,
            Self::Empty | Self::CutOff { .. } => DocumentErrorKind::CutOff,
            Self::Missing { .. }
            | Self::Doubled { .. }
            | Self::Value { .. }
            | Self::Sum { .. }
            | Self::Unfit { .. } => DocumentErrorKind::Content,
        }
    }

    pub(crate) fn value(path: impl Into<String>, value: &str, expected: &'static str) -> Self {
        Self::Value {
            path: path.into(),
            value: cut(value),
            expected,
        }
    }

    pub(crate) fn missing(path: impl Into<String>) -> Self {
        Self::Missing {
            path: path.into(),
            note: "",
        }
    }

    pub(crate) fn sum(
        path: impl Into<String>,
        found: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Self {
        Self::Sum {
            path: path.into(),
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }

    pub(crate) fn unfit(path: impl Into<String>, what: &'static str) -> Self {
        Self::Unfit {
            path: path.into(),
            what,
        }
    }
}

/// The beginning of a text from outside, for a message.
pub(crate) fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
