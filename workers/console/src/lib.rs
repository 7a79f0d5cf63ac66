//! The live status page: how many jobs are in which state, which items wait for a person and why.
//!
//! Read-only, for one machine's loopback. Every route of the page asks for the access token that is printed
//! with the address: once in the address, then in a cookie that scripts cannot read. The page
//! shows no personal data: references, rules and reasons only.
//!
//! Beside the page, the same server hears what the e-tax platform calls back, see `callback.rs`.
//! That route opens to the platform's signature alone; a reverse proxy on this machine leads there.
//!
//! To add a route: a line in `ROUTES` in `routes.rs`; the guard and its tests cover it by themselves.
//! To add something to the page: a field in `view.rs`, its place in `templates/page.html` and
//! `assets/page.js`.

mod access;
mod callback;
mod routes;
mod signature;
mod view;

use std::{net::SocketAddr, time::Duration};

use clerkwork_runtime::Services;
use tokio::{net::TcpListener, task::JoinHandle};

use access::Access;
pub use callback::PATH as CALLBACK;
pub use routes::paths;
use signature::Key;

/// So long visitors may take to end what they asked for.
const GRACE: Duration = Duration::from_secs(1);

/// A page that is being served.
#[derive(Debug)]
pub struct Console {
    url: String,
    address: SocketAddr,
    served: JoinHandle<std::io::Result<()>>,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The port is taken or may not be used.
    #[error(
        "the status page cannot listen on `{bind}`: {source}; choose another with `console.bind`, port 0 takes a free one"
    )]
    Bind {
        /// What was asked for.
        bind: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The page shows the fleet's work and has no sign-in of its own: only loopback will do.
    #[error(
        "the status page listens on loopback only, not on `{0}`; set `console.bind` to 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// What callbacks are to be signed with is no key.
    #[error("`etax.callback_secret` {0}")]
    CallbackSecret(String),
}

impl Console {
    /// The address with its access token: to be shown to the person who started the process.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the e-tax platform tells what changed there; see [`callback`].
    pub fn callback_url(&self) -> String {
        format!("http://{}{}", self.address, callback::PATH)
    }

    /// Waits until the page is no longer served.
    pub async fn stopped(self) {
        if let Ok(Err(error)) = self.served.await {
            tracing::warn!(error = %error, "the status page ended");
        }
    }
}

/// Serves the page on `bind` until `services.draining` is cancelled.
pub async fn serve(services: Services, bind: SocketAddr) -> Result<Console, ConsoleError> {
    if !bind.ip().is_loopback() {
        return Err(ConsoleError::NotLoopback(bind));
    }
    let secret = services.config.etax.callback_secret.as_ref();
    let key = secret
        .map(|secret| Key::of(secret).map_err(ConsoleError::CallbackSecret))
        .transpose()?;
    let listener = TcpListener::bind(bind)
        .await
        .map_err(|source| ConsoleError::Bind { bind, source })?;
    let address = listener
        .local_addr()
        .map_err(|source| ConsoleError::Bind { bind, source })?;
    let access = Access::new(address);
    let url = access.url();
    let draining = services.draining.clone();
    let app = routes::router(services, access, key);
    let served = tokio::spawn(async move {
        let gone = draining.clone();
        let page = axum::serve(listener, app).with_graceful_shutdown(draining.cancelled_owned());
        // A visitor who holds a connection open does not hold up the end of the process.
        tokio::select! {
            ended = page => ended,
            () = async { gone.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
        }
    });
    Ok(Console {
        url,
        address,
        served,
    })
}
