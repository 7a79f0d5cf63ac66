//! From what a file says of its upstream to the settings of the HTTP stack.

use std::num::NonZeroU32;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    credential::Credential,
    http::{FleetSettings, HttpSettings, PaceSettings, ProxySettings, RetrySettings},
};

use crate::{
    file::{Proxy, Rate, Upstream},
    settings::Settings,
};

/// What the stack of connector `name` is built with.
///
/// # Errors
/// [`ErrorKind::Misconfigured`], naming the setting: the proxy's password is not there.
pub(crate) fn settings(
    name: &'static str,
    upstream: Upstream,
    settings: &Settings,
) -> Result<HttpSettings, ConnectorError> {
    let is_own = settings.base_url.is_none();
    let base = settings.base_url.clone().unwrap_or(upstream.base_url);
    let mut http = HttpSettings::new(name, base, None);
    // A made up credential goes to what stands for the upstream, and nowhere else.
    if settings.credential.is_none() {
        http.hosts = upstream.hosts;
    }
    http.ca_files = upstream.ca_files;
    http.identity_file = upstream.identity_file;
    if let Some(found) = upstream.proxy.filter(|_| is_own) {
        let wrong = |why: String| ConnectorError {
            connector: name,
            operation: "configure",
            kind: ErrorKind::Misconfigured,
            code: None,
            message: format!("`proxy`: {why}"),
            page: None,
            source: None,
        };
        http.proxy = Some(proxy(found, settings).map_err(wrong)?);
    }
    http.retry = RetrySettings {
        retries: upstream.retries.unwrap_or(settings.retry.retries),
        ..settings.retry
    };
    let timeout = settings.timeout.or(upstream.timeout);
    http.request_timeout = timeout.unwrap_or(http.request_timeout);
    http.log = settings.log.clone();
    http.rehearsal = settings.rehearsal.clone();
    http.connect_timeout = upstream.connect_timeout.unwrap_or(http.connect_timeout);
    http.max_response_bytes = upstream
        .max_response_bytes
        .unwrap_or(http.max_response_bytes);
    http.in_flight = upstream.in_flight;
    http.pace = upstream.rate.map(|rate| share(rate, settings.processes));
    let fleet = upstream.rate.zip(settings.pace.clone());
    http.fleet = fleet.map(|(rate, pace)| FleetSettings {
        pace,
        rate: share(rate, NonZeroU32::MIN),
    });
    Ok(http)
}

fn proxy(proxy: Proxy, settings: &Settings) -> Result<ProxySettings, String> {
    let login = proxy.login.map(|(user, password)| {
        let password = password.get(settings)?;
        Ok::<_, String>((user, Credential::Value(password)))
    });
    Ok(ProxySettings {
        url: proxy.url,
        login: login.transpose()?,
    })
}

/// What one of so many processes has of a rate; never nothing.
fn share(rate: Rate, processes: NonZeroU32) -> PaceSettings {
    let part = |whole: NonZeroU32| NonZeroU32::new(whole.get() / processes);
    PaceSettings {
        per_second: part(rate.per_second).unwrap_or(NonZeroU32::MIN),
        burst: part(rate.burst).unwrap_or(NonZeroU32::MIN),
        max_wait: rate.max_wait,
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use clerkwork_connectors_api::http::Secret;

    use super::*;
    use crate::{fault::Notes, file};

    fn built(upstream: &str, around: &Settings) -> Result<HttpSettings, ConnectorError> {
        let text = format!(
            r#"
            name = "land"
            title = {{ zh = "不动产", en = "land" }}
            version = "1"

            [upstream]
            base_url = "https://land.example/gate"
            {upstream}

            [operations.state]
            idempotency = "read"
            input = {{}}
            output = {{}}
            request = {{ method = "GET", path = "state" }}
            response = {{}}
            "#
        );
        let notes = Notes::new(&text, "land.toml");
        let spec = file::read(&text, &notes);
        assert!(!notes.has_errors(), "{notes:?}");
        settings("land", spec.unwrap().upstream, around)
    }

    #[test]
    fn what_a_file_says_of_its_upstream_is_what_the_stack_is_built_with() {
        let http = built(
            r#"
            hosts = ["login.example", "sso.example:8443"]
            ca_files = ["/etc/clerkwork/land-ca.pem"]
            identity_file = "/etc/clerkwork/land.pem"
            in_flight = { calls = 4, max_wait_seconds = 2 }
            "#,
            &Settings::default(),
        )
        .unwrap();
        assert_eq!(http.hosts, ["login.example", "sso.example:8443"]);
        assert_eq!(http.ca_files, [PathBuf::from("/etc/clerkwork/land-ca.pem")]);
        assert_eq!(http.identity_file, Some("/etc/clerkwork/land.pem".into()));
        let in_flight = http.in_flight.unwrap();
        assert_eq!(in_flight.calls.get(), 4);
        assert_eq!(in_flight.max_wait, Duration::from_secs(2));
        assert_eq!((http.proxy, http.pace), (None, None));
    }

    #[test]
    fn a_proxy_is_for_the_files_own_upstream_and_its_password_is_a_reference() {
        let proxy = r#"proxy = { url = "http://proxy.example:3128", user = "clerk", password = { env = "CLERKWORK_NO_SUCH" } }"#;
        let error = built(proxy, &Settings::default()).unwrap_err();
        assert_eq!(
            error.message,
            "`proxy`: the credential in the variable `CLERKWORK_NO_SUCH` is not there; set it, or correct the reference"
        );
        let mut around = Settings {
            variables: [("CLERKWORK_NO_SUCH".to_owned(), Secret::new("geheim"))].into(),
            ..Settings::default()
        };
        let found = built(proxy, &around).unwrap().proxy.unwrap();
        let password = Credential::Value(Secret::new("geheim"));
        assert_eq!(found.url, "http://proxy.example:3128");
        assert_eq!(found.login, Some(("clerk".to_owned(), password)));
        around.base_url = Some("http://localhost:1".into());
        assert_eq!(built(proxy, &around).unwrap().proxy, None);
    }

    #[test]
    fn a_process_has_its_share_of_the_rate_and_never_nothing() {
        let around = Settings {
            processes: NonZeroU32::new(3).unwrap(),
            ..Settings::default()
        };
        let rate = "rate = { per_second = 100, burst = 2, max_wait_seconds = 5 }";
        let http = built(rate, &around).unwrap();
        let pace = http.pace.unwrap();
        assert_eq!((pace.per_second.get(), pace.burst.get()), (33, 1));
        assert_eq!(pace.max_wait, Duration::from_secs(5));
        assert!(http.fleet.is_none());
    }
}
