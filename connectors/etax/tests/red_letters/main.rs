//! Red-letter invoices against the simulated platform: both sides of the wire agree, what a lost
//! answer leaves behind can be looked up, and nothing is done twice.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod journey;
mod lookups;
mod waits;

use std::{sync::Arc, time::Duration};

use clerkwork_connectors_api::{
    http::{HttpSettings, RetrySettings, Secret},
    red_letter::{
        ConfirmationForm, RedLetterApplication, RedLetterDossier, RedLetterQuery, RedLetters,
        ReversalDraft,
    },
};
use clerkwork_core::{IdempotencyKey, ManualClock, Timestamp};
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_sandbox::{Fault, FaultKind, Faults, Options, RedCase, Running, Sandbox};

/// 2026-04-01 10:00:00 in Beijing.
const NOW: Timestamp = Timestamp(1_775_008_800_000_000);

/// Enough for every case.
const APPLICATIONS: usize = 1000;

/// A platform whose clock moves when told to, and the connector to it.
struct Office {
    sandbox: Running,
    etax: Etax,
}

impl Office {
    async fn open() -> Self {
        let options = Options {
            applications: 1,
            red_letters: APPLICATIONS,
            clock: Arc::new(ManualClock::new(NOW)),
            ..Options::default()
        };
        let token = Secret::new(options.token.clone());
        let sandbox = Sandbox::start(options).await.unwrap();
        let http = HttpSettings {
            retry: RetrySettings {
                min_delay: Duration::from_millis(1),
                max_delay: Duration::from_millis(2),
                ..RetrySettings::default()
            },
            ..HttpSettings::new("etax", sandbox.url(), token)
        };
        let etax = Etax::new(EtaxSettings::new(http)).unwrap();
        Self { sandbox, etax }
    }

    /// The first application that was made to be such a case.
    fn application(&self, case: RedCase) -> RedLetterApplication {
        let world = self.sandbox.state().red_world();
        let i = (0..world.len()).find(|i| world.case(*i) == Some(case));
        world.application(i.unwrap()).unwrap()
    }

    async fn dossier(&self, application: &RedLetterApplication) -> RedLetterDossier {
        self.etax.dossier(query(application)).await.unwrap()
    }

    async fn form(&self, number: &str) -> ConfirmationForm {
        self.etax.form(number).await.unwrap().unwrap()
    }

    /// Strikes the next call of a method, and no other.
    fn strike(&self, kind: FaultKind, method: &str) {
        let fault = Fault::always(kind).times(1).on(method);
        let state = self.sandbox.state();
        state.set_faults(Faults(vec![fault])).unwrap();
    }

    fn wait(&self, duration: Duration) {
        self.sandbox.state().advance_clock(duration);
    }
}

fn query(application: &RedLetterApplication) -> RedLetterQuery {
    RedLetterQuery {
        application_number: application.application_number.clone(),
        blue: application.blue.clone(),
        seller_tax_id: application.seller.tax_id.clone(),
        buyer_tax_id: application.buyer.tax_id.clone(),
    }
}

fn draft(application: &RedLetterApplication) -> ReversalDraft {
    ReversalDraft {
        started_by: application.started_by,
        blue: application.blue.clone(),
        seller: application.seller.clone(),
        buyer: application.buyer.clone(),
        reason: application.reason,
        lines: application.lines.clone(),
        net: application.total_net,
        tax: application.total_tax,
    }
}

fn key(act: &str) -> IdempotencyKey {
    IdempotencyKey(format!("cw-1-{act}"))
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}
