//! Takes over what waits at the upstream, page by page.

use std::fmt;

use clerkwork_kinds::{JobKind, PendingItem, Upstreams};
use clerkwork_ledger::{Accepted, Ledger, NewJob};

use crate::{
    failure::{Failure, chain},
    intake::{self, Defaults},
};

/// Applications in one call.
const PAGE: u32 = 200;

/// What became of the applications.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pulled {
    /// Jobs that are new.
    pub new: u64,
    /// Jobs that were there with the same content.
    pub same: u64,
    /// Applications that were taken over before with other content.
    pub conflict: u64,
}

impl Pulled {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.new + self.same + self.conflict
    }
}

impl fmt::Display for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted, {} the same as before, {} in conflict",
            self.new, self.same, self.conflict
        )
    }
}

/// Asks the upstream for one application of a kind, so that nothing is opened for a kind that it has
/// none of, or for an upstream that does not answer.
pub async fn offered(kind: &dyn JobKind, upstreams: &Upstreams) -> Result<(), Failure> {
    page(kind, upstreams, None, 1).await.map(|_| ())
}

/// Accepts what waits of a kind at the upstream, `most` at most; each application's number becomes
/// its reference, so that doing it again changes nothing. `told` hears how far it has come.
pub async fn pull(
    kind: &dyn JobKind,
    upstreams: &Upstreams,
    ledger: &Ledger,
    defaults: &Defaults,
    most: u32,
    told: impl Fn(u64),
) -> Result<Pulled, Failure> {
    let mut pulled = Pulled::default();
    let mut after: Option<String> = None;
    loop {
        let left = u64::from(most).saturating_sub(pulled.total());
        let limit = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        if limit == 0 {
            return Ok(pulled);
        }
        let page = page(kind, upstreams, after.as_deref(), limit).await?;
        let Some(last) = page.last() else {
            return Ok(pulled);
        };
        after = Some(last.reference.clone());
        let mut jobs = Vec::with_capacity(page.len());
        for PendingItem { reference, payload } in page {
            let defaults = Defaults {
                reference: Some(reference.clone()),
                ..defaults.clone()
            };
            jobs.push(intake::job(kind, payload, &defaults).map_err(|error| {
                Failure::input(format!(
                    "application `{reference}` of the upstream: {error}"
                ))
            })?);
        }
        accept(ledger, jobs, &mut pulled).await?;
        told(pulled.total());
    }
}

async fn page(
    kind: &dyn JobKind,
    upstreams: &Upstreams,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<PendingItem>, Failure> {
    let page = kind.pending(upstreams, after, limit).await;
    let page = page.map_err(|error| Failure::missing("upstream", chain(&error)))?;
    page.ok_or_else(|| {
        Failure::usage(format!(
            "items of kind `{}` do not come from the upstream; hand them in with `--file`",
            kind.name()
        ))
    })
}

async fn accept(ledger: &Ledger, jobs: Vec<NewJob>, pulled: &mut Pulled) -> Result<(), Failure> {
    for accepted in ledger.accept(jobs).await? {
        match accepted {
            Accepted::New(_) => pulled.new += 1,
            Accepted::Same(_) => pulled.same += 1,
            Accepted::Conflict(_) => pulled.conflict += 1,
        }
    }
    Ok(())
}
