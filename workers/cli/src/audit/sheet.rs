//! Events as lines and sheets: JSON lines with their exact bytes, CSV, and XLSX.
//!
//! In CSV and XLSX each event is a row. Every cell is text, so that no spreadsheet rounds a long number
//! or takes a text for a formula.

use std::io::Write;

use clerkwork_core::Timestamp;
use clerkwork_ledger::StoredEvent;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;

use crate::{moment, view};

/// The columns.
const COLUMNS: [&str; 10] = [
    "time",
    "type",
    "actor_kind",
    "actor",
    "office",
    "job",
    "job_seq",
    "batch",
    "data",
    "event",
];
/// Rows of a sheet that Excel reads, the head included.
const ROWS: u32 = 1_048_576;
/// Characters of a cell that Excel reads.
const CELL: usize = 32_767;

/// Why a sheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The file.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The format has no room for an event.
    #[error(
        "event `{0}` is too long for a cell of a spreadsheet; choose `--format csv` or `jsonl`"
    )]
    TooLong(String),
    /// Another vocabulary has no words for it.
    #[error("event `{0}` is of no type that this program knows; export it with `--format jsonl`")]
    Unmapped(String),
    /// The writer of sheets.
    #[error("{0}")]
    Xlsx(#[from] XlsxError),
}

/// Takes events one after another.
pub trait Sheet {
    /// Adds one.
    fn add(&mut self, event: &StoredEvent) -> Result<(), SheetError>;
    /// Ends the file.
    fn end(self: Box<Self>) -> Result<(), SheetError>;
}

fn row(stored: &StoredEvent) -> [String; 10] {
    let event = view::event(stored);
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let at = event["at"].as_i64().map(|at| moment::show(Timestamp(at)));
    [
        at.unwrap_or_default(),
        text(&event["type"]),
        text(&event["actor"]["kind"]),
        text(&event["actor"]["name"]),
        text(&event["office"]),
        text(&event["job"]),
        text(&event["job_seq"]),
        text(&event["batch"]),
        text(&event["data"]),
        stored.id.to_string(),
    ]
}

/// The exact bytes, a line each: canonical JSON has no line breaks.
pub struct Lines<W>(pub W);

impl<W: Write> Sheet for Lines<W> {
    fn add(&mut self, event: &StoredEvent) -> Result<(), SheetError> {
        self.0.write_all(&event.bytes)?;
        Ok(self.0.write_all(b"\n")?)
    }

    fn end(mut self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.0.flush()?)
    }
}

/// Each event in another vocabulary, a line each.
pub struct Mapped<W>(pub W, pub fn(&[u8]) -> Option<Value>);

impl<W: Write> Sheet for Mapped<W> {
    fn add(&mut self, event: &StoredEvent) -> Result<(), SheetError> {
        let Some(mapped) = self.1(&event.bytes) else {
            return Err(SheetError::Unmapped(event.id.to_string()));
        };
        writeln!(self.0, "{mapped}")?;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.0.flush()?)
    }
}

/// RFC 4180 with the mark by which spreadsheets know UTF-8.
pub struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    /// Begins with the columns.
    pub fn new(mut out: W) -> Result<Self, SheetError> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        writer.write_record(COLUMNS).map_err(std::io::Error::from)?;
        Ok(Self(writer))
    }
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe instead.
fn plain(cell: String) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell,
    }
}

impl<W: Write> Sheet for Csv<W> {
    fn add(&mut self, event: &StoredEvent) -> Result<(), SheetError> {
        let row = row(event).map(plain);
        Ok(self.0.write_record(row).map_err(std::io::Error::from)?)
    }

    fn end(mut self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.0.flush()?)
    }
}

/// A workbook; after a million rows it goes on in another sheet.
pub struct Xlsx<W> {
    book: Workbook,
    out: W,
    sheets: usize,
    next: u32,
}

impl<W: Write + std::io::Seek + Send> Xlsx<W> {
    /// Begins with the columns.
    pub fn new(out: W) -> Result<Self, SheetError> {
        let mut sheet = Self {
            book: Workbook::new(),
            out,
            sheets: 0,
            next: ROWS,
        };
        sheet.begin()?;
        Ok(sheet)
    }

    fn begin(&mut self) -> Result<(), SheetError> {
        let head = Format::new().set_bold();
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        for (column, name) in (0..).zip(COLUMNS) {
            sheet.write_string_with_format(0, column, name, &head)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        self.sheets += 1;
        self.next = 1;
        Ok(())
    }
}

impl<W: Write + std::io::Seek + Send> Sheet for Xlsx<W> {
    fn add(&mut self, event: &StoredEvent) -> Result<(), SheetError> {
        if self.next >= ROWS {
            self.begin()?;
        }
        let row = row(event);
        if row.iter().any(|cell| cell.chars().count() > CELL) {
            return Err(SheetError::TooLong(event.id.to_string()));
        }
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (column, cell) in (0..).zip(row) {
            sheet.write_string(self.next, column, cell)?;
        }
        self.next += 1;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), SheetError> {
        self.book.save_to_writer(&mut self.out)?;
        Ok(self.out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_core::EventId;
    use std::io::Cursor;

    fn event(actor: &str, data: &str) -> StoredEvent {
        let bytes = format!(
            r#"{{"actor":{{"kind":"user","name":"{actor}"}},"at":1772352000000001,"data":{data},"id":"0190c8f0-0000-7000-8000-000000000001","office":"center","type":"audit.read","v":1}}"#
        );
        StoredEvent {
            id: EventId(uuid::Uuid::from_u128(7)),
            bytes: bytes.into_bytes(),
        }
    }

    fn csv(event: &StoredEvent) -> String {
        let mut out = Vec::new();
        let mut sheet = Box::new(Csv::new(&mut out).unwrap());
        sheet.add(event).unwrap();
        sheet.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    /// A device on which nothing has room.
    fn full() -> std::io::BufWriter<std::fs::File> {
        let device = std::fs::OpenOptions::new().write(true).open("/dev/full");
        std::io::BufWriter::new(device.unwrap())
    }

    /// Writes until it fails, which must be before the file has ended.
    fn refused(mut sheet: Box<dyn Sheet>) -> String {
        let event = event("li", r#"{"a":1}"#);
        for _ in 0..1_000 {
            if let Err(error) = sheet.add(&event) {
                return error.to_string();
            }
        }
        sheet.end().unwrap_err().to_string()
    }

    #[test]
    fn a_full_disk_is_never_a_whole_file() {
        let sheets: [Box<dyn Sheet>; 4] = [
            Box::new(Lines(full())),
            Box::new(Mapped(full(), clerkwork_audit::schema::ocsf)),
            Box::new(Csv::new(full()).unwrap()),
            Box::new(Xlsx::new(full()).unwrap()),
        ];
        for sheet in sheets {
            let said = refused(sheet);
            assert!(said.contains("No space left"), "{said}");
        }
    }

    #[test]
    fn lines_are_the_exact_bytes() {
        let mut out = Vec::new();
        let event = event("li", r#"{"a":1}"#);
        let mut sheet = Box::new(Lines(&mut out));
        sheet.add(&event).unwrap();
        sheet.end().unwrap();
        assert_eq!(out, [&event.bytes[..], b"\n"].concat());
    }

    #[test]
    fn no_cell_of_a_csv_is_a_formula_and_quotes_are_doubled() {
        let text = csv(&event("=HYPERLINK(1)", r#"{"why":"a, \"b\""}"#));
        assert!(text.starts_with("\u{feff}time,type,"), "{text}");
        assert!(text.contains(",'=HYPERLINK(1),"), "{text}");
        assert!(text.contains(r#""{""why"":""a, \""b\""""}""#), "{text}");
        assert!(text.ends_with("\r\n"));
        for evil in ["+1", "-1", "@x"] {
            assert!(csv(&event(evil, "{}")).contains(&format!(",'{evil},")));
        }
    }

    #[test]
    fn a_workbook_holds_long_numbers_as_text() {
        let mut out = Cursor::new(Vec::new());
        let number = "12345678901234567890";
        let mut sheet = Box::new(Xlsx::new(&mut out).unwrap());
        sheet.add(&event(number, "{}")).unwrap();
        let long = event("li", &format!("{{\"x\":\"{}\"}}", "y".repeat(CELL)));
        assert!(matches!(sheet.add(&long), Err(SheetError::TooLong(_))));
        sheet.end().unwrap();
        let mut book = zip::ZipArchive::new(out).unwrap();
        let mut sheet = book.by_name("xl/worksheets/sheet1.xml").unwrap();
        let mut xml = String::new();
        std::io::Read::read_to_string(&mut sheet, &mut xml).unwrap();
        let cell = format!("t=\"inlineStr\"><is><t>{number}</t>");
        assert!(xml.contains(&cell), "{xml}");
        assert!(xml.contains("<is><t>time</t>"), "{xml}");
    }
}
