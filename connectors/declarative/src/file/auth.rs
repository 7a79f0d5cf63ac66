//! `[auth]`.

use std::collections::BTreeMap;

use super::{
    tree::{Node, Table},
    upstream,
};
use crate::{
    auth::{
        Auth,
        form::{Csrf, Form, Shown},
        oauth::OAuth,
    },
    credential::{Credential, Reference},
    extract::Locator,
};

pub(super) fn read(node: &Node<'_>) -> Option<Auth> {
    let table = node.table()?;
    let kind = table.want(
        "kind",
        "none, basic, bearer, oauth2_client_credentials or form",
    )?;
    let auth = match kind.text()? {
        "none" => Some(Auth::None),
        "basic" => {
            let username = credential(&table, "username");
            let password = credential(&table, "password");
            username
                .zip(password)
                .map(|(username, password)| Auth::Basic { username, password })
        }
        "bearer" => credential(&table, "token").map(|token| Auth::Bearer { token }),
        "oauth2_client_credentials" => oauth(&table).map(Auth::OAuth),
        "form" => form(&table).map(|form| Auth::Form(Box::new(form))),
        other => {
            kind.error(format!(
                "`{other}` is no kind of sign-in; there are: none, basic, bearer, oauth2_client_credentials, form"
            ));
            // Its keys belong to a kind that is not known.
            return None;
        }
    };
    table.finish();
    auth
}

fn credential(table: &Table<'_>, key: &'static str) -> Option<Credential> {
    reference(&table.want(
        key,
        "`{ env = \"NAME\" }`, `{ file = \"/path\" }` or `{ credential = \"name\" }`",
    )?)
}

/// Where a credential is. The credential itself has no place in the file.
pub(super) fn reference(node: &Node<'_>) -> Option<Credential> {
    if !node.is_table() {
        node.error("a credential does not belong into this file; name where it is: `{ env = \"NAME\" }`, `{ file = \"/path\" }` or `{ credential = \"name\" }`");
        return None;
    }
    let table = node.table()?;
    let env = table.get("env");
    let file = table.get("file");
    let name = table.get("credential");
    let reference =
        match (env, file, name) {
            (Some(node), None, None) => node.word().map(|name| Reference::Env(name.to_owned())),
            (None, Some(node), None) => node.whole_path().map(Reference::File),
            (None, None, Some(node)) => node.word().and_then(|name| {
                match name.contains(['/', '\\']) || name.starts_with('.') {
                    false => Some(Reference::Systemd(name.to_owned())),
                    true => {
                        node.error(format!(
                            "`{name}` is no name of a credential; give a name without `/`"
                        ));
                        None
                    }
                }
            }),
            _ => {
                table.error("name one of `env`, `file` and `credential`");
                None
            }
        };
    table.finish();
    reference.map(Credential::new)
}

fn oauth(table: &Table<'_>) -> Option<OAuth> {
    let url = table.want("token_url", "a path below `base_url` or a whole address");
    let url = url.and_then(|node| {
        let text = node.word()?;
        if let Ok(url) = reqwest::Url::parse(text) {
            upstream::warn_of_plain(&node, &url);
        }
        Some(text)
    });
    let client_id = credential(table, "client_id");
    let client_secret = credential(table, "client_secret");
    let scope = table.get("scope").and_then(|node| node.word());
    let in_body = table.get("client_in").map(|node| match node.text()? {
        "header" => Some(false),
        "body" => Some(true),
        other => {
            node.error(format!(
                "`{other}` is no place for the client's credentials; there are: header, body"
            ));
            None
        }
    });
    Some(OAuth {
        token_url: url?.to_owned(),
        client_id: client_id?,
        client_secret: client_secret?,
        scope: scope.map(str::to_owned),
        in_body: in_body.unwrap_or(Some(false))?,
    })
}

fn form(table: &Table<'_>) -> Option<Form> {
    let page = table.get("page").and_then(|node| node.word());
    let action = table
        .want("action", "the path to which the form is sent")
        .and_then(|node| node.word());
    let csrf = table.get("csrf").map(|node| csrf(&node));
    if let (Some(_), None) = (&csrf, page) {
        table.error("`auth.csrf` needs `auth.page`, the page that it is on");
    }
    let fields = table.want("fields", "the credentials by the names of their fields");
    let fields = fields.and_then(|node| {
        let fields = node.table()?;
        let all: Vec<_> = fields
            .entries()
            .map(|(name, _, node)| Some((name.to_owned(), reference(&node)?)))
            .collect();
        all.into_iter().collect::<Option<BTreeMap<_, _>>>()
    });
    let extra = table.get("extra").and_then(|node| {
        let extra = node.table()?;
        let all: Vec<_> = extra
            .entries()
            .map(|(name, _, node)| Some((name.to_owned(), node.text()?.to_owned())))
            .collect();
        all.into_iter().collect::<Option<BTreeMap<_, _>>>()
    });
    let success = table
        .want("success", "how a sign-in that came off is recognised")
        .and_then(|node| shown(&node, true));
    let expired = table
        .want("expired", "how a session that is over is recognised")
        .and_then(|node| shown(&node, false));
    Some(Form {
        page: page.map(str::to_owned),
        action: action?.to_owned(),
        csrf: csrf.map_or(Some(None), |csrf| csrf.map(Some))?,
        fields: fields?,
        extra: extra.unwrap_or_default(),
        success: success?,
        expired: expired?,
    })
}

fn selector(node: &Node<'_>) -> Option<Locator> {
    Locator::css(node.word()?)
        .map_err(|why| node.error(why))
        .ok()
}

fn csrf(node: &Node<'_>) -> Option<Csrf> {
    let table = node.table()?;
    let found = table
        .want("selector", "where the token stands on the page")
        .and_then(|node| selector(&node));
    let attribute = table
        .get("attribute")
        .map_or(Some("value"), |node| node.word());
    let field = table
        .want("field", "the name of its field in the form")
        .and_then(|node| node.word());
    table.finish();
    Some(Csrf {
        selector: found?,
        attribute: attribute?.to_owned(),
        field: field?.to_owned(),
    })
}

fn shown(node: &Node<'_>, with_cookie: bool) -> Option<Shown> {
    let table = node.table()?;
    let by_selector = table.get("selector").map(|node| selector(&node));
    let location = table.get("location").and_then(|node| node.word());
    let statuses = table
        .get("status")
        .and_then(|node| super::answer::statuses(&node));
    let cookie = match with_cookie {
        true => table.get("cookie").and_then(|node| node.word()),
        false => None,
    };
    let shown = Shown {
        selector: by_selector.map_or(Some(None), |selector| selector.map(Some))?,
        location: location.map(str::to_owned),
        statuses: statuses.unwrap_or_default(),
        cookie: cookie.map(str::to_owned),
    };
    if shown.is_empty() {
        table.error("nothing says how it is recognised; give `selector`, `location`, `status` or, for `success`, `cookie`");
    }
    table.finish();
    Some(shown)
}
