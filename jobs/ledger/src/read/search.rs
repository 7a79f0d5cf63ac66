//! Finding events, whatever the trail holds.
//!
//! What is asked for is a list of events or several: those of a job, of a person's items, with a term, of a
//! type, by an actor. The shortest is gone through in the order of time, and each of its events is asked
//! whether it fits the rest. A page costs what is looked at, never more than [`LOOKED_AT`] events: it may be
//! short, or empty, and says from where to go on.

use std::fmt::Write as _;

use clerkwork_audit::{Term, schema::Outcome, schema::schema, terms};
use clerkwork_core::EventId;
use uuid::Uuid;

use super::filter::Query;
use crate::{
    EventFilter, Ledger, LedgerError, Page, StoredEvent,
    engine::cell::{Cells, Damage},
    mint::first_of,
};

/// Events that are looked at for one page at most.
const LOOKED_AT: u32 = 2_500;

/// Lists are counted so far, to find the shortest.
const COUNTED: u32 = 2_000;

/// In which order events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// A page of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The events, in the order that was asked for.
    pub events: Vec<StoredEvent>,
    /// There may be more after this one, which need not be among them.
    pub next: Option<EventId>,
}

/// A list of events that an index holds in the order of time.
#[derive(Debug, Clone, Copy)]
enum List<'f> {
    Job(Uuid),
    Party(&'f [u8; 32]),
    Term(&'f Term),
    Kind(&'f str),
    Actor(&'f str),
    All,
}

impl List<'_> {
    /// The ids of its events within the bounds, `limit` of them.
    fn ids(self, bounds: &Bounds, limit: u32) -> Query {
        let mut query = match self {
            Self::Job(job) => {
                let mut query = Query::new("SELECT e.id FROM event e");
                query.put("e.job =", job);
                query
            }
            Self::Party(person) => {
                let mut query = Query::new("SELECT e.id FROM job_item i CROSS JOIN event e");
                query.always("e.job = i.id");
                query.put("i.person =", person.to_vec());
                query
            }
            Self::Term(term) => {
                let mut query = Query::new("SELECT e.event AS id FROM event_term e");
                query.put("e.term =", term.key());
                query
            }
            Self::Kind(kind) => {
                let mut query = Query::new("SELECT e.id FROM event e");
                query.put("e.type =", kind);
                query
            }
            Self::Actor(actor) => {
                let mut query = Query::new("SELECT e.id FROM event e");
                query.put("e.actor =", actor);
                query
            }
            Self::All => Query::new("SELECT e.id FROM event e"),
        };
        let column = match self {
            Self::Term(_) => ["e.event >=", "e.event <", "e.event >", "e.event"],
            _ => ["e.id >=", "e.id <", "e.id >", "e.id"],
        };
        let [from, below, above, by] = column;
        if let Some(since) = bounds.since {
            query.put(from, since);
        }
        if let Some(until) = bounds.until {
            query.put(below, until);
        }
        let descending = bounds.order == Order::Newest;
        if let Some(after) = bounds.after {
            query.put(if descending { below } else { above }, after);
        }
        query.sorted_first(by, descending, limit);
        query
    }
}

/// Between which ids, and in which order.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    since: Option<Uuid>,
    until: Option<Uuid>,
    after: Option<Uuid>,
    order: Order,
}

/// Every list that holds all events asked for.
fn lists(filter: &EventFilter) -> Vec<List<'_>> {
    // Few, whatever the trail holds: nothing is shorter.
    if let Some(job) = filter.job {
        return vec![List::Job(job.0)];
    }
    if let Some(party) = &filter.party {
        return vec![List::Party(&party.0)];
    }
    let mut lists: Vec<_> = filter.terms.iter().map(List::Term).collect();
    lists.extend(filter.kind.as_deref().map(List::Kind));
    lists.extend(filter.actor.as_deref().map(List::Actor));
    if lists.is_empty() {
        lists.push(List::All);
    }
    lists
}

/// The candidates, each with its bytes if it fits.
fn fitting(filter: &EventFilter, candidates: Query) -> Query {
    let (mut text, cells) = candidates.done();
    // A candidate without all terms is not looked up.
    let mut query = {
        text.insert_str(0, "SELECT c.id, event.bytes FROM (");
        text.push_str(") c LEFT JOIN event ON event.id = CASE WHEN 1 = 1");
        let mut cells = cells;
        for term in &filter.terms {
            cells.push(term.key().into());
            let n = cells.len();
            // Writing to a string does not fail.
            let _ = write!(
                text,
                " AND EXISTS (SELECT 1 FROM event_term t WHERE t.term = ${n} AND t.event = c.id)"
            );
        }
        text.push_str(" THEN c.id END");
        Query::going_on(text, cells)
    };
    if let Some(office) = &filter.office {
        query.office("event.office", office);
    }
    if let Some(job) = filter.job {
        query.put("event.job =", job.0);
        if let Some(party) = &filter.party {
            let of_theirs =
                "EXISTS (SELECT 1 FROM job_item i WHERE i.id = event.job AND i.person =";
            query.put_within(of_theirs, party.0.to_vec());
        }
    }
    if let Some(kind) = &filter.kind {
        query.put("event.type =", kind.as_str());
    }
    if let Some(actor) = &filter.actor {
        query.put("event.actor =", actor.as_str());
    }
    if filter.went_well {
        let well = schema().map(|schema| schema.types_with(Outcome::Success).collect::<Vec<_>>());
        query.any_of("event.type", &well.unwrap_or_default());
    }
    query
}

/// Whether an event says it: two terms may look alike in the index.
fn says(filter: &EventFilter, bytes: &[u8]) -> bool {
    if filter.terms.is_empty() {
        return true;
    }
    let found = terms(bytes);
    if !filter.terms.iter().all(|term| found.contains(term)) {
        return false;
    }
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    filter.text.iter().all(|part| text.contains(part.as_str()))
}

impl Ledger {
    /// Events that fit, a page of them. Costs no more the more events there are.
    pub async fn search(
        &self,
        filter: &EventFilter,
        order: Order,
        page: Page<EventId>,
    ) -> Result<Found, LedgerError> {
        let bounds = Bounds {
            since: filter.since.map(first_of),
            until: filter.until.map(first_of),
            after: page.after.map(|id| id.0),
            order,
        };
        let limit = page.limit.clamp(1, 1_000);
        let lists = lists(filter);
        let shortest = self.shortest(&lists, &bounds).await?;
        let mut found = Found::default();
        let mut after = bounds.after;
        // As many as fill the page if most fit, and then more and more.
        let mut at_once = limit.saturating_add(1).min(LOOKED_AT);
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let at_once_now = at_once.min(LOOKED_AT - looked_at);
            let bounds = Bounds { after, ..bounds };
            let (sql, cells) = fitting(filter, shortest.ids(&bounds, at_once_now)).done();
            let rows = self.pools().fetch(sql, cells).await?;
            let mut rows = rows.iter().map(candidate).collect::<Result<Vec<_>, _>>()?;
            match order {
                Order::Newest => rows.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id)),
                Order::Oldest => rows.sort_unstable_by_key(|(id, _)| *id),
            }
            let all = rows.len() < at_once_now as usize;
            looked_at += at_once_now;
            at_once = at_once.saturating_mul(4);
            let last = rows.last().map(|(id, _)| *id);
            for (id, bytes) in rows {
                let Some(bytes) = bytes.filter(|bytes| says(filter, bytes)) else {
                    continue;
                };
                if found.events.len() == limit as usize {
                    // One more fits: the page ends with the last that it holds.
                    found.next = found.events.last().map(|event| event.id);
                    return Ok(found);
                }
                let id = EventId(id);
                found.events.push(StoredEvent { id, bytes });
            }
            if all {
                return Ok(found);
            }
            after = last;
        }
        found.next = after.map(EventId);
        Ok(found)
    }

    async fn shortest<'f>(
        &self,
        lists: &[List<'f>],
        bounds: &Bounds,
    ) -> Result<List<'f>, LedgerError> {
        let mut shortest = (COUNTED + 1, List::All);
        if let [only] = lists {
            return Ok(*only);
        }
        for list in lists {
            let (mut sql, cells) = list.ids(bounds, COUNTED).done();
            sql.insert_str(0, "SELECT CAST(count(*) AS BIGINT) FROM (");
            sql.push_str(") c");
            let rows = self.pools().fetch(sql, cells).await?;
            let count = rows.first().map(|row| row.int(0)).transpose();
            let count =
                count.map_err(|Damage(damage)| LedgerError::corrupt("event", "?", damage))?;
            let count = u32::try_from(count.unwrap_or_default()).unwrap_or(COUNTED);
            if count < shortest.0 {
                shortest = (count, *list);
            }
        }
        Ok(shortest.1)
    }
}

fn candidate(row: &Cells) -> Result<(Uuid, Option<Vec<u8>>), LedgerError> {
    let read = || Ok((row.uuid(0)?, row.opt_blob(1)?));
    read().map_err(|Damage(damage)| LedgerError::corrupt("event", row.name_of_row(0), damage))
}
