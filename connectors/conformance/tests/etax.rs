//! The connector to the JSON API keeps every clause that can be tried with it.

use std::sync::Arc;

use clerkwork_conformance::{Clause, Outcome, Subject, check, of_agent_invoices};
use clerkwork_connectors_api::http::{HttpSettings, PaceSettings, Secret};
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_sandbox::{Options, Sandbox};

const RATE: u32 = 20;

#[tokio::test]
async fn every_clause_is_kept() {
    let token = "a-token-that-must-not-show";
    let options = Options {
        token: token.into(),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let base = sandbox.url();
    let direct = HttpSettings::new("etax", &base, Secret::new(token));
    let direct = Etax::new(EtaxSettings::new(direct)).unwrap();
    let samples = of_agent_invoices(&direct).await.unwrap();
    let subject = Subject {
        connect: Box::new(move |place| {
            let token = place.wrong_credential.as_deref().unwrap_or(token);
            let mut http = HttpSettings::new("etax", &place.base_url, Secret::new(token));
            http.request_timeout = place.timeout;
            let one = std::num::NonZeroU32::MIN;
            http.pace = std::num::NonZeroU32::new(RATE).map(|per_second| PaceSettings {
                per_second,
                burst: one,
                max_wait: std::time::Duration::from_secs(10),
            });
            let mut settings = EtaxSettings::new(http);
            settings.dossiers_per_call = 1;
            Ok(Arc::new(Etax::new(settings)?))
        }),
        upstream: base.parse().unwrap(),
        samples,
        secrets: vec![token.into()],
        has_session: false,
        reads_pages: false,
        rate: Some(RATE),
    };
    let report = check(&subject, |_| {}).await.unwrap().unwrap();
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    for ruling in &report.rulings {
        if let Outcome::NotTried { why } = &ruling.outcome {
            let expected = [Clause::NoLockOut, Clause::SessionRenewed];
            assert!(
                expected.contains(&ruling.clause),
                "{:?}: {why}",
                ruling.clause
            );
        }
    }
    let (kept, _, _) = report.counts();
    assert!(kept > 50, "{kept}");
}
