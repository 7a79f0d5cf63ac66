//! The apalis side: a [`Backend`] that hands out what the background tasks have fetched.
//!
//! apalis polls the backend in the same task as all handlers of a worker, and ends the worker at
//! the first error of its backend, cancelling what is in flight. So nothing here waits for Redis,
//! and there is no error: [`Infallible`].

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, builder::TaskBuilder, task_id::TaskId},
    worker::context::WorkerContext,
};
use clerkwork_core::{Entry, Lane};
use futures::FutureExt as _;
use tokio::time::timeout;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::{
    AckLayer, Delivery, Queue, QueueOptions,
    link::Outage,
    reader::{acknowledge, forget_consumers, keep_leases, read},
    session::Session,
};

/// The entries of all lanes for one worker, strictly by lane: a `standard` entry is handed out
/// only when no `express` entry has been fetched. Made by [`Queue::backend`].
///
/// An entry is acknowledged when the handler's future, with all layers of the worker, ends with
/// `Ok`. After `Err`, a caught panic, a time-out, or when the future is dropped, it is not, and
/// whoever looks first after the lease has run out gets it again.
///
/// The background tasks start when the worker first polls the backend. The worker's graceful end
/// closes it: entries fetched and not started go back to their lanes at once, acknowledgements are
/// sent. A backend dropped without that is as good as crashed.
pub struct StreamBackend {
    session: Arc<Session>,
    started: bool,
    closing: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl fmt::Debug for StreamBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBackend")
            .field("consumer", &self.session.consumer)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

impl StreamBackend {
    pub(crate) fn new(queue: Queue, consumer: &str) -> Self {
        Self {
            session: Arc::new(Session::new(queue, consumer)),
            started: false,
            closing: None,
        }
    }

    /// A handle that outlives the hand-over of the backend to a worker.
    pub fn drain(&self) -> Drain {
        Drain {
            session: Arc::clone(&self.session),
        }
    }

    fn start(&mut self) {
        if self.started || self.session.closing.is_cancelled() {
            return;
        }
        self.started = true;
        for lane in Lane::ALL {
            let session = Arc::clone(&self.session);
            self.session.readers.spawn(read(session, lane));
        }
        tokio::spawn(acknowledge(Arc::clone(&self.session)));
        tokio::spawn(keep_leases(Arc::clone(&self.session)));
    }
}

impl Backend for StreamBackend {
    type Task = Task<Entry>;
    type Error = Infallible;

    fn poll_ready(
        &mut self,
        _: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Result<(), Self::Error>> {
        self.start();
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Self::Error>>> {
        let taken = self.session.take().or_else(|| {
            self.session.waker.register(cx.waker());
            // What came before the registration woke nobody.
            self.session.take()
        });
        // Never the end of the stream, not even when closing: apalis would wait for a shutdown
        // that nobody has asked it for.
        let Some((receipt, entry)) = taken else {
            return Poll::Pending;
        };
        // apalis counts one up when the handler starts.
        let before = usize::try_from(entry.attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let id = TaskId::from_uuid(entry.job.0);
        let task = TaskBuilder::new(entry)
            .task_id(id)
            .attempt(before)
            .data(Delivery::new(receipt));
        Poll::Ready(Some(Ok(task.build())))
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Result<(), Self::Error>> {
        let session = &self.session;
        let closing = self.closing.get_or_insert_with(|| {
            let session = Arc::clone(session);
            async move { close(&session).await }.boxed()
        });
        closing.poll_unpin(cx).map(|_| Ok(()))
    }
}

impl BackendConfig for StreamBackend {
    type Args = Entry;
    type Id = Uuid;
    type Kind = Ephemeral;
    type Config = QueueOptions;
    type Layer = AckLayer;

    fn config(&self) -> &QueueOptions {
        self.session.queue.options()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> AckLayer {
        AckLayer
    }
}

impl Drop for StreamBackend {
    fn drop(&mut self) {
        self.session.closing.cancel();
        self.session.stopped.cancel();
    }
}

/// Watches over a backend that a worker owns.
#[derive(Clone)]
pub struct Drain {
    session: Arc<Session>,
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain")
            .field("consumer", &self.session.consumer)
            .field("running", &self.running())
            .finish()
    }
}

impl Drain {
    /// Hands out no more entries, from now on. Handlers go on.
    pub fn stop_intake(&self) {
        self.session.closing.cancel();
    }

    /// Entries that were handed to the worker and have not ended.
    pub fn running(&self) -> usize {
        self.session.running()
    }

    /// Stops the intake, puts back what was fetched and not started, waits for running handlers,
    /// and sends all acknowledgements; tells whether all of that succeeded. The wait for handlers
    /// has no limit of its own; everything else has [`QueueOptions::close_timeout`].
    ///
    /// A worker that ends gracefully does the same: this is for an end in another order. Calling
    /// it twice does no harm.
    pub async fn close(&self) -> bool {
        close(&self.session).await
    }
}

async fn close(session: &Session) -> bool {
    *session.closed.get_or_init(|| close_once(session)).await
}

async fn close_once(session: &Session) -> bool {
    let limit = session.queue.options().close_timeout;
    session.closing.cancel();
    session.readers.close();
    let released = timeout(limit, async {
        session.readers.wait().await;
        give_back(session).await;
    })
    .await
    .is_ok();
    while session.running() > 0 {
        session.settled.notified().await;
    }
    let flushed = timeout(limit, flush(session)).await.is_ok();
    session.stopped.cancel();
    if !(released && flushed) {
        warn!(
            queue.consumer = session.consumer,
            "redis did not answer in time at the close; what was held is taken over after the lease"
        );
    }
    released && flushed
}

async fn give_back(session: &Session) {
    let mut outage = Outage::new("release entries");
    loop {
        match session.release().await {
            Ok(0) => return,
            Ok(entries) => debug!(queue.entries = entries, "released entries not yet started"),
            Err(error) => tokio::time::sleep(outage.failed(&error)).await,
        }
    }
}

async fn flush(session: &Session) {
    let mut outage = Outage::new("acknowledge entries");
    while let Err(error) = session.flush_acks().await {
        tokio::time::sleep(outage.failed(&error)).await;
    }
    for lane in Lane::ALL {
        if let Err(error) = forget_consumers(session, lane, Duration::ZERO, &session.consumer).await
        {
            debug!(queue.lane = %lane, %error, "the reader is left for others to delete");
        }
    }
}
