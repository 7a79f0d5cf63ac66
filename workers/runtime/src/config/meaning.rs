//! Checks that need to know what a setting means.

use std::path::Path;

use tracing_subscriber::EnvFilter;

use super::{Config, ConfigError, Secret, SecretUrl, layer::Place};
use crate::{Witness, secret_file};

/// Checks `config`, and reads the files it names.
pub(super) fn check(
    mut config: Config,
    place: impl Fn(&str) -> Place,
) -> Result<Config, ConfigError> {
    let wrong = |key: &str, problem: String| {
        Err(ConfigError::Wrong {
            place: place(key),
            problem,
        })
    };
    if let Some(problem) = scheme(
        config.ledger.url.as_ref(),
        &["sqlite:", "postgres://", "postgresql://"],
    ) {
        return wrong("ledger.url", problem);
    }
    let schemes = ["redis://", "rediss://", "redis+unix://", "unix://"];
    if let Some(problem) = scheme(config.redis.url.as_ref(), &schemes) {
        return wrong("redis.url", problem);
    }
    let base_url = config.etax.base_url.as_deref().map(SecretUrl::new);
    if let Some(problem) = scheme(base_url.as_ref(), &["https://", "http://"]) {
        return wrong("etax.base_url", problem);
    }
    if config.etax.base_url.as_deref().is_some_and(is_plain_abroad) {
        return wrong(
            "etax.base_url",
            "sends the token and taxpayers' data in clear to another machine; write https://"
                .into(),
        );
    }
    let portal = config.portal.base_url.as_deref();
    if let Some(problem) = scheme(
        portal.map(SecretUrl::new).as_ref(),
        &["https://", "http://"],
    ) {
        return wrong("portal.base_url", problem);
    }
    if portal.is_some_and(is_plain_abroad) {
        return wrong(
            "portal.base_url",
            "sends the password and taxpayers' data in clear to another machine; write https://"
                .into(),
        );
    }
    if portal.is_some() && config.portal.user.is_none() {
        return wrong(
            "portal.user",
            "is missing; write who signs in at the portal".into(),
        );
    }
    let connectors = &config.connectors;
    for (name, address) in &connectors.built_in {
        let key = "connectors.built_in";
        if let Some(problem) = scheme(Some(&SecretUrl::new(address)), &["https://", "http://"]) {
            return wrong(key, problem);
        }
        if is_plain_abroad(address) {
            let problem = format!(
                "sends the token and the data of `{name}` in clear to another machine; write https://"
            );
            return wrong(key, problem);
        }
        if let Some(folder) = &connectors.token_folder
            && let Err(problem) = read(&folder.join(name))
        {
            return wrong("connectors.token_folder", problem);
        }
    }
    let prefix = &config.redis.prefix;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(plain) {
        return wrong(
            "redis.prefix",
            format!("`{prefix}` cannot begin a key; write 1 to 64 letters, digits, `-` or `_`"),
        );
    }
    if let Err(error) = Witness::configured(&config.audit) {
        return wrong("audit", error.to_string());
    }
    let fleet = &config.fleet;
    if fleet.backoff_max < fleet.backoff_base {
        return wrong(
            "fleet.backoff_max_seconds",
            "shorter than `fleet.backoff_base_ms`; make it at least as long".into(),
        );
    }
    // One lost heartbeat must not cost a living process its work.
    if fleet.silent_after < fleet.heartbeat * 2 {
        return wrong(
            "fleet.silent_after_seconds",
            format!(
                "must be at least twice `fleet.heartbeat_seconds` ({}), or living processes lose their work",
                fleet.heartbeat.as_secs_f64()
            ),
        );
    }
    if let Err(error) = EnvFilter::builder().parse(&config.log.level) {
        return wrong(
            "log.level",
            format!(
                "`{}` is not a log filter ({error}); write for example \"info\" or \"info,clerkwork_fleet=debug\"",
                config.log.level
            ),
        );
    }
    let (etax, portal) = (&mut config.etax, &mut config.portal);
    for (key, file, secret) in [
        (
            "portal.password",
            &portal.password_file,
            &mut portal.password,
        ),
        ("etax.token", &etax.token_file, &mut etax.token),
        (
            "etax.callback_secret",
            &etax.callback_secret_file,
            &mut etax.callback_secret,
        ),
    ] {
        let Some(file) = file else { continue };
        if secret.is_some() {
            return wrong(
                key,
                format!("is given beside `{key}_file`; leave one of them out"),
            );
        }
        match read(file) {
            Ok(text) => *secret = Some(text),
            Err(problem) => return wrong(&format!("{key}_file"), problem),
        }
    }
    if let Some(secret) = &etax.callback_secret
        && let Err(problem) = secret.signing_key()
    {
        let key = match etax.callback_secret_file {
            Some(_) => "etax.callback_secret_file",
            None => "etax.callback_secret",
        };
        return wrong(key, problem);
    }
    Ok(config)
}

/// What is wrong if `url` begins with none of `schemes`.
fn scheme(url: Option<&SecretUrl>, schemes: &[&str]) -> Option<String> {
    let url = url?;
    if schemes
        .iter()
        .any(|scheme| url.expose().starts_with(scheme))
    {
        return None;
    }
    Some(format!(
        "`{url}` is no address that serves here; it must begin with {}",
        schemes
            .iter()
            .map(|scheme| format!("`{scheme}`"))
            .collect::<Vec<_>>()
            .join(" or ")
    ))
}

fn read(file: &Path) -> Result<Secret, String> {
    let text = secret_file::read(file).map_err(|error| error.to_string())?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(format!(
            "`{}` is empty; write the secret into it",
            file.display()
        ));
    }
    Ok(Secret::new(secret))
}

/// Whether an address is plain HTTP to another machine than this one.
fn is_plain_abroad(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let loopback = name
        .parse::<std::net::IpAddr>()
        .is_ok_and(|ip| ip.is_loopback());
    !loopback && name != "localhost"
}
