//! The platform's time: that of a clock it was given, moved forward as told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use clerkwork_core::{Clock, Timestamp};

/// A clock over another one, with an offset that only grows.
#[derive(Debug)]
pub(crate) struct MovableClock {
    inner: Arc<dyn Clock>,
    offset: AtomicI64,
}

impl MovableClock {
    pub(crate) fn over(inner: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            offset: AtomicI64::new(0),
        }
    }

    /// Moves forward.
    pub(crate) fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        // Ends at the far end of the range instead of overflowing.
        self.offset
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |offset| {
                Some(offset.saturating_add(micros))
            })
            .unwrap_or_default();
    }

    /// How far it was moved.
    pub(crate) fn offset(&self) -> Duration {
        let micros = self.offset.load(Ordering::SeqCst);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let offset = self.offset.load(Ordering::SeqCst);
        Timestamp(self.inner.now().0.saturating_add(offset))
    }
}
