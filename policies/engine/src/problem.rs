//! What is wrong with a bundle, and where: file, line, column, the line itself and a hint.
//!
//! Cedar's own diagnostics lose the file's name, show only the first error by default and repeat
//! an error once per request environment. Here all are shown, each span once.

use std::fmt;

use miette::Diagnostic;

/// A place in a file of the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of the line.
    pub text: String,
}

impl Place {
    /// The place of the byte `offset` of `source`.
    pub(crate) fn of(source: &str, offset: usize) -> Self {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let (before, after) = source.split_at(offset);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = offset + after.find('\n').unwrap_or(after.len());
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            text: source[start..end].trim_end().to_owned(),
        }
    }
}

/// One thing that is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as a path inside the bundle.
    pub file: String,
    /// Where in the file, when that is known.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of a whole file.
    pub(crate) fn new(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: None,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds the place.
    pub(crate) fn at(mut self, source: &str, offset: usize) -> Self {
        self.place = Some(Place::of(source, offset));
        self
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => write!(f, "{}: {}", self.file, self.message)?,
            Some(place) => {
                let (line, column) = (place.line, place.column);
                write!(f, "{}:{line}:{column}: {}", self.file, self.message)?;
                write!(f, "\n{line:>5} | {}", place.text)?;
                write!(f, "\n      | {:>column$}", "^")?;
            }
        }
        match &self.hint {
            None => Ok(()),
            Some(hint) => write!(f, "\n      = {hint}"),
        }
    }
}

/// A bundle was refused; with everything that is wrong with it, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refused(Vec<Problem>);

impl Refused {
    /// Sorts the problems and drops repetitions.
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        let place = |problem: &Problem| problem.place.as_ref().map(|p| (p.line, p.column));
        problems
            .sort_by(|a, b| (&a.file, place(a), &a.message).cmp(&(&b.file, place(b), &b.message)));
        problems.dedup();
        Self(problems)
    }

    /// What is wrong; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the policy bundle is refused")?,
            n => write!(f, "the policy bundle is refused, {n} problems")?,
        }
        for problem in &self.0 {
            write!(f, "\n{problem}")?;
        }
        Ok(())
    }
}

/// Turns a diagnostic of Cedar, and all diagnostics related to it, into problems of `file`.
pub(crate) fn from_diagnostic(
    file: &str,
    source: &str,
    diagnostic: &dyn Diagnostic,
    out: &mut Vec<Problem>,
) {
    // The top message is often no more than "error parsing schema": the causes say what.
    let mut message = diagnostic.to_string();
    let mut cause = diagnostic.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    let mut problem = Problem::new(file, message);
    if let Some(label) = &label {
        problem = problem.at(source, label.offset());
    }
    let help = diagnostic.help().map(|help| help.to_string());
    let note = label.and_then(|label| label.label().map(str::to_owned));
    problem.hint = match (help, note) {
        (Some(help), Some(note)) => Some(format!("{note}; {help}")),
        (help, note) => help.or(note),
    };
    out.push(problem);
    for related in diagnostic.related().into_iter().flatten() {
        from_diagnostic(file, source, related, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_not_bytes() {
        let source = "一行\n二行 here\n";
        let place = Place::of(source, source.find("here").unwrap());
        assert_eq!((place.line, place.column), (2, 4));
        assert_eq!(place.text, "二行 here");
        assert_eq!(Place::of(source, 1).column, 1, "inside a character");
        assert_eq!(Place::of("", 9).line, 1);
    }
}
