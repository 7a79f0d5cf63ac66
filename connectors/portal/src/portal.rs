//! The connector itself: agent-issued invoices through pages.

use std::{collections::HashSet, path::PathBuf};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued},
    contract::Profile,
    http::{BreakerStatus, HttpSettings, HttpStack, Secret},
};
use clerkwork_core::IdempotencyKey;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Url;

use crate::{
    answer::Answer,
    browser::{Browser, Shown, now},
    connector,
    door::{Credential, Door},
    evidence,
    pages::Pages,
    read::{self, Unread},
    view::{Mismatch, View},
};

pub(crate) const DOSSIER: &str = "dossier";
pub(crate) const STATUS: &str = "status";
pub(crate) const ISSUE: &str = "approve_and_issue";
pub(crate) const RETURN: &str = "return_to_applicant";
pub(crate) const PENDING: &str = "pending";

/// Pages of the list that one call may turn, so that it comes to an end whatever the portal does.
const MAX_PAGES: usize = 1_000;

/// How to reach the portal, and as whom.
#[derive(Debug, Clone)]
pub struct PortalSettings {
    /// The HTTP side; `base_url` is below which all pages lie, for example `https://host/portal/`.
    pub http: HttpSettings,
    /// Who logs in.
    pub credential: Credential,
    /// A data file in the place of the one that is compiled in.
    pub pages: Option<PathBuf>,
    /// Pages of applications that one call for the list reads at a time.
    pub details_at_once: usize,
    /// Most bytes of a file that goes up or comes down.
    pub max_file_bytes: usize,
}

impl PortalSettings {
    /// Settings for a portal on the same network; each field may be changed afterwards.
    pub fn new(name: &'static str, base_url: impl Into<String>, credential: Credential) -> Self {
        let mut http = HttpSettings::new(name, base_url, Secret::new(""));
        http.auth = clerkwork_connectors_api::http::Auth::None;
        Self {
            http,
            credential,
            pages: None,
            details_at_once: 4,
            max_file_bytes: 4 * 1024 * 1024,
        }
    }
}

/// A legacy portal.
#[derive(Debug)]
pub struct Portal {
    pub(crate) browser: Browser,
    pub(crate) profile: Profile,
    pub(crate) max_file_bytes: usize,
    details_at_once: usize,
}

impl Portal {
    /// Builds the connector and reads the data file. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`], naming the setting or the place in the data file.
    pub fn new(settings: PortalSettings) -> Result<Self, ConnectorError> {
        let name = settings.http.name;
        let stack = HttpStack::new(settings.http)?;
        let base = stack.read("configure", "")?.url().clone();
        let door = Door::new(name, settings.credential);
        let pages = Pages::load(settings.pages.as_deref()).map_err(|error| ConnectorError {
            connector: name,
            operation: "configure",
            kind: ErrorKind::Misconfigured,
            code: None,
            message: error.to_string(),
            page: None,
            source: None,
        })?;
        Ok(Self {
            profile: connector::profile(name, &pages.version),
            browser: Browser {
                stack,
                pages,
                door,
                base,
            },
            max_file_bytes: settings.max_file_bytes,
            details_at_once: settings.details_at_once.max(1),
        })
    }

    /// Takes another credential, which lifts a stop that a refused one has caused.
    pub async fn change_credential(&self, credential: Credential) {
        self.browser.door.change(credential).await;
    }

    /// What a status page shows of the circuit breaker.
    pub fn breaker(&self) -> BreakerStatus {
        self.browser.stack.breaker()
    }

    /// The version of the data file.
    pub fn pages_version(&self) -> &str {
        &self.browser.pages.version
    }

    /// The page of an application; nothing when the portal does not know it. Read it with
    /// [`read_detail`](Self::read_detail).
    pub(crate) async fn detail(
        &self,
        operation: &'static str,
        number: &str,
    ) -> Result<Option<Shown>, ConnectorError> {
        let url = self
            .browser
            .url(operation, "detail", &[("number", number)])?;
        match self.browser.get(operation, &url).await {
            Ok(shown) => Ok(Some(shown)),
            Err(error) if error.code.as_deref() == Some(MISSING) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the page of an application, which must be about that one.
    pub(crate) fn read_detail<T>(
        &self,
        operation: &'static str,
        answer: &Answer,
        number: &str,
        read: impl FnOnce(&View<'_>) -> Result<T, Unread>,
    ) -> Result<T, ConnectorError> {
        self.read(operation, answer, "detail", |view| {
            let basics = view.required("basics")?;
            if basics.text("number")? != number {
                let why = "it is about another application than was asked for";
                return Err(view.wrong(&basics.at, why).into());
            }
            read(view)
        })
    }

    /// Reads a page that has come.
    pub(crate) fn read<T>(
        &self,
        operation: &'static str,
        answer: &Answer,
        page: &'static str,
        read: impl FnOnce(&View<'_>) -> Result<T, Unread>,
    ) -> Result<T, ConnectorError> {
        let html = answer.parse();
        let view = View::of(&self.browser.pages, page, &html).map_err(Unread::Mismatch);
        view.and_then(|view| read(&view)).map_err(|unread| match unread {
            Unread::Mismatch(mismatch) => self.browser.changed(operation, &answer.text, &mismatch),
            Unread::Word { field, word } => self.browser.error(
                operation,
                ErrorKind::Misconfigured,
                format!("unknown word `{word}` in field `{field}` of page `{page}`; add it to the code table of the data file"),
            ),
            Unread::Malformed { field, expected } => self.browser.error(
                operation,
                ErrorKind::Misconfigured,
                format!("field `{field}` of page `{page}` holds no {expected}; compare the page with the data file"),
            ),
        })
    }

    async fn application(&self, number: String) -> Result<Application, ConnectorError> {
        let shown = self.detail(PENDING, &number).await?.ok_or_else(|| {
            let why = format!(
                "the list names application `{number}`, which the portal does not know; ask again"
            );
            self.browser.error(PENDING, ErrorKind::Transient, why)
        })?;
        let pages = &self.browser.pages;
        self.read_detail(PENDING, &shown.answer, &number, |view| {
            read::application(pages, view)
        })
    }

    /// Numbers of applications that wait, after `after`, at most `limit`.
    async fn waiting(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, ConnectorError> {
        let mut numbers: Vec<String> = Vec::new();
        let mut last = after.unwrap_or_default().to_owned();
        let mut url = self.browser.url(PENDING, "list", &[("after", &last)])?;
        let (mut seen, mut total) = (HashSet::new(), None);
        for _ in 0..MAX_PAGES {
            seen.insert(url.clone());
            let shown = self.browser.get(PENDING, &url).await?;
            let page = self.read(PENDING, &shown.answer, "list", |view| {
                Ok(self.list_page(view, &shown.answer.url, &seen)?)
            })?;
            if total.is_some_and(|total| total != page.total) {
                // Some were decided meanwhile, so that the pages have moved: on from the last one taken.
                url = self.browser.url(PENDING, "list", &[("after", &last)])?;
                (seen, total) = (HashSet::new(), None);
                continue;
            }
            total = Some(page.total);
            for number in page.numbers {
                if number <= last {
                    let mismatch = Mismatch {
                        page: "list".into(),
                        selector: "applications".into(),
                        why: "an application comes again, or out of its order".into(),
                    };
                    return Err(self.browser.changed(PENDING, &shown.answer.text, &mismatch));
                }
                last.clone_from(&number);
                numbers.push(number);
                if numbers.len() == limit {
                    return Ok(numbers);
                }
            }
            match page.next {
                Some(next) => url = next,
                None => return Ok(numbers),
            }
        }
        let why = "the list comes to no end; ask for fewer applications at a time";
        Err(self.browser.error(PENDING, ErrorKind::Misconfigured, why))
    }

    fn list_page(
        &self,
        view: &View<'_>,
        at: &Url,
        seen: &HashSet<Url>,
    ) -> Result<ListPage, Mismatch> {
        let rows = view.table("applications")?;
        let numbers = rows.iter().map(|row| row.fields.text("number"));
        let (page, pages) = (view.number("page")?, view.number("pages")?);
        let next = match view.link("next")? {
            None if page < pages => {
                let why = format!("there is no link to page {} of {pages}", page + 1);
                let css = view.shape.links.get("next");
                return Err(view.wrong(css.map_or("next", |css| css.text.as_str()), why));
            }
            None => None,
            Some((css, href)) => {
                let next = at.join(href).ok().filter(|next| self.browser.is_ours(next));
                let next = next.ok_or_else(|| {
                    view.wrong(&css, "it leads away from the portal, which is not followed")
                })?;
                if seen.contains(&next) {
                    return Err(view.wrong(&css, "it leads back to a page that was read"));
                }
                Some(next)
            }
        };
        Ok(ListPage {
            numbers: numbers.collect::<Result<_, _>>()?,
            total: view.number("total")?,
            next,
        })
    }

    /// Whether the portal answers and takes our credential: reads the list's first page.
    pub(crate) async fn look(&self) -> Result<(), ConnectorError> {
        let url = self.browser.url("health", "list", &[])?;
        let shown = self.browser.get("health", &url).await?;
        self.read("health", &shown.answer, "list", |view| {
            Ok(view.table("applications").map(|_| ())?)
        })
    }
}

/// The code of an error about what the portal does not know.
pub(crate) const MISSING: &str = "missing";

struct ListPage {
    numbers: Vec<String>,
    total: u64,
    next: Option<Url>,
}

#[async_trait]
impl AgentInvoices for Portal {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        let number = &query.application_number;
        let Some(shown) = self.detail(DOSSIER, number).await? else {
            return Ok(read::unknown(now()));
        };
        let pages = &self.browser.pages;
        let (mut dossier, parties, receipt) =
            self.read_detail(DOSSIER, &shown.answer, number, |view| {
                let of = |section| view.required(section)?.text("tax_id");
                let mut dossier = read::dossier(pages, view)?;
                let source = format!("{}.{DOSSIER}", self.profile.name);
                dossier.page = Some(evidence::whole(source, dossier.as_of, view.html));
                let receipt = view.required("basics")?.optional("receipt_number");
                Ok((dossier, (of("seller")?, of("buyer")?), receipt))
            })?;
        // The page tells of the parties and the receipt that stand in the application now.
        let another = |what: &str| {
            let why = format!(
                "the application names {what} than was asked about; read the application again"
            );
            self.browser.error(DOSSIER, ErrorKind::Misconfigured, why)
        };
        if parties != (query.seller_tax_id, query.buyer_tax_id) {
            return Err(another("other parties"));
        }
        match query.tax_receipt_number {
            None => dossier.receipt = None,
            asked if asked == receipt => {}
            Some(_) => return Err(another("another receipt")),
        }
        Ok(dossier)
    }

    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<ApplicationStatus>, ConnectorError> {
        let Some(shown) = self.detail(STATUS, application_number).await? else {
            return Ok(None);
        };
        let pages = &self.browser.pages;
        self.read_detail(STATUS, &shown.answer, application_number, |view| {
            read::status(pages, view)
        })
        .map(Some)
    }

    async fn approve_and_issue(
        &self,
        _: &IdempotencyKey,
        application_number: &str,
    ) -> Result<Issued, ConnectorError> {
        let invoice_number = self.issue(application_number).await?;
        Ok(Issued { invoice_number })
    }

    async fn return_to_applicant(
        &self,
        _: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        self.give_back(application_number, reasons).await
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Application>, ConnectorError> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let numbers = self.waiting(after, limit).await?;
        stream::iter(numbers)
            .map(|number| self.application(number))
            .buffered(self.details_at_once)
            .try_collect()
            .await
    }
}
