//! The layer that acknowledges. [`StreamBackend`](crate::StreamBackend) brings it along as its
//! middleware, outside of all layers that a worker adds, so that a worker cannot forget it and it
//! sees what they made of a time-out or a panic.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use apalis_core::task::{Task, data::MissingDataError, from_request::FromRequest};
use clerkwork_core::{Entry, Lane};
use futures::{FutureExt as _, future::BoxFuture};
use tower::{Layer, Service};

use crate::session::Receipt;

/// How an entry came here; a handler may take it as an argument.
#[derive(Clone)]
pub struct Delivery {
    receipt: Arc<Receipt>,
}

impl Delivery {
    pub(crate) const fn new(receipt: Arc<Receipt>) -> Self {
        Self { receipt }
    }

    /// The lane it came in.
    pub fn lane(&self) -> Lane {
        self.receipt.lane
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("lane", &self.lane())
            .finish_non_exhaustive()
    }
}

impl FromRequest<Task<Entry>> for Delivery {
    type Error = MissingDataError;

    async fn from_request(task: &Task<Entry>) -> Result<Self, MissingDataError> {
        task.data().get_checked().cloned()
    }
}

/// Acknowledges an entry when its handler ends with `Ok`, and gives it up otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct AckLayer;

impl<S> Layer<S> for AckLayer {
    type Service = AckService<S>;

    fn layer(&self, inner: S) -> AckService<S> {
        AckService { inner }
    }
}

/// See [`AckLayer`].
#[derive(Debug, Clone)]
pub struct AckService<S> {
    inner: S,
}

impl<S> Service<Task<Entry>> for AckService<S>
where
    S: Service<Task<Entry>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, task: Task<Entry>) -> Self::Future {
        let holding = Holding(task.data().get::<Delivery>().cloned());
        self.inner
            .call(task)
            .map(move |result| {
                holding.end(result.is_ok());
                result
            })
            .boxed()
    }
}

/// Gives the entry up when dropped with the future, though others may still hold the delivery.
struct Holding(Option<Delivery>);

impl Holding {
    fn end(&self, acknowledge: bool) {
        if let Some(delivery) = &self.0 {
            delivery.receipt.settle(acknowledge);
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.end(false);
    }
}
