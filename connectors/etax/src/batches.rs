//! Many workers' questions in few calls.
//!
//! A platform's batch method takes `{"list": […]}` and answers with one entry for each question, in
//! their order. [`Batches`] gathers the questions of many workers for it, and sees to it that one
//! question that spoils its batch spoils only itself.

use std::{collections::VecDeque, sync::Arc};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    coalesce::{BatchResult, Coalescer, CoalescerSettings},
    http::{Endpoint, HttpStack},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    refusal::{broken_contract, content},
    wire::{Envelope, WireError},
};

/// How many calls may be spent on finding the question that spoils its batch. Twice the binary
/// logarithm of the largest batch finds one; the rest is for a second.
const SEARCH_CALLS: usize = 32;

/// A method of the platform that takes many questions at once.
pub(crate) trait Method: 'static {
    /// One question.
    type Question: Serialize + Send + Sync + 'static;
    /// The content of an answer.
    type Message: DeserializeOwned + Send;
    /// What an answer holds for one question.
    type Entry: Send;
    /// The same in plain terms.
    type Answer: Send + 'static;

    /// What an entry is, in English, for messages.
    const ENTRY: &'static str;

    /// The entries of an answer, in their order.
    fn entries(message: Self::Message) -> Vec<Self::Entry>;

    /// What a question asks about, for messages.
    fn subject(question: &Self::Question) -> &str;

    /// Whether an entry is about what was asked.
    fn answers(question: &Self::Question, entry: &Self::Entry) -> bool;

    /// Reads an entry. `said` is it as it came from `endpoint`.
    fn read(
        endpoint: &Endpoint,
        entry: Self::Entry,
        said: &RawValue,
    ) -> Result<Self::Answer, WireError>;
}

/// What becomes of one question in a batch.
type Each<M> = Result<<M as Method>::Answer, ConnectorError>;

/// The questions of many workers to one method.
#[derive(Debug)]
pub(crate) struct Batches<M: Method>(Coalescer<M::Question, Each<M>>);

impl<M: Method> Batches<M> {
    /// Sends to `endpoint` at most `per_batch` questions in one call, at most `in_flight` calls at
    /// a time. `connector` is for errors.
    pub(crate) fn new(
        connector: &'static str,
        stack: &Arc<HttpStack>,
        endpoint: Endpoint,
        per_batch: usize,
        in_flight: usize,
    ) -> Self {
        let settings = CoalescerSettings {
            connector,
            operation: endpoint.operation(),
            per_batch,
            in_flight,
        };
        let (stack, endpoint) = (Arc::clone(stack), Arc::new(endpoint));
        Self(Coalescer::new(settings, move |questions| {
            ask::<M>(Arc::clone(&stack), Arc::clone(&endpoint), questions)
        }))
    }

    /// Asks one question.
    pub(crate) async fn ask(&self, question: M::Question) -> Each<M> {
        self.0.ask(question).await?
    }
}

/// Asks all questions, with one call if all is well.
///
/// A batch may be refused, or answered unreadably, because of a single question. Then its halves
/// are asked alone, until the others have their answers and only the culprit has the error.
async fn ask<M: Method>(
    stack: Arc<HttpStack>,
    endpoint: Arc<Endpoint>,
    questions: Vec<M::Question>,
) -> BatchResult<Each<M>> {
    let mut parts: VecDeque<&[M::Question]> = VecDeque::from([questions.as_slice()]);
    let mut calls_left = SEARCH_CALLS;
    let mut answers = Vec::with_capacity(questions.len());
    while let Some(part) = parts.pop_front() {
        match call::<M>(&stack, &endpoint, part).await {
            Ok(each) => answers.extend(each),
            Err(error) if part.len() > 1 && calls_left >= 2 && may_be_one(error.kind) => {
                calls_left -= 2;
                let (first, second) = part.split_at(part.len() / 2);
                parts.push_front(second);
                parts.push_front(first);
            }
            Err(error) => answers.extend(part.iter().map(|_| Err(error.clone()))),
        }
    }
    Ok(answers)
}

/// Whether a single question may be the cause of an error.
fn may_be_one(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Rejected | ErrorKind::Misconfigured => true,
        ErrorKind::Transient
        | ErrorKind::RateLimited { .. }
        | ErrorKind::Unauthorized
        | ErrorKind::OutcomeUnknown
        | ErrorKind::PageChanged => false,
    }
}

/// The entries of an answer, as they came.
#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    list: Vec<&'a RawValue>,
}

/// The questions as they go out.
#[derive(Serialize)]
struct Request<'a, Q> {
    list: &'a [Q],
}

async fn call<M: Method>(
    stack: &HttpStack,
    endpoint: &Endpoint,
    questions: &[M::Question],
) -> Result<Vec<Each<M>>, ConnectorError> {
    let request = Request { list: questions };
    let reply = stack.call(endpoint, None, &request).await?;
    let entries = M::entries(content(&reply)?);
    let listed = reply.borrowed::<Envelope<Listed<'_>>>()?.data;
    let said = listed.map_or_else(Vec::new, |listed| listed.list);
    let (asked, answered) = (questions.len(), entries.len().min(said.len()));
    if asked != answered {
        return Err(reply.unreadable(&format!(
            "`list` has {answered} {}s for {asked} queries",
            M::ENTRY
        )));
    }
    let entries = entries.into_iter().zip(said);
    let each = questions
        .iter()
        .zip(entries)
        .map(|(question, (entry, said))| {
            if !M::answers(question, &entry) {
                return Err(reply.unreadable(&format!(
                    "another {} stands where that of `{}` belongs",
                    M::ENTRY,
                    M::subject(question)
                )));
            }
            M::read(endpoint, entry, said).map_err(|error| broken_contract(endpoint, &error))
        });
    Ok(each.collect())
}
