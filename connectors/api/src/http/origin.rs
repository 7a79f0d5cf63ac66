//! Where calls may go: the origin of the base, and hosts that are named beside it.
//!
//! An address that comes from an answer, a file or a parameter could lead anywhere, and our
//! credentials with it. So it is checked before anything is sent.

use reqwest::Url;

use super::fault::Fault;

/// Where calls may go.
#[derive(Debug)]
pub(super) struct Origins {
    base: Url,
    named: Vec<Named>,
}

/// A host beside the base.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    host: String,
    /// Nothing: the one that belongs to the scheme.
    port: Option<u16>,
}

impl Origins {
    /// Checks the settings `base_url` and `hosts`.
    pub(super) fn new(base_url: &str, hosts: &[String]) -> Result<Self, String> {
        let named = hosts.iter().map(|text| {
            Named::parse(text).ok_or_else(|| {
                format!("`{text}` in `hosts` is no host; give `host` or `host:port`, without path")
            })
        });
        Ok(Self {
            base: base(base_url)?,
            named: named.collect::<Result<_, _>>()?,
        })
    }

    /// The base, with a slash at its end.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Whether it has the base's scheme, host and port.
    pub(super) fn is_home(&self, url: &Url) -> bool {
        url.scheme() == self.base.scheme()
            && url.host_str() == self.base.host_str()
            && url.port_or_known_default() == self.base.port_or_known_default()
    }

    /// Refuses an address that calls may not go to.
    pub(super) fn check(&self, url: &Url) -> Result<(), Fault> {
        if self.is_home(url) {
            return Ok(());
        }
        let secure =
            url.scheme() == "https" || (url.scheme() == "http" && self.base.scheme() == "http");
        let is_named = self
            .named
            .iter()
            .any(|named| url.host_str() == Some(&named.host) && url.port() == named.port);
        if secure && is_named {
            return Ok(());
        }
        let origin = url.origin().ascii_serialization();
        Err(Fault::NotAllowed {
            why: format!(
                "no call may go to `{origin}`; add its host to `hosts` if it is the upstream's, and keep to `{}` as scheme",
                self.base.scheme()
            ),
        })
    }
}

impl Named {
    fn parse(text: &str) -> Option<Self> {
        // As of the base, upper case and international names are brought to one form by parsing.
        let url = Url::parse(&format!("https://{text}/")).ok()?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        Some(Self {
            host: url.host_str().filter(|_| bare)?.to_owned(),
            port: url.port(),
        })
    }
}

/// Checks the base and gives it the slash at its end that joining needs.
fn base(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text)
        .map_err(|error| format!("`base_url` is no address: {error}; give `https://host/path`"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("`base_url` must begin with `https://` or `http://`".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`base_url` holds credentials; give them apart from it".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("`base_url` must end before `?` and `#`".into());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(base: &str, hosts: &[&str], url: &str) -> bool {
        let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        let origins = Origins::new(base, &hosts).unwrap();
        origins.check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn the_base_passes_by_scheme_host_and_port() {
        let passes = |url| passes("https://tax.example/gate", &[], url);
        assert!(passes("https://tax.example/other?x=1"));
        assert!(passes("https://TAX.example:443/"));
        assert!(!passes("http://tax.example/gate"));
        assert!(!passes("https://tax.example:8443/gate"));
        assert!(!passes("https://tax.example.evil/gate"));
        assert!(!passes("file:///etc/passwd"));
    }

    #[test]
    fn a_named_host_passes_at_its_port_and_never_less_secure_than_the_base() {
        let hosts = ["Files.example", "sso.example:8443"];
        let secure = |url| passes("https://tax.example", &hosts, url);
        assert!(secure("https://files.example/a"));
        assert!(secure("https://sso.example:8443/login"));
        assert!(!secure("https://sso.example/login"));
        assert!(!secure("https://files.example:8443/a"));
        assert!(!secure("http://files.example/a"));
        assert!(!secure("ftp://files.example/a"));
        assert!(passes(
            "http://tax.example",
            &hosts,
            "http://files.example/a"
        ));
    }

    #[test]
    fn what_is_no_host_is_refused_and_named() {
        for text in ["", "https://a", "a/b", "u@a", "a b", "a?x", "a#x", "a:http"] {
            let error = Origins::new("https://tax.example", &[text.into()]).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
