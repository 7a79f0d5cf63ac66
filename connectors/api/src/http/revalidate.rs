//! Answers that the upstream itself says are still good (conditional requests, RFC 9110 §13).
//!
//! Opt-in, for a GET that the connector marks: the answer is kept with its validators, the next
//! call asks whether it changed, and a 304 is answered from here. So nothing is ever told that the
//! upstream has not confirmed just now; what is saved is the transfer and its work up there.
//!
//! What is kept holds personal data: it stays in memory, bounded by bytes, least recently used
//! first out; what the upstream marks `no-store` is not kept.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{self, HeaderMap, HeaderName},
};

use super::{Endpoint, Outgoing, Reply, endpoint::Access};

/// An answer takes at most this part of all the room, so that one does not push out the rest.
const LARGEST_PART: usize = 4;

/// Pairs of what an answer carries and what the next call asks with.
const VALIDATORS: [(HeaderName, HeaderName); 2] = [
    (header::ETAG, header::IF_NONE_MATCH),
    (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE),
];

/// Answers with their validators, by address.
#[derive(Debug)]
pub(super) struct Kept {
    most_bytes: usize,
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    by_url: HashMap<String, Slot>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Slot {
    answer: KeptAnswer,
    used: u64,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(super) struct KeptAnswer {
    /// The headers of the call: another language or account makes another answer.
    asked: HeaderMap,
    status: StatusCode,
    headers: HeaderMap,
    content_type: String,
    body: Bytes,
}

impl KeptAnswer {
    /// Asks whether it still holds, unless the connector asks something of the kind itself.
    pub(super) fn ask(&self, headers: &mut HeaderMap) {
        for (told, asked) in VALIDATORS {
            if let Some(validator) = self.headers.get(told)
                && !headers.contains_key(&asked)
            {
                headers.insert(asked, validator.clone());
            }
        }
    }

    /// It holds.
    pub(super) fn reply<'a>(&self, endpoint: &'a Endpoint) -> Reply<'a> {
        Reply::new(
            endpoint,
            self.status,
            self.headers.clone(),
            &self.content_type,
            self.body.to_vec(),
        )
    }
}

impl Kept {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            answers: Mutex::default(),
        }
    }

    /// What was answered to this call before.
    pub(super) fn find(&self, endpoint: &Endpoint, outgoing: &Outgoing) -> Option<KeptAnswer> {
        if !concerns(endpoint, outgoing) {
            return None;
        }
        let mut answers = self.lock();
        answers.clock += 1;
        let now = answers.clock;
        let slot = answers.by_url.get_mut(outgoing.url.as_str())?;
        slot.used = now;
        let is_same = slot.answer.asked == outgoing.headers;
        is_same.then(|| slot.answer.clone())
    }

    /// Keeps an answer for the next call, if it can be asked about.
    pub(super) fn keep(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        (status, headers): (StatusCode, &HeaderMap),
        content_type: &str,
        body: &[u8],
    ) {
        let may = concerns(endpoint, outgoing)
            && status == StatusCode::OK
            && body.len() <= self.most_bytes / LARGEST_PART
            && VALIDATORS
                .iter()
                .any(|(told, _)| headers.contains_key(told))
            && !is_not_to_be_stored(headers);
        if !may {
            return;
        }
        let answer = KeptAnswer {
            asked: outgoing.headers.clone(),
            status,
            headers: headers.clone(),
            content_type: content_type.to_owned(),
            body: Bytes::copy_from_slice(body),
        };
        self.lock()
            .put(outgoing.url.as_str(), answer, self.most_bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    fn put(&mut self, url: &str, answer: KeptAnswer, most_bytes: usize) {
        self.clock += 1;
        self.remove(url);
        self.bytes += answer.body.len();
        let used = self.clock;
        self.by_url.insert(url.to_owned(), Slot { answer, used });
        // Few answers are kept, and one that comes is rare beside one that is asked about.
        while self.bytes > most_bytes {
            let oldest = self.by_url.iter().min_by_key(|(_, slot)| slot.used);
            let Some(oldest) = oldest.map(|(url, _)| url.clone()) else {
                break;
            };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, url: &str) {
        if let Some(slot) = self.by_url.remove(url) {
            self.bytes -= slot.answer.body.len();
        }
    }
}

fn concerns(endpoint: &Endpoint, outgoing: &Outgoing) -> bool {
    outgoing.revalidate && outgoing.method == Method::GET && endpoint.access() == Access::Read
}

fn is_not_to_be_stored(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CACHE_CONTROL).iter();
    values.any(|value| value.to_str().is_ok_and(|value| value.contains("no-store")))
}
