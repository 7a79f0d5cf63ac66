//! Dead letters: what was found in a lane and is no entry.

use clerkwork_core::{Lane, Timestamp};
use redis::{Pipeline, RedisResult, Value};

use crate::{
    Queue, QueueError,
    keys::{GROUP, index},
    wire::{StreamId, id_and_fields, lossy},
};

/// Fields and characters of a field that are kept.
const FIELDS: usize = 32;
const CHARS: usize = 300;

/// Something that was found in a lane, is no entry, and was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id among all dead letters; also the cursor to those after it.
    pub id: String,
    /// The lane it was found in.
    pub lane: Lane,
    /// Its fields as text, shortened if very long.
    pub fields: Vec<(String, String)>,
    /// Why it is no entry.
    pub reason: String,
    /// When it was put aside.
    pub at: Timestamp,
}

impl Queue {
    /// Dead letters of all lanes, the oldest first, at most `limit`; `after` is the id of the last
    /// one already seen.
    ///
    /// # Errors
    /// When `after` is no such id, or Redis is unreachable.
    pub async fn dead_letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, QueueError> {
        let after = after
            .map(|text| cursor(text).ok_or_else(|| QueueError::InvalidCursor(text.into())))
            .transpose()?;
        let mut found: Vec<((StreamId, usize), DeadLetter)> = Vec::new();
        for lane in Lane::ALL {
            let start = match after {
                None => "-".to_owned(),
                // Ids are unique within a lane only: order by id, then lane.
                Some((id, at)) if index(lane) > index(at) => id.to_string(),
                Some((id, _)) => format!("({id}"),
            };
            let mut command = redis::cmd("XRANGE");
            command.arg(&self.keys(lane).dead).arg(start).arg("+");
            command.arg("COUNT").arg(limit);
            let answer: Value =
                self.checked("list dead letters", self.link().query(&command).await)?;
            let Value::Array(entries) = answer else {
                continue;
            };
            found.extend(entries.into_iter().filter_map(|entry| letter(lane, entry)));
        }
        found.sort_by_key(|(order, _)| *order);
        found.truncate(limit);
        Ok(found.into_iter().map(|(_, letter)| letter).collect())
    }

    /// How many dead letters there are.
    ///
    /// # Errors
    /// When Redis is unreachable.
    pub async fn dead_letter_count(&self) -> Result<u64, QueueError> {
        let mut count = 0;
        for lane in Lane::ALL {
            let mut command = redis::cmd("XLEN");
            command.arg(&self.keys(lane).dead);
            let here: u64 =
                self.checked("count dead letters", self.link().query(&command).await)?;
            count += here;
        }
        Ok(count)
    }

    /// Puts a malformed entry aside and takes it out of its lane, in one transaction.
    pub(crate) async fn bury(
        &self,
        lane: Lane,
        id: StreamId,
        reason: &str,
        fields: &[(String, String)],
    ) -> RedisResult<()> {
        let keys = self.keys(lane);
        let id = id.to_string();
        let mut pipeline = Pipeline::new();
        let letter = pipeline
            .atomic()
            .cmd("XADD")
            .arg(&keys.dead)
            .arg("MAXLEN")
            .arg("~")
            .arg(self.options().dead_letters)
            .arg("*")
            .arg("reason")
            .arg(reason);
        for (name, value) in fields.iter().take(FIELDS) {
            letter.arg(shortened(name)).arg(shortened(value));
        }
        pipeline
            .cmd("XACK")
            .arg(&keys.stream)
            .arg(GROUP)
            .arg(&id)
            .cmd("XDEL")
            .arg(&keys.stream)
            .arg(&id);
        self.link().run(&pipeline).await.map(drop)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(CHARS).collect()
}

fn cursor(text: &str) -> Option<(StreamId, Lane)> {
    let (lane, id) = text.split_once('/')?;
    Some((id.parse().ok()?, lane.parse().ok()?))
}

fn letter(lane: Lane, entry: Value) -> Option<((StreamId, usize), DeadLetter)> {
    let (id, fields) = id_and_fields(entry)?;
    let fields = fields?;
    let mut pairs = fields
        .chunks_exact(2)
        .map(|pair| (lossy(&pair[0]), lossy(&pair[1])));
    // The first field is ours, whatever the letter's own fields are called.
    let (_, reason) = pairs.next()?;
    let letter = DeadLetter {
        id: format!("{lane}/{id}"),
        lane,
        fields: pairs.collect(),
        reason,
        at: Timestamp(i64::try_from(id.ms).ok()?.saturating_mul(1000)),
    };
    Some(((id, index(lane)), letter))
}
