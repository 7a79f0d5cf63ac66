//! The contract of all connectors, and the operations of this one beside those of the field.

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind, agent_invoice,
    contract::{Answer, Connector, Idempotency, Looked, Operation, Polled, Profile, Schema},
};
use clerkwork_core::{IdempotencyKey, Text};
use reqwest::header;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    forms::Upload,
    portal::{MISSING, Portal},
};

/// Reads a file of an application.
pub const DOWNLOAD: &str = "download_attachment";
/// Adds a file to an application.
pub const UPLOAD: &str = "upload_attachment";

/// Names a file of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileQuery {
    /// The application.
    pub application_number: String,
    /// The file's name, as the application's page lists it.
    pub file_name: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What the portal says it is, without parameters.
    pub media_type: String,
    /// The content in base64. Text that declares its charset is in UTF-8.
    pub content_base64: String,
}

/// Adds a file to an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// The application.
    pub application_number: String,
    /// The file's name; new to the application.
    pub file_name: String,
    /// Its media type, for example `application/pdf`.
    pub media_type: String,
    /// The content in base64.
    pub content_base64: String,
}

/// Nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Nothing {}

pub(crate) fn profile(name: &'static str, pages: &str) -> Profile {
    let mut operations = agent_invoice::operations();
    operations.push(Operation::read(
        DOWNLOAD,
        Schema::of::<FileQuery>(),
        Schema::of::<File>(),
    ));
    operations.push(Operation::write(
        UPLOAD,
        Schema::of::<NewFile>(),
        Schema::of::<Nothing>(),
        Idempotency::BusinessKey { lookup: DOWNLOAD },
    ));
    operations.sort_by_key(|operation| operation.name);
    Profile {
        name,
        title: Text::new(
            "办税平台页面（代开发票）",
            "legacy portal for agent-issued invoices",
        ),
        version: format!("{}+pages.{pages}", env!("CARGO_PKG_VERSION")),
        operations,
    }
}

impl Portal {
    /// Reads a file of an application; nothing when the application has none of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] for an application that the portal does not know; otherwise why not.
    pub async fn download(&self, query: &FileQuery) -> Result<Option<File>, ConnectorError> {
        let shown = self.known(DOWNLOAD, &query.application_number).await?;
        let url = self.read_detail(DOWNLOAD, &shown.answer, &query.application_number, |view| {
            let mut found = Vec::new();
            for table in ["attachments", "added"] {
                for row in view.table(table)? {
                    if row.fields.text("file_name")? == query.file_name {
                        let url = shown.answer.url.join(row.link("download")?).ok();
                        let url = url.filter(|url| self.browser.is_ours(url)).ok_or_else(|| {
                            view.wrong(&row.fields.at, "a link leads away from the portal")
                        })?;
                        found.push((row.fields.at, url));
                    }
                }
            }
            match found.as_slice() {
                [] => Ok(None),
                [(_, url)] => Ok(Some(url.clone())),
                [(at, _), ..] => Err(view.wrong(at, "two files have the same name").into()),
            }
        })?;
        let Some(url) = url else { return Ok(None) };
        let file = match self.browser.get(DOWNLOAD, &url).await {
            Ok(shown) => shown.answer,
            Err(error) if error.code.as_deref() == Some(MISSING) => return Ok(None),
            Err(error) => return Err(error),
        };
        if file.markup {
            let mismatch = crate::view::Mismatch {
                page: "detail".into(),
                selector: "download".into(),
                why: "a page came in the place of a file".into(),
            };
            return Err(self.browser.changed(DOWNLOAD, &file.text, &mismatch));
        }
        if file.bytes.len() > self.max_file_bytes {
            let why = format!(
                "the file has more than {} bytes; raise `max_file_bytes` if that is right",
                self.max_file_bytes
            );
            return Err(self.browser.error(DOWNLOAD, ErrorKind::Misconfigured, why));
        }
        let media_type = file.headers.get(header::CONTENT_TYPE);
        let media_type = media_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        Ok(Some(File {
            media_type: media_type.into(),
            content_base64: BASE64_STANDARD.encode(&file.bytes),
        }))
    }

    /// Adds a file to an application.
    ///
    /// # Errors
    /// As every write; [`ErrorKind::OutcomeUnknown`] also when there is a file of that name already.
    pub async fn upload(&self, new: &NewFile) -> Result<(), ConnectorError> {
        let wrong = |why: &str| self.browser.error(UPLOAD, ErrorKind::Misconfigured, why);
        let content = BASE64_STANDARD.decode(&new.content_base64);
        let content = content.map_err(|_| wrong("`content_base64` is no base64"))?;
        if content.is_empty() || content.len() > self.max_file_bytes {
            let why = "the file is empty or larger than `max_file_bytes`";
            return Err(wrong(why));
        }
        let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        let in_folder = new.file_name.contains(['/', '\\']);
        if !plain(&new.file_name) || in_folder || !plain(&new.media_type) {
            return Err(wrong(
                "`file_name` or `media_type` is none; give a name without a folder",
            ));
        }
        let file = Upload {
            name: new.file_name.clone(),
            media_type: new.media_type.clone(),
            content,
        };
        self.send_up(UPLOAD, &new.application_number, &file).await
    }

    /// Whether a file was added: it is there, with this content.
    async fn was_uploaded(&self, new: &NewFile) -> Result<Looked, ConnectorError> {
        let query = FileQuery {
            application_number: new.application_number.clone(),
            file_name: new.file_name.clone(),
        };
        Ok(match self.download(&query).await? {
            None => Looked::DidNotHappen,
            Some(file) if file.content_base64 == new.content_base64 => Looked::Happened(json!({})),
            Some(_) => Looked::Unclear(Text::new(
                "上游系统已有同名附件，但内容不同",
                "there is a file of that name with another content",
            )),
        })
    }
}

#[async_trait]
impl Connector for Portal {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn call(
        &self,
        operation: &str,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError> {
        let known = self.profile.operation(operation)?;
        match known.name {
            DOWNLOAD => {
                let query: FileQuery = self.profile.input(DOWNLOAD, input)?;
                let file = self.download(&query).await?.ok_or_else(|| {
                    let why = "the application has no file of that name; look at its page";
                    self.browser.error(DOWNLOAD, ErrorKind::Rejected, why)
                })?;
                Ok(json!(file).into())
            }
            UPLOAD => {
                if key.is_none() {
                    let why = "a write needs an idempotency key";
                    return Err(self.browser.error(UPLOAD, ErrorKind::Misconfigured, why));
                }
                self.upload(&self.profile.input(UPLOAD, input)?).await?;
                Ok(json!({}).into())
            }
            _ => {
                let name = self.profile.name;
                let answer = agent_invoice::call(self, name, operation, key, input).await?;
                answer.ok_or_else(|| self.not_so(known, "it is polled, not called"))
            }
        }
    }

    async fn lookup(
        &self,
        operation: &str,
        _: &IdempotencyKey,
        input: &Value,
    ) -> Result<Looked, ConnectorError> {
        let known = self.profile.operation(operation)?;
        if known.name == UPLOAD {
            return self.was_uploaded(&self.profile.input(UPLOAD, input)?).await;
        }
        let looked = agent_invoice::lookup(self, self.profile.name, operation, input).await?;
        looked.ok_or_else(|| self.not_so(known, "it is a read and cannot be looked up"))
    }

    async fn poll(
        &self,
        operation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Polled, ConnectorError> {
        let known = self.profile.operation(operation)?;
        if !known.polled {
            return Err(self.not_so(known, "it cannot be polled"));
        }
        agent_invoice::poll(self, after, limit).await
    }

    async fn health(&self) -> Result<(), ConnectorError> {
        self.look().await
    }
}

impl Portal {
    fn not_so(&self, operation: &Operation, why: &str) -> ConnectorError {
        self.browser
            .error(operation.name, ErrorKind::Misconfigured, why)
    }
}
