//! Forms: filled as the data file says, and encoded as browsers do.
//!
//! A form is taken only when its address, its fields and its buttons are those that are declared. Hidden
//! fields go back as they came; of the buttons the declared one is pressed.

use bytes::Bytes;
use encoding_rs::Encoding;
use reqwest::Url;
use scraper::ElementRef;

use crate::{
    pages::{Button, FormShape},
    view::{Mismatch, View, text},
};

/// A file that goes up.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) content: Vec<u8>,
}

/// What is done with a form.
pub(crate) struct Fill<'a> {
    pub(crate) form: &'a str,
    pub(crate) press: &'a str,
    /// Values by the names in the data file.
    pub(crate) values: &'a [(&'a str, &'a str)],
    pub(crate) file: Option<(&'a str, &'a Upload)>,
}

impl<'a> Fill<'a> {
    /// Presses a button of a form that has nothing to fill in.
    pub(crate) fn press(form: &'a str, press: &'a str) -> Self {
        Self {
            form,
            press,
            values: &[],
            file: None,
        }
    }
}

/// A form as it goes out.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) url: Url,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// Why a form was not filled.
#[derive(Debug)]
pub(crate) enum Unfilled {
    Mismatch(Mismatch),
    /// A value holds what the page's charset lacks.
    Unsayable {
        field: String,
        charset: &'static str,
    },
}

impl From<Mismatch> for Unfilled {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

/// What a form would send.
#[derive(Debug)]
enum Part {
    Hidden(String, String),
    Field(String),
}

impl View<'_> {
    /// Fills a form of this page, which came from `at`.
    pub(crate) fn fill(
        &self,
        base: &Url,
        at: &Url,
        encoding: &'static Encoding,
        fill: &Fill<'_>,
    ) -> Result<Submission, Unfilled> {
        let shape = self.shape.forms.get(fill.form);
        let shape = shape.ok_or_else(|| self.wrong(fill.form, "the data file has no such form"))?;
        let css = &shape.at.text;
        let form = self.one(&shape.at)?;
        let url = self.action(shape, form, base, at)?;
        if form.value().name() != "form" {
            return Err(self.wrong(css, "it is no form").into());
        }
        let multipart = form
            .attr("enctype")
            .is_some_and(|it| it.eq_ignore_ascii_case(MULTIPART));
        if multipart != fill.file.is_some() {
            return Err(self
                .wrong(css, "it takes a file, or takes none any more")
                .into());
        }
        let (parts, buttons) = self.controls(shape, form)?;
        self.compare_buttons(shape, &buttons)?;
        let mut sent = Vec::new();
        for part in parts {
            match part {
                Part::Hidden(name, value) => sent.push((name, Value::Text(value))),
                Part::Field(name) => {
                    let value = value_of(shape, fill, &name);
                    let value = value.ok_or_else(|| {
                        self.wrong(css, format!("there is an undeclared field `{name}`"))
                    })?;
                    sent.push((name, value));
                }
            }
        }
        for name in shape.fields.values().chain(&shape.hidden) {
            if sent.iter().filter(|(sent, _)| sent == name).count() != 1 {
                return Err(self
                    .wrong(css, format!("it has not one field `{name}`"))
                    .into());
            }
        }
        let pressed = shape.buttons.get(fill.press);
        let pressed = pressed.ok_or_else(|| self.wrong(css, "the data file has no such button"))?;
        sent.push((pressed.name.clone(), Value::Text(pressed.value.clone())));
        let (content_type, body) = match multipart {
            true => as_multipart(&sent, encoding)?,
            false => (URLENCODED.into(), as_urlencoded(&sent, encoding)?),
        };
        Ok(Submission {
            url,
            content_type,
            body: body.into(),
        })
    }

    fn action(
        &self,
        shape: &FormShape,
        form: ElementRef<'_>,
        base: &Url,
        at: &Url,
    ) -> Result<Url, Mismatch> {
        let posts = form
            .attr("method")
            .is_some_and(|it| it.eq_ignore_ascii_case("post"));
        let found = form.attr("action").and_then(|action| at.join(action).ok());
        let declared = base.join(&shape.action).ok();
        match (found, declared) {
            (Some(found), Some(declared)) if posts && found == declared => Ok(found),
            _ => {
                let why = format!("it does not post to `{}` any more", shape.action);
                Err(self.wrong(&shape.at.text, why))
            }
        }
    }

    /// The fields and the buttons of a form, those included that stand outside it.
    fn controls(
        &self,
        shape: &FormShape,
        form: ElementRef<'_>,
    ) -> Result<(Vec<Part>, Vec<Button>), Mismatch> {
        let (mut parts, mut buttons) = (Vec::new(), Vec::new());
        let id = form.attr("id");
        let outside = self
            .html
            .root_element()
            .descendent_elements()
            .filter(|element| {
                id.is_some()
                    && element.attr("form") == id
                    && element
                        .ancestors()
                        .all(|ancestor| ancestor.id() != form.id())
            });
        for control in form.descendent_elements().chain(outside) {
            let named = |attribute: &str| control.attr(attribute).unwrap_or_default().to_owned();
            let kind = named("type").to_ascii_lowercase();
            let (name, value) = (named("name"), named("value"));
            match (control.value().name(), kind.as_str()) {
                ("input", "hidden") => parts.push(Part::Hidden(name, value)),
                ("input", "submit" | "button" | "image" | "reset") => {
                    buttons.push(Button { name, value });
                }
                ("button", _) => {
                    let value = if value.is_empty() {
                        text(control)
                    } else {
                        value
                    };
                    buttons.push(Button { name, value });
                }
                ("input" | "textarea" | "select", _) if name.is_empty() => {
                    let why = "there is a field without a name";
                    return Err(self.wrong(&shape.at.text, why));
                }
                ("input" | "textarea" | "select", _) => parts.push(Part::Field(name)),
                _ => {}
            }
        }
        Ok((parts, buttons))
    }

    /// The buttons of a form are the declared ones, each once, and no other.
    fn compare_buttons(&self, shape: &FormShape, found: &[Button]) -> Result<(), Mismatch> {
        let declared = || shape.buttons.values();
        let shown = |text: &str| clerkwork_connectors_api::redact::mask(text, 20);
        if let Some(other) = found
            .iter()
            .find(|button| declared().all(|known| known != *button))
        {
            let (name, value) = (shown(&other.name), shown(&other.value));
            let why = format!("there is an undeclared button `{value}` (`{name}`)");
            return Err(self.wrong(&shape.at.text, why));
        }
        for known in declared() {
            if found.iter().filter(|button| *button == known).count() != 1 {
                let why = format!("it has not one button `{}` (`{}`)", known.value, known.name);
                return Err(self.wrong(&shape.at.text, why));
            }
        }
        Ok(())
    }
}

enum Value<'a> {
    Text(String),
    File(&'a Upload),
}

/// What is filled into a field by its name on the page; nothing when it is not declared.
fn value_of<'a>(shape: &FormShape, fill: &Fill<'a>, name: &str) -> Option<Value<'a>> {
    let (key, _) = shape.fields.iter().find(|(_, field)| *field == name)?;
    if let Some((_, file)) = fill.file.filter(|(field, _)| field == key) {
        return Some(Value::File(file));
    }
    let (_, value) = fill.values.iter().find(|(field, _)| field == key)?;
    Some(Value::Text((*value).to_owned()))
}

const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// `text` in the page's charset. Browsers would put references in the place of what it lacks, which the
/// portal would then take for the text itself.
fn encoded(text: &str, encoding: &'static Encoding, field: &str) -> Result<Vec<u8>, Unfilled> {
    match encoding.encode(text) {
        (bytes, _, false) => Ok(bytes.into_owned()),
        (_, charset, true) => Err(Unfilled::Unsayable {
            field: field.into(),
            charset: charset.name(),
        }),
    }
}

/// With line breaks as forms have them.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn as_urlencoded(
    sent: &[(String, Value<'_>)],
    encoding: &'static Encoding,
) -> Result<Vec<u8>, Unfilled> {
    let mut out = String::new();
    for (name, value) in sent {
        let Value::Text(value) = value else { continue };
        if !out.is_empty() {
            out.push('&');
        }
        percent(&encoded(name, encoding, name)?, &mut out);
        out.push('=');
        percent(&encoded(&lines(value), encoding, name)?, &mut out);
    }
    Ok(out.into_bytes())
}

/// One value for a query, in the page's charset.
pub(crate) fn percent(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                out.push(char::from(*byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn as_multipart(
    sent: &[(String, Value<'_>)],
    encoding: &'static Encoding,
) -> Result<(String, Vec<u8>), Unfilled> {
    // 122 random bits: no content holds them.
    let boundary = format!("----form{}", uuid::Uuid::new_v4().simple());
    let mut body = Vec::new();
    for (name, value) in sent {
        let quoted = |text: &str| {
            let text = text.replace('"', "%22").replace('\r', "%0D");
            text.replace('\n', "%0A")
        };
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"").bytes());
        body.extend(encoded(&quoted(name), encoding, name)?);
        match value {
            Value::Text(value) => {
                body.extend(b"\"\r\n\r\n");
                body.extend(encoded(&lines(value), encoding, name)?);
            }
            Value::File(file) => {
                body.extend(b"\"; filename=\"");
                body.extend(encoded(&quoted(&file.name), encoding, name)?);
                body.extend(format!("\"\r\nContent-Type: {}\r\n\r\n", file.media_type).bytes());
                body.extend(&file.content);
            }
        }
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    Ok((format!("{MULTIPART}; boundary={boundary}"), body))
}

#[cfg(test)]
mod tests;
