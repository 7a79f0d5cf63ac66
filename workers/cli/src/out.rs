//! What people and scripts read: lines, tables and JSON on stdout, notes on stderr.
//!
//! Nothing that comes from outside can move the cursor or hide text: control and direction
//! characters are shown as `�`. A reader that goes away (`| head`) is no error.

use std::{
    fmt::Display,
    io::{IsTerminal, Write},
};

use clap::ValueEnum;
use clerkwork_core::Text;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

/// The language of what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Chinese first, English beside it.
    Zh,
    /// English alone.
    En,
}

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    /// One JSON document on stdout instead of text.
    pub json: bool,
    /// The language of what people read.
    pub lang: Lang,
}

impl Out {
    /// A line for people; nothing with `--json`.
    pub fn line(&self, text: impl Display) {
        if !self.json {
            write_to(&mut std::io::stdout().lock(), &text.to_string());
        }
    }

    /// A remark about the work under way, on stderr so that stdout stays clean.
    pub fn note(&self, text: impl Display) {
        write_to(&mut std::io::stderr().lock(), &text.to_string());
    }

    /// Text as it is, for documents that the user asked for (a schema, an example).
    pub fn document(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{}", text.trim_end());
    }

    /// The one JSON document; nothing without `--json`.
    pub fn json(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            self.document(&text);
        }
    }

    /// A page of a list as JSON: `{"items": […], "next": cursor or null}`.
    pub fn json_page(&self, items: Vec<Value>, next: Option<String>) {
        self.json(&serde_json::json!({"items": items, "next": next}));
    }

    /// A table for people; `empty` is said instead of a table without rows.
    pub fn table(&self, headers: &[Text], rows: Vec<Vec<String>>, empty: &Text) {
        if self.json {
            return;
        }
        if rows.is_empty() {
            self.line(self.both(empty));
            return;
        }
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_BORDERS_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(headers.iter().map(|text| self.one(text)));
        if !std::io::stdout().is_terminal() {
            // Whole values for what reads it: nothing is folded.
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        for row in rows {
            table.add_row(row.into_iter().map(|cell| clean(&cell)));
        }
        // The first column names the thing, and a name must stay whole to be copied.
        if let Some(column) = table.column_mut(0) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        self.line(table);
    }

    /// In the chosen language alone.
    pub fn one(&self, text: &Text) -> String {
        match self.lang {
            Lang::Zh => text.zh.to_string(),
            Lang::En => text.en.to_string(),
        }
    }

    /// Chinese and English beside it, or English alone.
    pub fn both(&self, text: &Text) -> String {
        match self.lang {
            Lang::Zh if text.zh != text.en => format!("{} {}", text.zh, text.en),
            Lang::Zh | Lang::En => text.en.to_string(),
        }
    }

    /// A sentence: Chinese, then English on the next line, both after `indent`; or English alone.
    pub fn sentence(&self, indent: &str, text: &Text) -> String {
        match self.lang {
            Lang::Zh => format!("{indent}{}\n{indent}{}", text.zh, text.en),
            Lang::En => format!("{indent}{}", text.en),
        }
    }
}

fn write_to(stream: &mut impl Write, text: &str) {
    let _ = writeln!(stream, "{}", clean(text));
    let _ = stream.flush();
}

/// Shows control and direction characters as `�`, line ends and tabs apart.
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_cannot_steer_the_terminal() {
        assert_eq!(
            clean("a\x1b[2Jb\u{202e}c\r"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
        assert_eq!(clean("已完成\tx\n"), "已完成\tx\n");
    }

    #[test]
    fn chinese_comes_first_and_english_can_stand_alone() {
        let text = Text::new("已完成", "completed");
        let zh = Out {
            json: false,
            lang: Lang::Zh,
        };
        let en = Out {
            json: false,
            lang: Lang::En,
        };
        assert_eq!(zh.both(&text), "已完成 completed");
        assert_eq!(en.both(&text), "completed");
        assert_eq!(zh.sentence("  ", &text), "  已完成\n  completed");
    }
}
