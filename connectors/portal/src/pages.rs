//! The data file: what the portal's pages look like.
//!
//! Invariants: every name that the connector asks for is there and no other (`parts.rs` lists them), every
//! selector is one; so a mistake in the file is told at the start, with its place.

use std::{collections::BTreeMap, fmt, path::Path};

use clerkwork_connectors_api::agent_invoice::{
    ApplicantKind, Attachment, InvoiceType, Registration, RiskClass, Warning,
};
use scraper::Selector;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::parts;

/// The file that is compiled in.
const EMBEDDED: &str = include_str!("pages.toml");

/// What is wrong with a data file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PagesError {
    #[error("cannot read the data file `{path}`: {why}")]
    Unreadable { path: String, why: String },
    #[error("the data file is not of the form it must have: {0}")]
    Malformed(String),
    #[error("the data file names no {what}; add it")]
    Missing { what: String },
    #[error("the data file names {what}, which nobody asks for; take it out or correct its name")]
    Unknown { what: String },
}

/// A selector with its text.
#[derive(Clone)]
pub(crate) struct Css {
    pub(crate) text: String,
    pub(crate) selector: Selector,
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Css {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Selector::parse(&text) {
            Ok(selector) => Ok(Self { text, selector }),
            Err(_) => Err(D::Error::custom(format!("`{text}` is no selector"))),
        }
    }
}

/// What a banner means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Meaning {
    /// The session has ended.
    Expired,
    /// Not now.
    Busy,
    /// This form was sent before.
    DoneBefore,
    /// Where the application stands forbids it, perhaps because of our own earlier act.
    StateForbids,
    /// Our rights do not serve.
    Forbidden,
    /// There is no such thing.
    Missing,
    /// What was sent is not taken.
    Refused,
    /// User or password are not taken.
    CredentialRefused,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Banner {
    pub(crate) words: String,
    pub(crate) means: Meaning,
}

/// Where an application stands, without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateWord {
    Pending,
    Issued,
    Returned,
    Withdrawn,
}

/// The kind of a special element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ElementWord {
    Construction,
    Freight,
    RealEstateLetting,
    RealEstateSale,
}

/// A code table.
pub(crate) type Table<T> = BTreeMap<String, T>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    pub(crate) state: Table<StateWord>,
    pub(crate) invoice_type: Table<InvoiceType>,
    pub(crate) applicant_kind: Table<ApplicantKind>,
    pub(crate) attachment: Table<Attachment>,
    pub(crate) registration: Table<Registration>,
    pub(crate) risk_class: Table<RiskClass>,
    pub(crate) warning: Table<Warning>,
    pub(crate) credit_grade: Table<String>,
    pub(crate) element: Table<ElementWord>,
    pub(crate) yes_no: Table<bool>,
}

/// A part of a page with labels and values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SectionShape {
    pub(crate) at: Css,
    pub(crate) labels: BTreeMap<String, String>,
    /// Which of them need not be there.
    #[serde(default)]
    pub(crate) optional: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableShape {
    pub(crate) at: Css,
    pub(crate) columns: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Button {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormShape {
    pub(crate) at: Css,
    /// Below the base address.
    pub(crate) action: String,
    /// Those that must be there; others are sent as well.
    #[serde(default)]
    pub(crate) hidden: Vec<String>,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) buttons: BTreeMap<String, Button>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageShape {
    /// Below the base address, of a page that is asked for.
    #[serde(default)]
    pub(crate) path: Option<String>,
    pub(crate) title: String,
    /// Selectors of which each must match once, beside those that are read.
    #[serde(default)]
    pub(crate) needs: Vec<Css>,
    #[serde(default)]
    pub(crate) queries: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) texts: BTreeMap<String, Css>,
    #[serde(default)]
    pub(crate) links: BTreeMap<String, Css>,
    #[serde(default)]
    pub(crate) sections: BTreeMap<String, SectionShape>,
    #[serde(default)]
    pub(crate) tables: BTreeMap<String, TableShape>,
    #[serde(default)]
    pub(crate) forms: BTreeMap<String, FormShape>,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pages {
    pub(crate) version: String,
    pub(crate) utc_offset_hours: i8,
    pub(crate) banner: Css,
    pub(crate) empty: Css,
    pub(crate) personal: Vec<String>,
    pub(crate) banners: Vec<Banner>,
    pub(crate) words: Words,
    pages: BTreeMap<String, PageShape>,
}

impl Pages {
    /// The file at `path`, or the one that is compiled in.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, PagesError> {
        match path {
            None => Self::read(EMBEDDED),
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|error| PagesError::Unreadable {
                    path: path.display().to_string(),
                    why: error.to_string(),
                })?;
                Self::read(&text)
            }
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, PagesError> {
        let pages: Self =
            toml::from_str(text).map_err(|error| PagesError::Malformed(error.to_string()))?;
        if !(-12..=14).contains(&pages.utc_offset_hours) {
            let why = "`utc_offset_hours` lies between -12 and 14";
            return Err(PagesError::Malformed(why.into()));
        }
        parts::check(&pages.pages)?;
        Ok(pages)
    }

    /// A page by its name; nothing only for a name that `parts` does not list.
    pub(crate) fn page(&self, name: &str) -> Option<&PageShape> {
        self.pages.get(name)
    }

    /// What a banner means; nothing for a wording that nobody has seen before.
    pub(crate) fn meaning(&self, banner: &str) -> Option<Meaning> {
        let known = self.banners.iter();
        let mut fitting = known.filter(|known| banner.contains(&known.words));
        fitting.next().map(|banner| banner.means)
    }

    /// Whether personal data stand behind a label or below a header.
    pub(crate) fn is_personal(&self, label: &str) -> bool {
        self.personal.iter().any(|word| label.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(from: &str, to: &str) -> String {
        assert!(EMBEDDED.contains(from), "{from}");
        Pages::read(&EMBEDDED.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_embedded_file_is_read() {
        let pages = Pages::load(None).unwrap();
        assert_eq!(pages.meaning("系统繁忙，请稍后再试"), Some(Meaning::Busy));
        assert_eq!(pages.meaning("没见过的提示"), None);
        assert!(pages.is_personal("购买方名称") && !pages.is_personal("征收率"));
    }

    #[test]
    fn a_mistake_in_the_file_is_told_with_its_place() {
        let error = with("at = \"table#sqlb\"", "at = \"table##\"");
        assert!(error.contains("`table##` is no selector"), "{error}");
        let error = with("remark = \"备注\"\n", "");
        assert!(
            error.contains("label `remark` in section `basics` of page `detail`"),
            "{error}"
        );
        let error = with(
            "remark = \"备注\"\n",
            "remark = \"备注\"\nremarks = \"附注\"\n",
        );
        assert!(error.contains("label `remarks`"), "{error}");
        let error = with("means = \"busy\"", "means = \"tired\"");
        assert!(error.contains("tired"), "{error}");
        let error = with("[pages.issued]\ntitle", "[pages.issued]\ntitel");
        assert!(error.contains("titel"), "{error}");
        let missing = Pages::load(Some(Path::new("/nowhere/pages.toml"))).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/pages.toml"));
    }
}
