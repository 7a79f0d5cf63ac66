//! `clerkwork document …`: invoice files, to items and from what was issued.

mod read;
mod view;
mod write;

use clap::{Subcommand, ValueEnum};
use clerkwork_documents::{DocumentError, DocumentErrorKind};
use jiff::{civil::DateTime, tz};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
};

/// The kind whose items invoice files become.
const KIND: &str = "red_letter_invoice";

/// Hours from UTC of the day that invoices are dated by.
const LOCAL_HOURS: i8 = 8;

/// What can be done with a file.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Read(read::Args),
    Write(write::Args),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Read(args) => read::run(context, args).await,
            Self::Write(args) => write::run(context, args).await,
        }
    }
}

/// A format of files, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Digital-invoice XML (数电票)
    Einvoice,
    /// An EN 16931 credit note
    Ubl,
}

impl From<Format> for clerkwork_documents::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Einvoice => Self::EInvoice,
            Format::Ubl => Self::Ubl,
        }
    }
}

/// The local time of invoices at a time of the ledger, to the second.
fn local(micros: i64) -> Option<DateTime> {
    let time = jiff::Timestamp::from_second(micros.div_euclid(1_000_000)).ok()?;
    Some(tz::offset(LOCAL_HOURS).to_datetime(time))
}

/// What is wrong with a file, with a code that says what to do about it.
fn refused(file: &str, error: &DocumentError) -> Failure {
    let code = match error.kind() {
        DocumentErrorKind::Unreadable | DocumentErrorKind::Content => "invalid_input",
        DocumentErrorKind::Limit => "too_large",
        DocumentErrorKind::Form => "invalid_form",
        DocumentErrorKind::CutOff => "cut_off",
    };
    Failure::new(Exit::Usage, code, format!("`{file}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invoices_are_dated_by_the_local_day() {
        // 2026-03-01T16:00:00.5Z.
        let time = local(1_772_380_800_500_000).unwrap();
        assert_eq!(time.to_string(), "2026-03-02T00:00:00");
        assert_eq!(local(-1).unwrap().to_string(), "1970-01-01T07:59:59");
        assert_eq!(local(i64::MAX), None);
    }

    #[test]
    fn a_refused_file_is_told_with_its_name_and_a_code() {
        let failure = refused("a.xml", &DocumentError::TooLarge { limit: 9 });
        assert_eq!((failure.exit, failure.code), (Exit::Usage, "too_large"));
        assert!(
            failure
                .message
                .starts_with("`a.xml`: the document has more than 9 bytes")
        );
        assert_eq!(refused("a.xml", &DocumentError::Empty).code, "cut_off");
    }
}
