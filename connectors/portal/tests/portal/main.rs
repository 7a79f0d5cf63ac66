//! The connector against the simulated platform's legacy portal, over HTTP.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod changes;
mod files;
mod reads;
mod sessions;
mod writes;

use std::{sync::Arc, time::Duration};

use clerkwork_connectors_api::{
    agent_invoice::{Application, DossierQuery},
    http::{HttpSettings, RetrySettings, Secret},
};
use clerkwork_core::{IdempotencyKey, ManualClock, Timestamp};
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_portal::{Credential, Portal, PortalSettings};
use clerkwork_sandbox::{
    Options, PortalCounts, PortalSettings as Pages, Running, Sandbox, State, Variant,
};

/// A sandbox with both ways into it.
struct Office {
    sandbox: Running,
    portal: Portal,
}

impl Office {
    async fn open(applications: usize) -> Self {
        let options = Options {
            applications,
            // The time of both ways is the same, so that it can be compared.
            clock: Arc::new(ManualClock::new(Timestamp(1_775_000_000_123_000))),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let portal = portal(&sandbox, "sandbox");
        Self { sandbox, portal }
    }

    /// With pages changed.
    async fn with(variants: &[Variant]) -> Self {
        let office = Self::open(30).await;
        office.change(variants);
        office
    }

    fn state(&self) -> &State {
        self.sandbox.state()
    }

    fn change(&self, variants: &[Variant]) {
        self.state().set_portal(Pages {
            variants: variants.iter().copied().collect(),
            ..Pages::default()
        });
    }

    fn counts(&self) -> PortalCounts {
        self.state().portal_counts()
    }

    fn number(&self, i: usize) -> String {
        self.state().world().number(i).unwrap()
    }

    fn untouched(&self) -> bool {
        self.state().book().is_empty() && self.state().returned().is_empty()
    }

    fn etax(&self) -> Etax {
        let http = HttpSettings::new("etax", self.sandbox.url(), Secret::new("sandbox"));
        Etax::new(EtaxSettings::new(http)).unwrap()
    }
}

fn settings(sandbox: &Running, password: &str) -> PortalSettings {
    let credential = Credential {
        user: "robot".into(),
        password: Secret::new(password).into(),
    };
    let base = format!("{}/portal", sandbox.url());
    let mut settings = PortalSettings::new("portal", base, credential);
    settings.http.retry = RetrySettings {
        min_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(2),
        ..RetrySettings::default()
    };
    settings
}

fn portal(sandbox: &Running, password: &str) -> Portal {
    Portal::new(settings(sandbox, password)).unwrap()
}

fn query(application: &Application) -> DossierQuery {
    DossierQuery {
        application_number: application.application_number.clone(),
        seller_tax_id: application.seller.tax_id.clone(),
        buyer_tax_id: application.buyer.tax_id.clone(),
        tax_receipt_number: application.tax_receipt_number.clone(),
        transaction_date: application.transaction_date,
    }
}

fn key() -> IdempotencyKey {
    IdempotencyKey("cw-1-issue".into())
}

fn reasons() -> [String; 2] {
    [
        "合同金额与申请金额不一致".into(),
        "请补充付款方确认书".into(),
    ]
}
