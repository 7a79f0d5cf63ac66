//! Starting and stopping the platform.

use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router, middleware,
    routing::{any, get, post},
};
use clerkwork_core::{Clock, SystemClock};
use jiff::civil::Date;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    admin, api,
    connection::{Cut, CuttingListener},
    faults::{Faults, InvalidFaults},
    generate::{DEFAULT_START, MAX_APPLICATIONS, generate_from},
    memory::{self, Header, MemoryError},
    portal,
    red::{Callback, RedCase, callback, generate_red_from},
    state::State,
};

/// How a platform is to be.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Bearer token of `/api`.
    pub token: String,
    /// Bearer token of `/admin`.
    pub admin_token: String,
    /// Seed of the world and of the faults.
    pub seed: u64,
    /// How many applications, at most [`MAX_APPLICATIONS`].
    pub applications: usize,
    /// How many red-letter applications, at most [`MAX_APPLICATIONS`].
    pub red_letters: usize,
    /// Red-letter applications of these cases only, in turns; none named: of all in their shares.
    pub red_cases: Vec<RedCase>,
    /// First day of the transactions and of the red-letter applications; they are spread over 30
    /// days.
    pub start: Date,
    /// Faults from the start on.
    pub faults: Faults,
    /// Where the time comes from; the platform can move ahead of it, see
    /// [`State::advance_clock`].
    pub clock: Arc<dyn Clock>,
    /// Who is told when a form's state changes.
    pub callback: Option<Callback>,
    /// File in which every act is kept, so that a later start goes on.
    pub memory: Option<PathBuf>,
}

impl fmt::Debug for Options {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("bind", &self.bind)
            .field("seed", &self.seed)
            .field("applications", &self.applications)
            .field("red_letters", &self.red_letters)
            .field("red_cases", &self.red_cases)
            .field("start", &self.start)
            .field("faults", &self.faults)
            .field("clock", &self.clock)
            .field("callback", &self.callback)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    /// A free port of this machine, the tokens `sandbox` and `sandbox-admin`, 100 applications, no
    /// red-letter ones, the machine's clock.
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: "sandbox".into(),
            admin_token: "sandbox-admin".into(),
            seed: 1,
            applications: 100,
            red_letters: 0,
            red_cases: Vec::new(),
            start: DEFAULT_START,
            faults: Faults::none(),
            clock: Arc::new(SystemClock),
            callback: None,
            memory: None,
        }
    }
}

/// Why a platform did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something else listens there.
    #[error(
        "`{0}` is in use; stop what listens there, or choose another port (0 takes a free one)"
    )]
    InUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on `{addr}`; choose an address of this machine")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Too many applications.
    #[error("`{0}` applications are too many; use at most {MAX_APPLICATIONS}")]
    TooMany(usize),
    /// A token is empty.
    #[error("a token is empty; set both the token of the api and that of the admin api")]
    EmptyToken,
    /// A fault is wrong.
    #[error(transparent)]
    Faults(#[from] InvalidFaults),
    /// The memory cannot be used.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// What every handler sees.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) state: State,
    pub(crate) token: Arc<str>,
    pub(crate) admin_token: Arc<str>,
}

/// The simulated platform.
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Generates the world and listens. The platform runs until [`Running`] is dropped or shut
    /// down.
    ///
    /// # Errors
    /// When the address cannot be had or an option is wrong.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        for n in [options.applications, options.red_letters] {
            if n > MAX_APPLICATIONS {
                return Err(StartError::TooMany(n));
            }
        }
        if options.token.is_empty() || options.admin_token.is_empty() {
            return Err(StartError::EmptyToken);
        }
        options.faults.validate()?;
        let bind = options.bind;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse(bind),
            _ => StartError::Bind { addr: bind, source },
        };
        // The port first: it fails at once, the world takes a while.
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let world = generate_from(options.seed, options.applications, options.start);
        let red_world = generate_red_from(
            options.seed,
            options.red_letters,
            options.start,
            &options.red_cases,
        );
        let state = State::new(world, red_world, options.faults, options.clock);
        if let Some(path) = options.memory {
            let header = Header {
                seed: options.seed,
                start: options.start,
                applications: options.applications,
                red_letters: options.red_letters,
                red_cases: options.red_cases,
            };
            let (lines, journal) = memory::open(&path, &header)?;
            state.remember(lines, journal);
        }
        let router = router(App {
            state: state.clone(),
            token: options.token.into(),
            admin_token: options.admin_token.into(),
        });
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serve = axum::serve(
            CuttingListener(listener),
            router.into_make_service_with_connect_info::<Cut>(),
        )
        .with_graceful_shutdown(stopped);
        let task = tokio::spawn(async move { serve.await });
        if let Some(whom) = options.callback {
            tokio::spawn(callback::run(state.clone(), whom, stop.clone()));
        }
        let stopping = stop.clone();
        tracing::info!(
            sandbox.address = %addr,
            sandbox.seed = options.seed,
            sandbox.applications = options.applications,
            sandbox.red_letters = options.red_letters,
            "simulated e-tax platform listens"
        );
        Ok(Running {
            addr,
            state,
            task,
            stopping,
            stop: stop.drop_guard(),
        })
    }
}

fn router(app: App) -> Router {
    let admin = Router::new()
        .route("/faults", post(admin::set_faults).get(admin::faults))
        .route("/book", get(admin::book))
        .route("/counts", get(admin::counts))
        .route("/withdraw", post(admin::withdraw))
        .route("/red-book", get(admin::red_book))
        .route("/forms/{number}", post(admin::play_form))
        .route("/clock", post(admin::advance_clock).get(admin::clock))
        .route("/portal", post(admin::set_portal).get(admin::portal))
        .route("/portal/expire", post(admin::expire_portal))
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            admin::authorise,
        ));
    Router::new()
        .route("/api/{method}", post(api::call))
        .route("/portal/{*path}", any(portal::serve))
        .nest("/admin", admin)
        .with_state(app)
}

/// A running platform; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    state: State,
    task: JoinHandle<io::Result<()>>,
    stopping: CancellationToken,
    stop: DropGuard,
}

/// How long open calls may take to end at shutdown.
const GRACE: Duration = Duration::from_secs(2);

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Base address for a connector, for example `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Its memory.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Tells somebody of every form's change from now on, besides whom the options named.
    pub fn call_back(&self, whom: Callback) {
        let (state, stopping) = (self.state.clone(), self.stopping.clone());
        tokio::spawn(callback::run(state, whom, stopping));
    }

    /// Stops listening and waits up to two seconds for open calls.
    pub async fn shutdown(self) {
        let Self { mut task, stop, .. } = self;
        drop(stop);
        if tokio::time::timeout(GRACE, &mut task).await.is_err() {
            task.abort();
        }
    }
}
