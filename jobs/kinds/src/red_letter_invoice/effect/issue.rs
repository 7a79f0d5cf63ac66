//! The red invoice, and the tax that goes with it.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    red_letter::{ConfirmationForm, RedLetters, SettlementOrder},
};
use clerkwork_core::IdempotencyKey;
use serde_json::{Value, json};

use crate::{EffectCall, Lookup};

use super::{
    super::meant::{ANOTHER, Meant},
    NO_FORM,
};

/// Issues the red invoice.
pub(in super::super) struct IssueRed<'a> {
    pub(in super::super) api: &'a dyn RedLetters,
    pub(in super::super) form_number: &'a str,
    pub(in super::super) meant: Meant<'a>,
}

#[async_trait]
impl EffectCall for IssueRed<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "form_number": self.form_number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let red = self.api.issue_red(key, self.form_number).await?;
        Ok(json!({ "red_number": red.number }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let form = self.api.form(self.form_number).await?;
        Ok(issued(form.as_ref(), &self.meant))
    }
}

/// Whether the red invoice was issued on a form.
pub(in super::super) fn issued(form: Option<&ConfirmationForm>, meant: &Meant<'_>) -> Lookup {
    if meant.is_another(form) {
        return Lookup::Unclear(ANOTHER);
    }
    match form.map(|form| &form.red_number) {
        Some(Some(red)) => Lookup::Happened(json!({ "red_number": red })),
        Some(None) => Lookup::DidNotHappen,
        None => Lookup::Unclear(NO_FORM),
    }
}

/// Opens the refund or the offset.
pub(in super::super) struct SettleTax<'a> {
    pub(in super::super) api: &'a dyn RedLetters,
    pub(in super::super) order: SettlementOrder,
}

#[async_trait]
impl EffectCall for SettleTax<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "red_number": self.order.red_number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let number = self.api.open_settlement(key, &self.order).await?;
        Ok(json!({ "settlement_number": number }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let number = self.api.settlement_of(&self.order.red_number).await?;
        Ok(settled(number.as_deref()))
    }
}

/// Whether a settlement rests on the red invoice.
pub(in super::super) fn settled(number: Option<&str>) -> Lookup {
    number.map_or(Lookup::DidNotHappen, |number| {
        Lookup::Happened(json!({ "settlement_number": number }))
    })
}
