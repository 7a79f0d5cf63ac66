//! What a connector put on record while it was checked.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use clerkwork_connectors_api::http::{CallLog, CallLogError, CallRecord};

/// A log of calls that can refuse them.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    records: Mutex<Vec<CallRecord>>,
    refuses: AtomicBool,
}

impl Calls {
    /// The records since the last time they were taken.
    pub(crate) fn take(&self) -> Vec<CallRecord> {
        std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether further calls are refused.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }
}

#[async_trait]
impl CallLog for Calls {
    async fn record(&self, call: CallRecord) -> Result<(), CallLogError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(CallLogError::new("the check refuses it"));
        }
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.push(call);
        Ok(())
    }
}
