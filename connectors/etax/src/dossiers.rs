//! Dossiers in batches.

use std::{collections::VecDeque, sync::Arc};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{Dossier, DossierQuery},
    coalesce::BatchResult,
    http::{Endpoint, HttpStack},
};

use crate::{
    refusal::{broken_contract, content},
    wire,
};

/// What becomes of one query in a batch.
pub(crate) type Each = Result<Dossier, ConnectorError>;

/// How many calls may be spent on finding the query that spoils its batch. Twice the binary
/// logarithm of the largest batch finds one; the rest is for a second.
const SEARCH_CALLS: usize = 32;

/// Asks for the dossiers of all queries, with one call if all is well.
///
/// A batch may be refused, or answered unreadably, because of a single query. Then its halves are
/// asked alone, until the others have their dossiers and only the culprit has the error.
pub(crate) async fn ask(
    stack: Arc<HttpStack>,
    endpoint: Arc<Endpoint>,
    queries: Vec<DossierQuery>,
) -> BatchResult<Each> {
    let queries: Vec<wire::DossierQuery> = queries.into_iter().map(Into::into).collect();
    let mut parts = VecDeque::from([queries]);
    let mut calls_left = SEARCH_CALLS;
    let mut dossiers = Vec::new();
    while let Some(part) = parts.pop_front() {
        let request = wire::DossierRequest { list: part };
        let result = call(&stack, &endpoint, &request).await;
        let mut part = request.list;
        match result {
            Ok(each) => dossiers.extend(each),
            Err(error) if part.len() > 1 && calls_left >= 2 && may_be_one(error.kind) => {
                calls_left -= 2;
                let second = part.split_off(part.len() / 2);
                parts.push_front(second);
                parts.push_front(part);
            }
            Err(error) => dossiers.extend(part.iter().map(|_| Err(error.clone()))),
        }
    }
    Ok(dossiers)
}

/// Whether a single query may be the cause of an error.
fn may_be_one(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Rejected | ErrorKind::Misconfigured => true,
        ErrorKind::Transient
        | ErrorKind::RateLimited { .. }
        | ErrorKind::Unauthorized
        | ErrorKind::OutcomeUnknown => false,
    }
}

async fn call(
    stack: &HttpStack,
    endpoint: &Endpoint,
    request: &wire::DossierRequest,
) -> Result<Vec<Each>, ConnectorError> {
    let reply = stack.call(endpoint, None, request).await?;
    let answer: wire::DossierAnswer = content(&reply)?;
    let (asked, answered) = (request.list.len(), answer.list.len());
    if asked != answered {
        return Err(reply.unreadable(&format!(
            "`list` has {answered} dossiers for {asked} queries"
        )));
    }
    let each = request
        .list
        .iter()
        .zip(answer.list)
        .map(|(query, dossier)| {
            if dossier.sqbh != query.sqbh {
                return Err(reply.unreadable(&format!(
                    "another dossier stands where that of `{}` belongs",
                    query.sqbh
                )));
            }
            dossier
                .into_contract(answer.sjc)
                .map_err(|error| broken_contract(endpoint, &error))
        });
    Ok(each.collect())
}
