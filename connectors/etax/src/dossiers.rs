//! The methods that take many questions at once: dossiers of either field of work, and forms.

use clerkwork_connectors_api::{
    Page, agent_invoice,
    http::Endpoint,
    red_letter::{ConfirmationForm, RedLetterDossier},
};

use clerkwork_core::Timestamp;
use serde_json::value::RawValue;

use crate::{
    batches::Method,
    wire::{self, WireError, red_letter},
};

/// One entry of an answer, kept as it came.
fn page(endpoint: &Endpoint, at: Timestamp, said: &RawValue) -> Page {
    let source = format!("{}.{}", endpoint.connector(), endpoint.operation());
    Page::new(source, at, "application/json", said.get())
}

/// Dossiers of applications for agent-issued invoices.
#[derive(Debug)]
pub(crate) struct AgentDossiers;

impl Method for AgentDossiers {
    type Question = wire::DossierQuery;
    type Message = wire::DossierAnswer;
    /// A dossier and its time.
    type Entry = (wire::Dossier, i64);
    type Answer = agent_invoice::Dossier;

    const ENTRY: &'static str = "dossier";

    fn entries(message: Self::Message) -> Vec<Self::Entry> {
        let time = message.sjc;
        message.list.into_iter().map(|d| (d, time)).collect()
    }

    fn subject(question: &Self::Question) -> &str {
        &question.sqbh
    }

    fn answers(question: &Self::Question, (dossier, _): &Self::Entry) -> bool {
        dossier.sqbh == question.sqbh
    }

    fn read(
        endpoint: &Endpoint,
        (dossier, time): Self::Entry,
        said: &RawValue,
    ) -> Result<Self::Answer, WireError> {
        let mut dossier = dossier.into_contract(time)?;
        dossier.page = Some(page(endpoint, dossier.as_of, said));
        Ok(dossier)
    }
}

/// Dossiers of applications for a reversal.
#[derive(Debug)]
pub(crate) struct RedDossiers;

impl Method for RedDossiers {
    type Question = red_letter::DossierQuery;
    type Message = red_letter::DossierAnswer;
    /// A dossier and its time.
    type Entry = (red_letter::Dossier, i64);
    type Answer = RedLetterDossier;

    const ENTRY: &'static str = "dossier";

    fn entries(message: Self::Message) -> Vec<Self::Entry> {
        let time = message.sjc;
        message.list.into_iter().map(|d| (d, time)).collect()
    }

    fn subject(question: &Self::Question) -> &str {
        &question.sqbh
    }

    /// Application, invoice and forms are those that were asked about: what one blue invoice still
    /// allows must never be taken for what another does. The application may name another invoice
    /// than the question; that is for the kind to judge.
    fn answers(question: &Self::Question, (dossier, _): &Self::Entry) -> bool {
        let about = |code: &Option<String>, number: &str| {
            code.as_deref().unwrap_or_default() == question.lzfpdm.as_deref().unwrap_or_default()
                && number == question.lzfphm
        };
        let mut forms = dossier.hzqrd_list.iter().map(|form| &form.nr);
        dossier.sqbh == question.sqbh
            && (dossier.sqxx.iter()).all(|sqxx| sqxx.sqbh == question.sqbh)
            && (dossier.lzfp.iter()).all(|lzfp| about(&lzfp.lzfpdm, &lzfp.lzfphm))
            && forms.all(|nr| about(&nr.lzfpdm, &nr.lzfphm))
    }

    fn read(
        endpoint: &Endpoint,
        (dossier, time): Self::Entry,
        said: &RawValue,
    ) -> Result<Self::Answer, WireError> {
        let mut dossier = dossier.into_contract(time)?;
        dossier.page = Some(page(endpoint, dossier.as_of, said));
        Ok(dossier)
    }
}

/// Confirmation forms by their numbers.
#[derive(Debug)]
pub(crate) struct Forms;

impl Method for Forms {
    type Question = String;
    type Message = red_letter::FormsAnswer;
    type Entry = red_letter::FormEntry;
    type Answer = Option<ConfirmationForm>;

    const ENTRY: &'static str = "form";

    fn entries(message: Self::Message) -> Vec<Self::Entry> {
        message.list
    }

    fn subject(question: &Self::Question) -> &str {
        question
    }

    fn answers(question: &Self::Question, entry: &Self::Entry) -> bool {
        entry.hzqrdbh == *question && entry.hzqrd.iter().all(|f| f.hzfpxxqrdbh == *question)
    }

    fn read(_: &Endpoint, entry: Self::Entry, _: &RawValue) -> Result<Self::Answer, WireError> {
        entry.hzqrd.map(ConfirmationForm::try_from).transpose()
    }
}
