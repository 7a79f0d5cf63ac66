//! What the application hears: done, or sent back.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    red_letter::{RedLetterStatus, RedLetters, WriteBack},
};
use clerkwork_core::{IdempotencyKey, Text};
use serde_json::{Value, json};

use crate::{EffectCall, Lookup};

/// Reports the application as done.
pub(in super::super) struct Report<'a> {
    pub(in super::super) api: &'a dyn RedLetters,
    pub(in super::super) application_number: &'a str,
    pub(in super::super) outcome: WriteBack,
}

#[async_trait]
impl EffectCall for Report<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "red_number": self.outcome.red_number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        self.api
            .write_back(key, self.application_number, &self.outcome)
            .await?;
        Ok(json!({ "written_back": true }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let status = self.api.status(self.application_number).await?;
        Ok(reported(status.as_ref(), Some(&self.outcome.red_number)))
    }
}

/// Whether the application is done with this red invoice.
pub(in super::super) fn reported(status: Option<&RedLetterStatus>, red: Option<&str>) -> Lookup {
    match status {
        Some(RedLetterStatus::Done { red_number }) if red == Some(red_number) => {
            Lookup::Happened(json!({ "written_back": true }))
        }
        Some(RedLetterStatus::Pending) => Lookup::DidNotHappen,
        Some(RedLetterStatus::Done { .. }) => Lookup::Unclear(Text::new(
            "准备回写办理结果，但上游系统登记的是另一张红字发票",
            "to be reported as done, but the upstream names another red invoice",
        )),
        Some(RedLetterStatus::Returned) => Lookup::Unclear(Text::new(
            "准备回写办理结果，但上游系统显示该申请已退回",
            "to be reported as done, but the upstream reports the application as returned",
        )),
        Some(RedLetterStatus::Withdrawn) => Lookup::Unclear(Text::new(
            "准备回写办理结果，但上游系统显示申请人已撤回",
            "to be reported as done, but the upstream reports the application as withdrawn",
        )),
        None => Lookup::Unclear(NOT_KNOWN),
    }
}

/// Sends the application back.
pub(in super::super) struct Return<'a> {
    pub(in super::super) api: &'a dyn RedLetters,
    pub(in super::super) application_number: &'a str,
    pub(in super::super) reasons: &'a [String],
}

#[async_trait]
impl EffectCall for Return<'_> {
    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        self.api
            .return_to_applicant(key, self.application_number, self.reasons)
            .await?;
        Ok(json!({ "returned": true }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let status = self.api.status(self.application_number).await?;
        Ok(returned(status.as_ref()))
    }
}

/// Whether the application was returned.
pub(in super::super) fn returned(status: Option<&RedLetterStatus>) -> Lookup {
    match status {
        Some(RedLetterStatus::Returned) => Lookup::Happened(json!({ "returned": true })),
        Some(RedLetterStatus::Pending) => Lookup::DidNotHappen,
        Some(RedLetterStatus::Done { .. }) => Lookup::Unclear(Text::new(
            "准备退回申请，但上游系统显示该申请已办结",
            "to be returned, but the upstream reports the application as done",
        )),
        Some(RedLetterStatus::Withdrawn) => Lookup::Unclear(Text::new(
            "准备退回申请，但上游系统显示申请人已撤回",
            "to be returned, but the upstream reports the application as withdrawn",
        )),
        None => Lookup::Unclear(NOT_KNOWN),
    }
}

const NOT_KNOWN: Text = Text::new(
    "上游系统查无此申请",
    "the upstream does not know the application",
);
