//! From settings to parts.

use std::{path::Path, sync::Arc};

use clerkwork_audit::{MasterKey, Sealer};
use clerkwork_core::{Actor, Clock, WorkerId};
use clerkwork_ledger::{GroupCommit, Ledger, LedgerOptions};
use clerkwork_policy::Engine;
use clerkwork_queue::{Queue, QueueOptions};
use tokio_util::sync::CancellationToken;

use crate::{
    CallEvents, Config, Connectors, FleetTurns, KeySource, MASTER_KEY, MASTER_KEY_FILE, Machine,
    MasterKeyError, Oversight, RedisPlace, Services, StartError, Surroundings, connect_upstreams,
    kinds, master_key, prepare_data_dir,
};

impl Services {
    /// Connects everything a process works with. Without `redis.url`, the private Redis of the
    /// data folder must run: see [`Installation`](crate::Installation).
    ///
    /// # Errors
    /// The first part that is missing or cannot be reached, in one sentence.
    pub async fn connect(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        // What needs nothing running comes first: it fails at once.
        let oversight = Oversight::of(load_policy(&config)?);
        connect_upstreams(&config, Surroundings::default())?;
        let queue = open_queue(&config).await?;
        let ledger = open_ledger(&config, Arc::clone(&clock)).await?;
        let name = process_name();
        let calls = CallEvents::new(ledger.clone(), Actor::Robot(name.clone()));
        let surroundings = Surroundings {
            log: Some(Arc::new(calls)),
            pace: Some(Arc::new(FleetTurns::new(&queue))),
            ..Surroundings::default()
        };
        if config.connectors.folder.is_none() {
            // There to put files into; what cannot be made is told when it is missed.
            let _ = std::fs::create_dir_all(config.connectors_folder());
        }
        let connectors = Connectors::of(&config, surroundings)?;
        for fault in connectors.faults() {
            tracing::error!(%fault, "a connector is left out: its file is broken");
        }
        let upstreams = connectors.upstreams(&config)?;
        connectors.follow(ledger.clone());
        oversight.refresh(&ledger).await?;
        oversight.follow(ledger.clone());
        Ok(Self {
            kinds: Arc::new(kinds(&config)),
            config: Arc::new(config),
            clock,
            ledger,
            queue,
            oversight,
            upstreams,
            worker: WorkerId::new(),
            name,
            draining: CancellationToken::new(),
        })
    }
}

/// The policy: the bundle of `policy.dir`, or the one compiled in.
pub fn load_policy(config: &Config) -> Result<Engine, StartError> {
    let engine = match &config.policy.dir {
        Some(dir) => Engine::load(dir)?,
        None => Engine::embedded()?,
    };
    Ok(engine)
}

/// The queue: the Redis of `redis.url`, or the private one of the data folder if it runs.
pub async fn open_queue(config: &Config) -> Result<Queue, StartError> {
    let options = QueueOptions {
        prefix: config.redis.prefix.clone(),
        lease: config.redis.lease,
        prefetch: config.redis.prefetch,
        ..QueueOptions::default()
    };
    if let Some(url) = &config.redis.url {
        return Ok(Queue::connect(url.expose(), options).await?);
    }
    let place = RedisPlace::of(&config.data_dir, &Machine::from_process());
    if !place.socket().exists() {
        let folder = config.data_dir.display().to_string();
        return Err(StartError::NothingRuns(folder));
    }
    Ok(Queue::connect(&place.url(), options).await?)
}

/// The ledger, with the master key for what it seals. The key is made if there is none and the
/// ledger holds no jobs.
pub async fn open_ledger(config: &Config, clock: Arc<dyn Clock>) -> Result<Ledger, StartError> {
    prepare_data_dir(&config.data_dir)?;
    let url = config.ledger_url();
    let options = LedgerOptions {
        group: GroupCommit {
            max: config.ledger.group_max,
            ..GroupCommit::default()
        },
        readers: config.ledger.readers,
        ..LedgerOptions::default()
    };
    let open = async |key: &MasterKey| {
        Ledger::open(url.expose(), Sealer::new(key), Arc::clone(&clock), options).await
    };
    let path = match master_key_source(config) {
        KeySource::File(path) => path,
        KeySource::Variable => {
            let text = std::env::var(MASTER_KEY).unwrap_or_default();
            let key = MasterKey::from_hex(&text).ok_or(MasterKeyError::BrokenVariable)?;
            return Ok(open(&key).await?);
        }
    };
    let mut has_data = false;
    if !path.exists() {
        has_data = Ledger::is_sealed(url.expose(), options).await?;
    }
    let key = master_key(&path, has_data)?;
    Ok(open(&key).await?)
}

/// Where the master key is.
pub fn master_key_source(config: &Config) -> KeySource {
    let variable = |name| std::env::var(name).ok();
    let (key, file) = (variable(MASTER_KEY), variable(MASTER_KEY_FILE));
    KeySource::of(&config.data_dir, key.as_deref(), file.as_deref())
}

/// The host and the process, for example `centre-7-4021`.
fn process_name() -> String {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).ok();
    let host = read("/proc/sys/kernel/hostname")
        .or_else(|| read("/etc/hostname"))
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default();
    let host = match host.trim() {
        "" => "clerkwork",
        host => host,
    };
    format!("{host}-{}", std::process::id())
}
