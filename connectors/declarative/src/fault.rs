//! What is wrong with a file, and where.

use std::{cell::RefCell, fmt, ops::Range};

/// Something that is wrong with a file, at its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as it was named by who loaded it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

impl std::error::Error for Fault {}

/// Whether a file can be loaded with what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It cannot.
    Error,
    /// It can, but an integrator should look at it.
    Warning,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// Something that [`lint`](crate::lint) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What and where.
    pub fault: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level, self.fault)
    }
}

/// Bytes of the file.
pub(crate) type Span = Range<usize>;

/// Collects what is found while a file is read, so that all of it is told at once.
#[derive(Debug)]
pub(crate) struct Notes<'t> {
    text: &'t str,
    file: String,
    found: RefCell<Vec<Finding>>,
}

impl<'t> Notes<'t> {
    pub(crate) fn new(text: &'t str, file: &str) -> Self {
        Self {
            text,
            file: file.to_owned(),
            found: RefCell::default(),
        }
    }

    pub(crate) fn error(&self, span: &Span, message: impl Into<String>) {
        self.add(Level::Error, span, message.into());
    }

    pub(crate) fn warn(&self, span: &Span, message: impl Into<String>) {
        self.add(Level::Warning, span, message.into());
    }

    fn add(&self, level: Level, span: &Span, message: String) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let last = before.rsplit('\n').next().unwrap_or_default();
        let fault = Fault {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: last.chars().count() + 1,
            message,
        };
        self.found.borrow_mut().push(Finding { level, fault });
    }

    /// All of it, in the order of the file.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        let mut found = self.found.into_inner();
        found.sort_by(|a, b| {
            let place = |f: &Finding| (f.fault.line, f.fault.column);
            place(a)
                .cmp(&place(b))
                .then_with(|| a.fault.message.cmp(&b.fault.message))
        });
        found.dedup();
        found
    }

    pub(crate) fn has_errors(&self) -> bool {
        let found = self.found.borrow();
        found.iter().any(|finding| finding.level == Level::Error)
    }
}
