//! Writes a document, indented, in UTF-8.

use super::reader::is_legal;
use crate::error::DocumentError;

/// Puts elements into a text. An element without a value is left out by whoever calls.
pub(crate) struct XmlWriter {
    text: String,
    open: Vec<&'static str>,
}

impl XmlWriter {
    pub(crate) fn new() -> Self {
        Self {
            text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into(),
            open: Vec::new(),
        }
    }

    /// Begins an element.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push_str(">\n");
        }
    }

    /// An element with a text.
    pub(crate) fn leaf(&mut self, name: &'static str, value: &str) -> Result<(), DocumentError> {
        self.leaf_with(name, &[], value)
    }

    /// An element with attributes and a text. Refuses what XML cannot hold.
    pub(crate) fn leaf_with(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        value: &str,
    ) -> Result<(), DocumentError> {
        let values = attributes.iter().map(|(_, value)| *value).chain([value]);
        for value in values {
            if !value.chars().all(is_legal) {
                let path = format!("{}/{name}", self.open.join("/"));
                return Err(DocumentError::value(
                    path,
                    value,
                    "a text without control characters",
                ));
            }
        }
        self.begin(name, attributes);
        self.text.push('>');
        escape(value, &mut self.text);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
        Ok(())
    }

    /// The document.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.text.push_str("  ");
        }
    }
}

fn escape(value: &str, into: &mut String) {
    for c in value.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            // Else a reader would take it for the end of a line.
            '\r' => into.push_str("&#13;"),
            c => into.push(c),
        }
    }
}
