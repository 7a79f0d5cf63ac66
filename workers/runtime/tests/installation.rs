//! A whole installation: started, refused, stopped and started again.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use clerkwork_core::{KindName, Lane, Office, SystemClock};
use clerkwork_ledger::{Accepted, Ledger, NewJob};
use clerkwork_runtime::{
    Config, Installation, KeySource, Services, Sources, StartError, StartErrorKind,
    master_key_source, open_ledger,
};
use clerkwork_testkit::Postgres;
use serde_json::json;

fn config(folder: &Path, settings: &[(&str, &str)]) -> Config {
    // Nothing is sent to the upstream here, so the address needs no listener.
    let given = [
        ("data_dir", folder.to_str().unwrap()),
        ("etax.base_url", "http://127.0.0.1:9"),
        ("etax.token", "token"),
    ];
    let environment: BTreeMap<_, _> = given
        .iter()
        .chain(settings)
        .map(|(key, value)| {
            let path = key.replace('.', "__").to_uppercase();
            (format!("CLERKWORK__{path}"), (*value).to_owned())
        })
        .collect();
    Config::load(&Sources {
        environment,
        ..Sources::default()
    })
    .unwrap()
}

fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock)
}

async fn accept_one(ledger: &Ledger) {
    let job = NewJob {
        kind: KindName::new("agent_invoice_review"),
        reference: "A-1".into(),
        office: Office::default(),
        batch: None,
        lane: Lane::Standard,
        deadline: None,
        run_at: None,
        submitter: "li".into(),
        payload: json!({}),
        subject_id: "91350211M000100Y43".into(),
        subject_name: "张三".into(),
        traceparent: None,
    };
    let accepted = ledger.accept(vec![job]).await.unwrap();
    assert!(matches!(accepted[..], [Accepted::New(_)]), "{accepted:?}");
}

async fn refusal(config: Config) -> StartError {
    Installation::start(config, clock()).await.err().unwrap()
}

#[tokio::test]
async fn it_starts_continues_where_it_stopped_and_is_started_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Installation::start(config(&data, &[]), clock())
        .await
        .unwrap();
    accept_one(&first.services().ledger).await;
    first.services().queue.ping().await.unwrap();

    let second = refusal(config(&data, &[])).await;
    assert_eq!(second.kind(), StartErrorKind::Conflict, "{second}");
    // Other processes, such as a command line that submits, share what runs.
    let beside = Services::connect(config(&data, &[]), clock())
        .await
        .unwrap();
    beside.queue.ping().await.unwrap();
    assert_ne!(beside.worker, first.services().worker);
    beside.ledger.close().await;
    let server = first.redis().unwrap().pid().unwrap();
    first.stop().await;
    assert!(fs::metadata(format!("/proc/{server}/cwd")).is_err());

    let error = Services::connect(config(&data, &[]), clock()).await.err();
    assert_eq!(error.unwrap().exit_code(), 3, "nothing runs any more");
    let again = Installation::start(config(&data, &[]), clock())
        .await
        .unwrap();
    let counts = again.services().ledger.counts(None).await.unwrap();
    assert_eq!(counts.values().sum::<u64>(), 1);
    again.stop().await;
}

async fn a_lost_key_is_noticed(settings: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), settings);
    let key = match master_key_source(&config) {
        KeySource::File(path) => Some(path),
        KeySource::Variable => None,
    };
    let key = key.unwrap();
    let open = || open_ledger(&config, clock());
    let ledger = open().await.unwrap();
    accept_one(&ledger).await;
    ledger.close().await;
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let error = open().await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("restore the file"), "{error}");
    assert!(!key.exists());
    // Restored as a copy with the owner's rights alone.
    fs::write(&key, kept).unwrap();
    let open_to_all = open().await.unwrap_err();
    assert_eq!(open_to_all.exit_code(), 2, "{open_to_all}");
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    open().await.unwrap().close().await;
}

#[tokio::test]
async fn a_lost_master_key_is_noticed_on_sqlite() {
    a_lost_key_is_noticed(&[]).await;
}

#[tokio::test]
async fn a_lost_master_key_is_noticed_on_postgres() {
    let database = Postgres::database().await;
    a_lost_key_is_noticed(&[("ledger.url", &database.url())]).await;
}

#[tokio::test]
async fn what_is_in_the_way_has_its_sentence_and_code_and_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let rules = folder.path().join("no-rules");
    let cases = [
        ("policy.dir", rules.to_str().unwrap(), 2, "no-rules"),
        ("redis.url", "redis://:secret@127.0.0.1:1", 3, "127.0.0.1:1"),
        (
            "ledger.url",
            "postgres://u:secret@127.0.0.1:1/db",
            3,
            "127.0.0.1:1",
        ),
    ];
    for (key, value, code, part) in cases {
        let error = refusal(config(&data, &[(key, value)])).await;
        let sentence = error.to_string();
        assert_eq!(error.exit_code(), code, "{sentence}");
        assert!(sentence.contains(part), "{sentence}");
        assert!(!sentence.contains("secret"), "{sentence}");
        assert!(
            !data.join("redis/redis.sock").exists(),
            "{key}: redis was stopped"
        );
    }
    let mut nowhere = config(&data, &[]);
    nowhere.etax.base_url = None;
    assert!(matches!(refusal(nowhere).await, StartError::NoUpstream));
    let mut unknown = config(&data, &[]);
    unknown.etax.token = None;
    assert!(matches!(refusal(unknown).await, StartError::NoToken));
}
