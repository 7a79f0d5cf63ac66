//! The page that a form stands on: opened before the form is sent, as a browser does.
//!
//! What the page holds of the form goes along: the hidden fields, of which tokens against forgery are the most
//! usual, or with [`Keep::All`] whatever is filled in, as a form that changes something needs it. What the file
//! declares wins. A button is pressed only when the file declares it as a field.
//!
//! Invariant: a form that is not there, or goes elsewhere than declared, is a changed page, and nothing is sent.

use std::sync::Arc;

use clerkwork_connectors_api::{ConnectorError, ErrorKind, http::Reply};
use encoding_rs::Encoding;
use form_urlencoded::Serializer;
use reqwest::{Method, Url};
use scraper::{ElementRef, Html};

use crate::{
    answer::masked_page,
    extract::{Here, Locator, Top},
    request::Address,
    template::Scope,
};

/// Where the form is.
#[derive(Debug, Clone)]
pub(crate) struct FormPage {
    pub(crate) address: Address,
    pub(crate) form: Locator,
    pub(crate) keep: Keep,
}

/// What goes along of what the page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Hidden,
    All,
}

/// What the page held.
#[derive(Debug)]
pub(crate) struct Held {
    fields: Vec<(String, String)>,
    charset: &'static Encoding,
    /// That of where the form goes; it goes along where the file declares none.
    pub(crate) query: Option<String>,
}

impl FormPage {
    /// Reads the page that `at` gave; its form is sent to `to`.
    ///
    /// # Errors
    /// [`ErrorKind::PageChanged`], with the page, when the form is not on it or goes elsewhere; a query may be added
    /// to where it goes.
    pub(crate) fn read(
        &self,
        reply: &Reply<'_>,
        (at, to): (&Url, &Url),
        method: &Method,
        scope: &Scope<'_>,
    ) -> Result<Held, ConnectorError> {
        let text = reply.text();
        let top = Top::Html(Html::parse_document(&text));
        let changed = |why: String| {
            let mut error = reply.endpoint().error(ErrorKind::PageChanged, why);
            error.page = Some(Arc::new(masked_page(reply.endpoint(), scope.now, &text)));
            error
        };
        let Some(Here::Element(form)) = top.find(&self.form) else {
            return Err(changed(format!(
                "there is no form at `{}`; look at the page and correct the connector's file",
                self.form.as_str()
            )));
        };
        // Without an address of its own a form goes to where its page is.
        let action = at.join(form.attr("action").unwrap_or_default()).ok();
        if action
            .as_ref()
            .is_none_or(|it| it.origin() != to.origin() || it.path() != to.path())
        {
            return Err(changed(format!(
                "the form at `{}` goes elsewhere than `path` says; look at the page and correct the connector's file",
                self.form.as_str()
            )));
        }
        let says = form.attr("method");
        if says.is_some_and(|says| !says.eq_ignore_ascii_case(method.as_str())) {
            return Err(changed(format!(
                "the form at `{}` is not sent by {method} any more; look at the page and correct the connector's file",
                self.form.as_str()
            )));
        }
        Ok(Held {
            fields: controls(&top, form, self.keep),
            charset: reply.charset(),
            query: action.and_then(|action| action.query().map(str::to_owned)),
        })
    }
}

impl Held {
    /// The body: what the page held and `declared` does not say otherwise, then what is declared.
    ///
    /// # Errors
    /// Which field holds what the charset of the page lacks.
    pub(crate) fn body(&self, declared: &[(String, String)]) -> Result<String, String> {
        let said = |name: &String| declared.iter().any(|(declared, _)| declared == name);
        let kept = self.fields.iter().filter(|(name, _)| !said(name));
        let all: Vec<_> = kept
            .chain(declared)
            .map(|(name, value)| (name, lines(value)))
            .collect();
        if let Some((name, _)) = all.iter().find(|(_, value)| self.charset.encode(value).2) {
            return Err(format!(
                "the field `{name}` holds characters that the charset of the page, {}, lacks",
                self.charset.name()
            ));
        }
        let charset = self.charset;
        Ok(Serializer::new(String::new())
            .encoding_override(Some(&|text| charset.encode(text).0))
            .extend_pairs(all)
            .finish())
    }
}

/// With line breaks as forms have them.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// What a browser would send of a form in which nothing was changed and no button pressed (HTML, "constructing the
/// entry list"). Files stay out.
fn controls(top: &Top, form: ElementRef<'_>, keep: Keep) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let is_off = |control: ElementRef<'_>| {
        let above = control.ancestors().filter_map(ElementRef::wrap);
        above.chain([control]).any(|element| {
            element.attr("disabled").is_some()
                && (element == control || element.value().name() == "fieldset")
        })
    };
    for control in form.descendent_elements().chain(outside(top, form)) {
        if is_off(control) {
            continue;
        }
        let name = control.attr("name").unwrap_or_default().to_owned();
        if name.is_empty() {
            continue;
        }
        let value = || control.attr("value").unwrap_or_default().to_owned();
        let kind = control.attr("type").unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        match (control.value().name(), kind.as_str(), keep) {
            ("input", "hidden", _) => fields.push((name, value())),
            (_, _, Keep::Hidden)
            | ("input", "submit" | "button" | "image" | "reset" | "file", _) => {}
            ("input", "checkbox" | "radio", Keep::All) => {
                let value = control.attr("checked").map(|_| control.attr("value"));
                fields.extend(value.map(|value| (name, value.unwrap_or("on").to_owned())));
            }
            ("input", _, Keep::All) => fields.push((name, value())),
            ("textarea", _, Keep::All) => {
                let text: String = control.text().collect();
                fields.push((name, text));
            }
            ("select", _, Keep::All) => {
                let chosen = options(control).into_iter();
                fields.extend(chosen.map(|value| (name.clone(), value)));
            }
            _ => {}
        }
    }
    fields
}

/// Controls that stand elsewhere on the page and belong to the form by its id.
fn outside<'a>(top: &'a Top, form: ElementRef<'a>) -> Vec<ElementRef<'a>> {
    let (Top::Html(page), Some(id)) = (top, form.attr("id")) else {
        return Vec::new();
    };
    let all = page.root_element().descendent_elements();
    let its = all.filter(|control| control.attr("form") == Some(id));
    its.filter(|control| control.ancestors().all(|above| above.id() != form.id()))
        .collect()
}

/// What is chosen in a list: of one that takes a single choice, the first without any.
fn options(select: ElementRef<'_>) -> Vec<String> {
    let all: Vec<_> = select
        .descendent_elements()
        .filter(|element| element.value().name() == "option" && element.attr("disabled").is_none())
        .collect();
    let value = |option: &ElementRef<'_>| match option.attr("value") {
        Some(value) => value.to_owned(),
        None => {
            let text: String = option.text().collect();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    };
    let chosen: Vec<_> = all
        .iter()
        .filter(|option| option.attr("selected").is_some())
        .map(value)
        .collect();
    match (select.attr("multiple"), chosen.last()) {
        (Some(_), _) => chosen,
        (None, Some(last)) => vec![last.clone()],
        (None, None) => all.first().map(value).into_iter().collect(),
    }
}
