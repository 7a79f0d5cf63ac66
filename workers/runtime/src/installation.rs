//! One installation on one machine: the data folder, its private Redis, and what works with them.

use std::sync::Arc;

use clerkwork_core::Clock;

use crate::{
    Config, DataDirLock, Machine, PrivateRedis, SecretUrl, Services, StartError, prepare_data_dir,
};

/// What `clerkwork up` holds: the data folder's lock, a private Redis unless another is named, and
/// the connected parts.
pub struct Installation {
    services: Services,
    redis: Option<PrivateRedis>,
    // Given back last.
    _lock: DataDirLock,
}

impl Installation {
    /// Takes the data folder, starts or adopts its Redis and connects everything.
    ///
    /// # Errors
    /// The first thing that is in the way, in one sentence; what was started is stopped again.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let lock = Self::take(&config)?;
        Self::start_in(lock, config, clock).await
    }

    /// Makes the data folder and takes it, for those who must work in it before the rest starts.
    ///
    /// # Errors
    /// The folder cannot be used, or another process works in it.
    pub fn take(config: &Config) -> Result<DataDirLock, StartError> {
        prepare_data_dir(&config.data_dir)?;
        Ok(DataDirLock::acquire(&config.data_dir)?)
    }

    /// Starts in a data folder that was taken.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_in(
        lock: DataDirLock,
        mut config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let mut redis = None;
        if config.redis.url.is_none() {
            let private = PrivateRedis::start(&lock, &Machine::from_process()).await?;
            config.redis.url = Some(SecretUrl::new(private.url()));
            redis = Some(private);
        }
        match Services::connect(config, clock).await {
            Ok(services) => Ok(Self {
                services,
                redis,
                _lock: lock,
            }),
            Err(error) => {
                if let Some(redis) = redis {
                    redis.stop().await;
                }
                Err(error)
            }
        }
    }

    /// The connected parts.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The private Redis, unless another was named.
    pub fn redis(&self) -> Option<&PrivateRedis> {
        self.redis.as_ref()
    }

    /// Closes the ledger and stops the private Redis. Called when the parts that work with
    /// [`services`](Self::services) have ended.
    pub async fn stop(self) {
        self.services.ledger.close().await;
        if let Some(redis) = self.redis {
            redis.stop().await;
        }
    }
}
