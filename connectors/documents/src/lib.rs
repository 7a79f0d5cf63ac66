//! Invoice files: digital-invoice XML (数电票) and EN 16931 credit notes in UBL, read and written.
//!
//! A file becomes an [`InvoiceDocument`]; a blue one is reversed, in full or in part, and a red one
//! or a credit note is taken as the reversal that it is: either way the item is a
//! [`RedLetterApplication`](clerkwork_connectors_api::red_letter::RedLetterApplication). The other
//! way round, the red invoice that was issued on an application is written as either format.
//!
//! What it keeps:
//! * files come from anybody: the reader streams, stops at [`Limits`], and takes neither document
//!   types nor entities nor any encoding but UTF-8; nothing of a refused file is handed on;
//! * amounts are cents and add up, or the error names the element that does not;
//! * what a reviewer would object to (a foreign currency, a wrong tax id, lines that the blue
//!   invoice does not have) is no error here: it is kept for the kind's finding;
//! * an error says where and what to do, see [`DocumentError`].
//!
//! To add a format: a folder with a reader that takes the crate's XML reader after its root, a
//! writer, and its root in [`read`].

mod einvoice;
mod error;
mod invoice;
mod number;
mod remark;
mod reversal;
mod ubl;
mod xml;

use std::io::BufRead;

pub use error::{DocumentError, DocumentErrorKind, Place};
pub use invoice::{InvoiceDocument, InvoiceKind, InvoiceLine, Issue, Reversed};
pub use reversal::{Part, Reversal, Share};
pub use xml::Limits;

use xml::XmlReader;

/// A format of invoice files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Digital-invoice XML, root `EInvoice`.
    EInvoice,
    /// A credit note in UBL 2.1 under EN 16931, root `CreditNote`.
    Ubl,
}

impl Format {
    /// Its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EInvoice => "einvoice",
            Self::Ubl => "ubl",
        }
    }
}

/// Reads a document, recognised by its root element.
pub fn read(
    source: impl BufRead,
    limits: Limits,
) -> Result<(Format, InvoiceDocument), DocumentError> {
    let (xml, root) = XmlReader::open(source, limits)?;
    let (format, document) = if einvoice::is_root(&root) {
        (Format::EInvoice, einvoice::read(xml, limits)?)
    } else if ubl::is_root(&root) {
        (Format::Ubl, ubl::read(xml, limits)?)
    } else {
        return Err(DocumentError::Root {
            found: error::cut(&root.name),
            expected: "digital invoices (`EInvoice`) and UBL credit notes (`CreditNote` in its \
                       namespace) are read",
        });
    };
    Ok((format, document))
}

/// Writes a document. A credit note can hold a red invoice only.
pub fn write(document: &InvoiceDocument, format: Format) -> Result<String, DocumentError> {
    match format {
        Format::EInvoice => einvoice::write(document),
        Format::Ubl => ubl::write(document),
    }
}

/// Reads bytes of whatever kind and, when they are a document of `format`, writes them and reads
/// them again. It never panics: fuzzing drives it.
pub fn probe(format: Format, bytes: &[u8]) {
    let Ok((found, document)) = read(bytes, Limits::default()) else {
        return;
    };
    let Ok(text) = write(&document, format) else {
        return;
    };
    let again = read(text.as_bytes(), Limits::default());
    if let (true, Ok((_, again))) = (found == format, again) {
        debug_assert_eq!(again, document.as_written(format), "written and read again");
    }
}
