//! A pace for the whole fleet: so many turns a second, whichever process takes them.
//!
//! One script, on the clock of Redis, gives a turn ahead of its time: the process waits for it by
//! itself and asks no second time. So processes stand in one line, and a second is filled to its
//! end. A turn that is given and not taken, because its process died, is lost.

use std::{sync::Arc, time::Duration};

use redis::{RedisResult, Script};

use crate::{Queue, QueueError, keys::pace, link::Link};

/// How many turns there are. All processes of a fleet must agree on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnRate {
    /// Turns a second over time; at least 1.
    pub per_second: u32,
    /// Turns at once after a rest; at least 1.
    pub burst: u32,
    /// No turn is given that would have to be waited for longer.
    pub max_wait: Duration,
}

/// What came of asking for turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// They are there after so long.
    After(Duration),
    /// None; they would have been there after so long.
    Nothing(Duration),
}

/// The paces of a fleet, each under its name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FleetPaces {
    queue: Queue,
    /// Its own, so that turns do not wait behind long pushes.
    link: Arc<Link>,
    script: Arc<Script>,
}

impl Queue {
    /// Paces that all processes with this Redis and this prefix share.
    pub fn paces(&self) -> FleetPaces {
        FleetPaces {
            link: Arc::new(self.own_link(Duration::ZERO)),
            queue: self.clone(),
            script: Arc::new(Script::new(include_str!("lua/take_turn.lua"))),
        }
    }
}

impl FleetPaces {
    /// Asks for `turns` of the pace `name`. May be dropped before it has answered: the connection
    /// is made all the same, for the next one; turns that are given then are lost.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn take(&self, name: &str, turns: u32, rate: TurnRate) -> Result<Given, QueueError> {
        let (paces, name) = (self.clone(), name.to_owned());
        let asked = tokio::spawn(async move { paces.ask(&name, turns, rate).await });
        let answer = asked.await.unwrap_or_else(|ended| {
            let ended = std::io::Error::other(ended);
            Err(redis::RedisError::from(ended))
        });
        let (given, wait): (u8, u64) = self.queue.checked("give a turn", answer)?;
        let wait = Duration::from_micros(wait);
        Ok(match given {
            1 => Given::After(wait),
            _ => Given::Nothing(wait),
        })
    }

    async fn ask(&self, name: &str, turns: u32, rate: TurnRate) -> RedisResult<(u8, u64)> {
        let longest = u64::try_from(rate.max_wait.as_micros()).unwrap_or(u64::MAX);
        let mut call = self.script.prepare_invoke();
        call.key(pace(&self.queue.options().prefix, name))
            .arg(rate.per_second.max(1))
            .arg(rate.burst.max(1))
            .arg(turns)
            .arg(longest);
        self.link.invoke(&call).await
    }
}
