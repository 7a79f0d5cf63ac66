//! Lists of applications that wait, page by page.

use std::collections::HashSet;

use clerkwork_connectors_api::{ConnectorError, http::Reply, redact::shorten};

use crate::{refusal::broken_contract, wire::WireError};

/// Longest application number, as the contract has it.
const NUMBER_CHARS: usize = 40;

/// Reads the page that follows `after`. An error names the application, by its `number`.
pub(crate) fn page<W, A>(
    reply: &Reply<'_>,
    after: Option<&str>,
    list: Vec<W>,
    number: fn(&W) -> &str,
) -> Result<Vec<A>, ConnectorError>
where
    A: TryFrom<W, Error = WireError>,
{
    let mut seen: HashSet<&str> = after.into_iter().collect();
    // A list that comes again would keep its reader turning in a circle.
    if let Some(again) = list.iter().map(number).find(|number| !seen.insert(number)) {
        return Err(reply.unreadable(&format!(
            "application `{}` comes again",
            shorten(again, NUMBER_CHARS)
        )));
    }
    let read = |application: W| {
        let number = shorten(number(&application), NUMBER_CHARS);
        A::try_from(application).map_err(|error| {
            let error = broken_contract(reply.endpoint(), &error);
            ConnectorError {
                message: format!("application `{number}`: {}", error.message),
                ..error
            }
        })
    };
    list.into_iter().map(read).collect()
}
