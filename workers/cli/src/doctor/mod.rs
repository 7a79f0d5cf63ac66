//! `clerkwork doctor`: is the installation in order, and if not, what is to be done.
//!
//! To add a check: a line in [`run`] and a function in `checks.rs` that hands back [`Check`]s.

mod checks;

use serde::Serialize;

use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation,
};

/// Checks the installation and says what to do.
///
/// Exit code 3 when a check fails; warnings leave it at 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  clerkwork doctor\n  clerkwork doctor --json")]
pub struct Args {}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In order.
    Ok,
    /// Works, but should be looked at.
    Warn,
    /// Does not work.
    Fail,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What was looked at, for example `redis.memory`.
    pub name: &'static str,
    /// How it came out.
    pub status: Status,
    /// What was found.
    pub message: String,
    /// What to do, unless all is well.
    pub advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            message: message.into(),
            advice: None,
        }
    }

    fn warn(name: &'static str, message: impl Into<String>, advice: &str) -> Self {
        Self {
            name,
            status: Status::Warn,
            message: message.into(),
            advice: Some(advice.into()),
        }
    }

    fn fail(name: &'static str, message: impl Into<String>, advice: &str) -> Self {
        Self {
            status: Status::Fail,
            ..Self::warn(name, message, advice)
        }
    }
}

/// Looks at everything.
pub async fn run(context: &Context, _: Args) -> Outcome {
    let mut found = Vec::new();
    match context.config() {
        Err(failure) => found.push(Check::fail(
            "config",
            failure.message,
            "correct the setting; `clerkwork config show --defaults` explains every one",
        )),
        Ok(config) => {
            let count = config.settings().iter().count();
            found.push(Check::ok("config", format!("{count} settings")));
            found.push(checks::data_dir(config));
            found.push(checks::master_key(config));
            found.push(checks::policy(config));
            let queue = installation::queue(config).await;
            found.extend(checks::redis(config, queue).await);
            match installation::open(context).await {
                Ok(opened) => {
                    found.extend(checks::ledger(&opened.ledger).await);
                    found.push(checks::workers(&opened.ledger, config, context.now()).await);
                    found.push(checks::audit_log(&opened.ledger, config).await);
                    found.push(checks::clock(&opened.ledger, context.now()).await);
                }
                Err(failure) => found.push(Check::fail(
                    "ledger",
                    failure.message,
                    "start `clerkwork up` once, or name the ledger with `--ledger-url`",
                )),
            }
            found.push(checks::upstream(config).await);
        }
    }
    let failed = found.iter().any(|check| check.status == Status::Fail);
    for check in &found {
        let status = match check.status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "fail",
        };
        context
            .out
            .line(format!("{status}  {:<18} {}", check.name, check.message));
        if let Some(advice) = &check.advice {
            context.out.line(format!("{:25}→ {advice}", ""));
        }
    }
    context
        .out
        .json(&serde_json::json!({"ok": !failed, "checks": found}));
    Ok(if failed { Exit::Missing } else { Exit::Done })
}
