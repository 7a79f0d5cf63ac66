//! The last net: an attempt that ended without the ledger knowing, by a time-out, a panic or a
//! failing ledger, is put to an end here, so that no job stays `running` in a living process.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::BoxDynError;
use clerkwork_core::{Entry, State};
use clerkwork_ledger::{ClaimedJob, History, LedgerError};
use clerkwork_runtime::Services;
use tower::{Layer, Service, timeout::error::Elapsed};

use crate::{
    attempt::Attempt,
    failure::{Again, Failure},
    worker::Work,
};

/// Wraps the whole stack of an attempt.
#[derive(Clone)]
pub(crate) struct SettleLayer(pub(crate) Services);

impl<S> Layer<S> for SettleLayer {
    type Service = Settle<S>;
    fn layer(&self, inner: S) -> Settle<S> {
        Settle {
            inner,
            services: self.0.clone(),
        }
    }
}

/// See [`SettleLayer`].
#[derive(Clone)]
pub(crate) struct Settle<S> {
    inner: S,
    services: Services,
}

impl<S> Service<Work> for Settle<S>
where
    S: Service<Work, Response = (), Error = BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxDynError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, work: Work) -> Self::Future {
        let entry = work.args.clone();
        let services = self.services.clone();
        let attempt = self.inner.call(work);
        Box::pin(async move {
            let Err(error) = attempt.await else {
                return Ok(());
            };
            let reason = describe(&error);
            tracing::error!(job.id = %entry.job, job.attempt = entry.attempt, error = reason, "attempt ended outside the ledger");
            settle(&services, &entry, &reason).await
        })
    }
}

/// What the record says of the error: never the words of a panic, which may quote an item.
fn describe(error: &BoxDynError) -> String {
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        error.to_string()
    } else if error.is::<Elapsed>() {
        "the attempt ran out of time".to_owned()
    } else if error.to_string().to_lowercase().contains("panic") {
        "the attempt panicked".to_owned()
    } else {
        "the attempt broke off unexpectedly".to_owned()
    }
}

/// Tries until the ledger answers. When the process is told to stop first, the ledger's own
/// release of everything this process held takes over.
async fn settle(services: &Services, entry: &Entry, reason: &str) -> Result<(), BoxDynError> {
    let mut pause = Duration::from_millis(50);
    loop {
        match fail(services, entry, reason).await {
            Ok(()) => return Ok(()),
            Err(error) if services.draining.is_cancelled() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(job.id = %entry.job, error = %error, "the ledger does not take the end of an attempt; trying again")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = services.draining.cancelled() => {}
        }
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn fail(services: &Services, entry: &Entry, reason: &str) -> Result<(), LedgerError> {
    let Some(job) = services.ledger.job(entry.job).await? else {
        return Ok(());
    };
    let ours = job.state == State::Running
        && job.attempt == entry.attempt
        && job.worker == Some(services.worker);
    if !ours {
        return Ok(());
    }
    let effects = services.ledger.effects(entry.job).await?;
    let mut attempt = Attempt::new(
        services,
        ClaimedJob {
            job,
            effects,
            review: None,
            history: History::none(services.clock.now()),
        },
    );
    attempt
        .fail(&Failure::ours(reason), Again::Backoff)
        .await
        .map(|_| ())
}
