//! Whether a write happened, by what a read says.

use clerkwork_connectors_api::contract::Looked;
use clerkwork_core::Text;
use serde_json::Value;

use crate::{
    extract::word_of,
    path::Path,
    template::{Json, Scope},
};

/// How to find out.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// The read that is asked.
    pub(crate) operation: &'static str,
    /// What it is asked with, from what the write was called with.
    pub(crate) input: Json,
    pub(crate) happened: When,
    /// What the write gave, from what the read gave, `{found}`.
    pub(crate) result: Option<Json>,
    pub(crate) did_not_happen: Option<When>,
    /// What else there may be; the first that fits.
    pub(crate) unclear: Vec<(When, Text)>,
    /// Anything else.
    pub(crate) otherwise: Text,
}

/// Conditions on what a read gave; all of them.
#[derive(Debug, Clone)]
pub(crate) struct When(pub(crate) Vec<(Path, Test)>);

#[derive(Debug, Clone)]
pub(crate) enum Test {
    /// It is one of these.
    OneOf(Vec<Json>),
    /// It is there, or is not.
    Exists(bool),
}

impl When {
    fn fits(&self, found: &Value, scope: &Scope<'_>) -> Result<bool, String> {
        for (path, test) in &self.0 {
            let said = path.find(found, found);
            let fits = match test {
                Test::Exists(exists) => said.is_some() == *exists,
                Test::OneOf(all) => {
                    let mut any = false;
                    for one in all {
                        any |= is_same(said, one.fill(scope)?.as_ref());
                    }
                    any
                }
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Numbers and truth values are the same as their words; nothing is never the same.
fn is_same(said: Option<&Value>, wanted: Option<&Value>) -> bool {
    match (said, wanted) {
        (Some(said), Some(wanted)) => {
            said == wanted || (word_of(said).is_some() && word_of(said) == word_of(wanted))
        }
        _ => false,
    }
}

impl Lookup {
    /// What the read gave means.
    ///
    /// # Errors
    /// When a placeholder of the file has no value.
    pub(crate) fn judge(&self, found: &Value, scope: &Scope<'_>) -> Result<Looked, String> {
        let scope = &Scope {
            found: Some(found),
            ..*scope
        };
        if self.happened.fits(found, scope)? {
            let result = self
                .result
                .as_ref()
                .map(|result| result.fill(scope))
                .transpose()?;
            return Ok(Looked::Happened(
                result.flatten().unwrap_or_else(|| serde_json::json!({})),
            ));
        }
        if let Some(when) = &self.did_not_happen
            && when.fits(found, scope)?
        {
            return Ok(Looked::DidNotHappen);
        }
        for (when, text) in &self.unclear {
            if when.fits(found, scope)? {
                return Ok(Looked::Unclear(text.clone()));
            }
        }
        Ok(Looked::Unclear(self.otherwise.clone()))
    }
}
