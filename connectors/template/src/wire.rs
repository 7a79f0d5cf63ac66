//! The upstream's JSON in its own names, and what its codes mean.
//!
//! Every method is a `POST`. Every answer, also a refusal, is HTTP 200 with `code`, `msg` and `data`. Fields that
//! are not named here are ignored; a word that is in no code table is an error, never a default.

use std::collections::HashSet;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{Access, Endpoint, Reply},
    redact::mask,
};
use clerkwork_core::Cents;
use serde::{Deserialize, de::DeserializeOwned};

use crate::operations::{Issued, Status, Waiting};

/// Where the methods are, below the base address.
pub(crate) mod path {
    pub(crate) const ISSUE: &str = "api/dkfpspkj";
    pub(crate) const STATUS: &str = "api/cxdkfpsqzt";
    pub(crate) const WAITING: &str = "api/cxdsdkfpsq";
}

/// Most applications on one page.
pub(crate) const MOST_WAITING: u32 = 1000;

/// Codes of an answer.
mod code {
    pub(super) const OK: &str = "0";
    pub(super) const UNKNOWN_APPLICATION: &str = "31301";
    pub(super) const STATE_FORBIDS: &str = "31302";
    pub(super) const DUPLICATE: &str = "31399";
    pub(super) const BUSY: &str = "99999";
}

/// What every answer begins with.
#[derive(Deserialize)]
struct Head {
    code: String,
    msg: Option<String>,
}

#[derive(Deserialize)]
struct Body<T> {
    data: T,
}

/// The content of an answer, or what its refusal asks for.
fn content<T: DeserializeOwned>(reply: &Reply<'_>) -> Result<T, ConnectorError> {
    // A refusal may carry anything as `data`, so the code is read before it.
    let head: Head = reply.json()?;
    match head.code.as_str() {
        code::OK => Ok(reply.json::<Body<T>>()?.data),
        _ => Err(refusal(reply.endpoint(), &head)),
    }
}

fn refusal(endpoint: &Endpoint, head: &Head) -> ConnectorError {
    let kind = match (head.code.as_str(), endpoint.access()) {
        // It cannot say: a read is tried again, a write is looked up.
        (code::BUSY, _) => endpoint.unclear(),
        // Done before, perhaps by a try of ours whose answer was lost: it is looked up.
        (code::STATE_FORBIDS | code::DUPLICATE, Access::Write) => ErrorKind::OutcomeUnknown,
        // A result, and never tried again.
        (_, Access::Read | Access::Write) => ErrorKind::Rejected,
    };
    // Its own words may name people.
    let (code, words) = (mask(&head.code, 20), head.msg.as_deref());
    let words = mask(words.unwrap_or_default(), 120);
    let message = format!("the upstream answered with code `{code}`: {words}");
    ConnectorError {
        code: Some(code),
        ..endpoint.error(kind, message)
    }
}

/// Where an application stands; nothing when the upstream has none of that number.
pub(crate) fn status(reply: &Reply<'_>) -> Result<Option<Status>, ConnectorError> {
    #[derive(Deserialize)]
    struct Data {
        sqzt: String,
        fphm: Option<String>,
    }
    let data: Data = match content(reply) {
        Err(error) if error.code.as_deref() == Some(code::UNKNOWN_APPLICATION) => return Ok(None),
        other => other?,
    };
    Ok(Some(match (data.sqzt.as_str(), data.fphm) {
        ("00", _) => Status::Pending,
        ("01", Some(invoice_number)) => Status::Issued { invoice_number },
        ("01", None) => return Err(reply.unreadable("`fphm` is missing beside `sqzt` 01")),
        ("02", _) => Status::Returned,
        ("03", _) => Status::Withdrawn,
        (word, _) => {
            let word = mask(word, 20);
            let why = format!("unknown code `{word}` in field `sqzt`; add it to the code table");
            return Err(reply.unreadable(&why));
        }
    }))
}

/// The invoice that was issued.
pub(crate) fn issued(reply: &Reply<'_>) -> Result<Issued, ConnectorError> {
    #[derive(Deserialize)]
    struct Data {
        fphm: String,
    }
    let data: Data = content(reply)?;
    Ok(Issued {
        invoice_number: data.fphm,
    })
}

/// The page of applications after the one with the number `after`.
pub(crate) fn waiting(
    reply: &Reply<'_>,
    after: Option<&str>,
) -> Result<Vec<Waiting>, ConnectorError> {
    #[derive(Deserialize)]
    struct Data {
        list: Vec<Application>,
    }
    #[derive(Deserialize)]
    struct Application {
        sqbh: String,
        xsfmc: String,
        jshj: Cents,
    }
    let list = content::<Data>(reply)?.list;
    // A list that comes again would keep its reader turning in a circle.
    let mut seen: HashSet<&str> = after.into_iter().collect();
    if !list.iter().all(|one| seen.insert(&one.sqbh)) {
        return Err(reply.unreadable("an application comes again in `list`"));
    }
    let read = |one: Application| Waiting {
        application_number: one.sqbh,
        seller: one.xsfmc,
        total_gross: one.jshj,
    };
    Ok(list.into_iter().map(read).collect())
}
