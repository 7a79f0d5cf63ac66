//! Reads the envelope, and what its code and wording ask for.

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{Access, Endpoint, Reply},
    redact,
};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::wire::{
    Envelope,
    codes::{WireError, business},
};

/// Longest part of the platform's own words in a message.
const WORDS: usize = 120;

/// Words for "this was done before, or begun, or something was": whichever of its wordings the
/// platform chooses, and for whichever write.
const PERHAPS_BEFORE: [&str; 10] = [
    "重复",
    "状态不允许",
    "已开具",
    "已退回",
    "已审核",
    "已处理",
    "已红冲",
    "已办结",
    business::NOTHING_TO_REVERSE_WORDING,
    business::SAVING_FORM_WORDING,
];

/// Words for "cannot say": the platform gives them a business code like any other.
const BUSY: [&str; 4] = ["系统繁忙", "系统异常", "请求超时", "稍后再试"];

/// The content of an answer.
pub(crate) fn content<T: DeserializeOwned>(reply: &Reply<'_>) -> Result<T, ConnectorError> {
    optional_content(reply)?.ok_or_else(|| reply.unreadable("`data` is missing"))
}

/// The content of an answer that may have none.
pub(crate) fn optional_content<T: DeserializeOwned>(
    reply: &Reply<'_>,
) -> Result<Option<T>, ConnectorError> {
    let unreadable = match reply.json::<Envelope<T>>() {
        Ok(envelope) if envelope.code == business::OK => return Ok(envelope.data),
        Ok(envelope) => return Err(refusal(reply.endpoint(), envelope.code, &envelope.msg)),
        Err(error) => error,
    };
    // A refusal may carry anything as `data`, which is then not what was asked for.
    match reply.json::<Envelope<IgnoredAny>>() {
        Ok(envelope) if envelope.code != business::OK => {
            Err(refusal(reply.endpoint(), envelope.code, &envelope.msg))
        }
        Ok(_) | Err(_) => Err(unreadable),
    }
}

/// Turns the refusal with `code` into "there is none".
pub(crate) fn found<T>(
    result: Result<T, ConnectorError>,
    code: &str,
) -> Result<Option<T>, ConnectorError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::Rejected && error.code.as_deref() == Some(code) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What a refusal says about the work that was asked for.
enum Meaning {
    /// Nothing: it may be done or not.
    CannotSay,
    /// Not done, since something else must come first.
    NotYet,
    /// Not done now, perhaps because it was done, or begun, before.
    PerhapsBefore,
    /// Not done, and not to be done.
    Refused,
}

/// Unclear words win over a code that is clear: to look up costs a call, to be wrong an invoice.
fn meaning(code: &str, msg: &str) -> Meaning {
    let says = |words: &[&str]| words.iter().any(|word| msg.contains(word));
    match code {
        business::BUSY => Meaning::CannotSay,
        _ if says(&BUSY) => Meaning::CannotSay,
        business::STATE_FORBIDS
        | business::DUPLICATE_REQUEST
        | business::NOTHING_TO_REVERSE
        | business::SAVING_FORM
        | business::FORM_STATE_FORBIDS
        | business::ALREADY_SETTLED => Meaning::PerhapsBefore,
        _ if says(&PERHAPS_BEFORE) => Meaning::PerhapsBefore,
        business::NO_RISK_INFORMATION => Meaning::NotYet,
        _ => Meaning::Refused,
    }
}

/// The error for a code other than `0`.
fn refusal(endpoint: &Endpoint, code: String, msg: &str) -> ConnectorError {
    let kind = match (meaning(&code, msg), endpoint.access()) {
        (Meaning::CannotSay, _) => endpoint.unclear(),
        (Meaning::PerhapsBefore, Access::Write) => ErrorKind::OutcomeUnknown,
        (Meaning::NotYet, Access::Write) => ErrorKind::Transient,
        (Meaning::PerhapsBefore | Meaning::NotYet | Meaning::Refused, Access::Read)
        | (Meaning::Refused, Access::Write) => ErrorKind::Rejected,
    };
    let shown = redact::mask(&code, 20);
    let words = redact::mask(msg, WORDS);
    ConnectorError {
        code: Some(shown.clone()),
        ..endpoint.error(
            kind,
            format!("upstream answered with code `{shown}`: {words}"),
        )
    }
}

/// The error for well-formed JSON that breaks the contract.
pub(crate) fn broken_contract(endpoint: &Endpoint, error: &WireError) -> ConnectorError {
    let kind = match endpoint.access() {
        Access::Read => ErrorKind::Misconfigured,
        Access::Write => ErrorKind::OutcomeUnknown,
    };
    endpoint.error(kind, error.to_string())
}
