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

/// Words for "this was done before, or something was": whichever of its wordings the platform
/// chooses, and for whichever write.
const ALREADY_DONE: [&str; 6] = ["重复", "状态不允许", "已开具", "已退回", "已审核", "已处理"];

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

/// The error for a code other than `0`.
fn refusal(endpoint: &Endpoint, code: String, msg: &str) -> ConnectorError {
    let says = |words: &[&str]| words.iter().any(|word| msg.contains(word));
    let already_done = matches!(
        code.as_str(),
        business::STATE_FORBIDS | business::DUPLICATE_REQUEST
    ) || says(&ALREADY_DONE);
    let kind = if code == business::BUSY || says(&BUSY) {
        endpoint.unclear()
    } else {
        match endpoint.access() {
            Access::Write if already_done => ErrorKind::OutcomeUnknown,
            Access::Write | Access::Read => ErrorKind::Rejected,
        }
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
