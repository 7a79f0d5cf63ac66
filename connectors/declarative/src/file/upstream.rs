//! `[upstream]`.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use clerkwork_connectors_api::http::InFlightSettings;

use super::{OfMachine, Proxy, Rate, Upstream, auth, tree::Node};

/// A call that would wait longer for a turn or a place ends as rate limited, when nothing else is said.
const MAX_WAIT: Duration = Duration::from_secs(30);

pub(super) fn read(node: &Node<'_>) -> Option<Upstream> {
    let table = node.table()?;
    let base = table.want("base_url", "the address to which paths are added");
    let base_url = base.as_ref().and_then(|node| node.word());
    if let (Some(node), Some(address)) = (&base, base_url) {
        check_base(node, address);
    }
    let hosts = table.get("hosts").map(|node| each(&node, host));
    let ca_files = table.get("ca_files");
    let identity_file = table.get("identity_file");
    let proxy = table.get("proxy");
    let of_machine = [
        ("ca_files", &ca_files),
        ("identity_file", &identity_file),
        ("proxy", &proxy),
    ];
    let place = |(key, node): (_, &Option<Node<'_>>)| Some((key, node.as_ref()?.span().clone()));
    let of_machine = OfMachine(of_machine.into_iter().filter_map(place).collect());
    let ca_files = ca_files.map(|node| each(&node, Node::whole_path));
    let identity_file = identity_file.and_then(|node| node.whole_path());
    let proxy = proxy.and_then(|node| read_proxy(&node));
    let timeout = table.get("timeout_seconds").map(|node| node.seconds());
    let connect_timeout = table
        .get("connect_timeout_seconds")
        .map(|node| node.seconds());
    let limit = table
        .get("max_response_bytes")
        .map(|node| node.number(1, 1 << 30));
    let retries = table.get("retries").map(|node| node.number(0, 10));
    let in_flight = table.get("in_flight").and_then(|node| in_flight(&node));
    let rate = table.get("rate").map(|node| rate(&node));
    if rate.is_none() {
        table.notes.warn(
            node.span(),
            "there is no `rate`, so no operation has a limit; say how many calls a second the upstream bears",
        );
    }
    table.finish();
    Some(Upstream {
        base_url: base_url?.to_owned(),
        hosts: hosts.flatten().unwrap_or_default(),
        ca_files: ca_files.flatten().unwrap_or_default(),
        identity_file,
        proxy,
        of_machine,
        timeout: timeout.flatten(),
        connect_timeout: connect_timeout.flatten(),
        max_response_bytes: limit.flatten(),
        retries: retries.flatten(),
        in_flight,
        rate: rate.flatten(),
    })
}

/// The parts of a list.
fn each<'a, T>(node: &Node<'a>, read: impl Fn(&Node<'a>) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<_> = node.list()?.iter().map(read).collect();
    all.into_iter().collect()
}

/// A host beside that of `base_url`, with or without port.
fn host(node: &Node<'_>) -> Option<String> {
    let text = node.word()?;
    let url = reqwest::Url::parse(&format!("https://{text}/"));
    if text.contains(['/', '?', '#', '@', '\\']) || url.is_err() {
        node.error(format!(
            "`{text}` is no host; give `host` or `host:port`, without path"
        ));
    }
    Some(text.to_owned())
}

fn read_proxy(node: &Node<'_>) -> Option<Proxy> {
    let table = node.table()?;
    let url = table.want("url", "`http://host:port`");
    let url = url.and_then(|node| {
        let text = node.word()?;
        // The text is not shown: a password may be in it.
        match reqwest::Url::parse(text) {
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                node.error(
                    "`proxy.url` holds credentials; give `user` and `password` apart from it",
                );
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") => {}
            Ok(_) | Err(_) => {
                node.error("`proxy.url` is no address of a proxy; give `http://host:port`");
            }
        }
        Some(text)
    });
    let user = table.get("user").map(|node| node.word());
    let password = table.get("password").map(|node| auth::reference(&node));
    if user.is_some() != password.is_some() {
        table.error("a proxy takes `user` and `password` together; give both or none");
    }
    table.finish();
    Some(Proxy {
        url: url?.to_owned(),
        login: match (user.flatten(), password.flatten()) {
            (Some(user), Some(password)) => Some((user.to_owned(), password)),
            (Some(_) | None, Some(_) | None) => None,
        },
    })
}

fn in_flight(node: &Node<'_>) -> Option<InFlightSettings> {
    let table = node.table()?;
    let calls = table.want("calls", "calls at a time").and_then(|node| {
        let calls = node.number::<usize>(1, 100_000)?;
        NonZeroUsize::new(calls)
    });
    let max_wait = table.get("max_wait_seconds").map(|node| node.seconds());
    table.finish();
    Some(InFlightSettings {
        calls: calls?,
        max_wait: max_wait.flatten().unwrap_or(MAX_WAIT),
    })
}

fn check_base(node: &Node<'_>, address: &str) {
    let url = match reqwest::Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Ok(_) | Err(_) => {
            node.error(format!(
                "`{address}` is no address; give `https://host/path`"
            ));
            return;
        }
    };
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        node.error("`base_url` holds credentials, a query or a fragment; give host and path alone");
    }
    warn_of_plain(node, &url);
}

/// Warns of an address that is not encrypted and not of this machine.
pub(super) fn warn_of_plain(node: &Node<'_>, url: &reqwest::Url) {
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "http" && !here {
        node.warn("`http://` sends credentials and personal data readable over the network; use `https://`");
    }
}

fn rate(node: &Node<'_>) -> Option<Rate> {
    let table = node.table()?;
    let number = |node: Node<'_>| node.number::<u32>(1, 100_000).and_then(NonZeroU32::new);
    let per_second = table.want("per_second", "calls a second").and_then(number);
    let burst = match table.get("burst") {
        Some(node) => number(node),
        None => per_second,
    };
    let max_wait = table.get("max_wait_seconds").map(|node| node.seconds());
    table.finish();
    Some(Rate {
        per_second: per_second?,
        burst: burst?,
        max_wait: max_wait.flatten().unwrap_or(MAX_WAIT),
    })
}
