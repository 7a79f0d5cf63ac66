//! Writes outside the hot path: users, tokens, bundles, brakes, reviews.
//!
//! Each is a type of its own that implements [`Register`], so that nothing here, in the group or in
//! the ledger's list of requests changes when one is added. It runs inside the group's transaction,
//! after the steps of jobs, and adds its events to the plan.

use std::{any::Any, fmt::Debug, future::Future, pin::Pin};

use super::{
    plan::Plan,
    request::{Answer, Work},
};
use crate::{Ledger, LedgerError, engine::Tx};

/// One write with statements of its own.
///
/// A refusal on business grounds is part of [`Answer`](Self::Answer), given before anything was
/// written. An error undoes the whole transaction; the requests that were grouped with it are then
/// done without it. It may run more than once, each time in a new transaction.
pub(crate) trait Register: Debug + Send + Sync + 'static {
    /// What the caller is told after the commit.
    type Answer: Send + 'static;

    /// Reads and writes.
    fn write(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
    ) -> impl Future<Output = Result<Self::Answer, LedgerError>> + Send;
}

type Answering<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Any + Send>, LedgerError>> + Send + 'a>>;

/// [`Register`] without its type.
pub(crate) trait Registered: Debug + Send + Sync {
    fn run<'a>(&'a self, tx: &'a mut Tx, plan: &'a mut Plan<'_>) -> Answering<'a>;
}

impl<R: Register> Registered for R {
    fn run<'a>(&'a self, tx: &'a mut Tx, plan: &'a mut Plan<'_>) -> Answering<'a> {
        Box::pin(async move {
            let answer = self.write(tx, plan).await?;
            Ok(Box::new(answer) as Box<dyn Any + Send>)
        })
    }
}

impl Ledger {
    /// Does a write and answers when it is durable.
    pub(crate) async fn register<R: Register>(&self, write: R) -> Result<R::Answer, LedgerError> {
        let answer = self.ask(Work::Register(Box::new(write))).await?;
        let Answer::Registered(answer) = answer else {
            return Err(crate::ledger::mixed_up(&answer));
        };
        let answer = answer.downcast::<R::Answer>();
        answer.map(|answer| *answer).map_err(|_| {
            LedgerError::Invalid("a write was answered with another type than its own".into())
        })
    }
}
