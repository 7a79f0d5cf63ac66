//! Where heads of the log are handed to, out of reach of whoever keeps the log: a folder of somebody else's, a
//! webhook, or a mail spool.
//!
//! Who holds a head can tell for ever whether the log grew out of it. So a later head never replaces an
//! earlier one, and a log that was set back is refused.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clerkwork_core::Timestamp;
use clerkwork_ledger::StoredCheckpoint;
use reqwest::Url;

use crate::AuditConfig;

/// How long a webhook may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who is told each head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witness {
    /// A folder: a file for each head.
    Folder(PathBuf),
    /// A POST of the head as text.
    Webhook(Url),
    /// A Maildir that a mail system empties.
    Spool {
        /// The Maildir.
        folder: PathBuf,
        /// Whom the mail is for.
        to: String,
        /// Whom it is from.
        from: String,
    },
}

/// Why a witness was not told.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The setting makes no sense.
    #[error("{0}")]
    Wrong(String),
    /// The file cannot be written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It knows another log than this one.
    #[error(
        "`{}` is a later head, or another of the same size: the log was set back or changed, look into it",
        .0.display()
    )]
    Contradicted(PathBuf),
    /// The webhook was not reached, or said no.
    #[error("{0}")]
    Webhook(String),
}

impl Witness {
    /// A webhook. Over the network it must be HTTPS.
    ///
    /// # Errors
    /// [`WitnessError::Wrong`].
    pub fn webhook(url: &str) -> Result<Self, WitnessError> {
        let wrong = |why: String| WitnessError::Wrong(format!("`{url}` is no webhook: {why}"));
        let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        let host = parsed
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']']);
        let own = host == "localhost"
            || host
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        match parsed.scheme() {
            "https" => Ok(Self::Webhook(parsed)),
            "http" if own => Ok(Self::Webhook(parsed)),
            _ => Err(wrong("use `https://`, or `http://` on this machine".into())),
        }
    }

    /// A mail spool.
    ///
    /// # Errors
    /// [`WitnessError::Wrong`].
    pub fn spool(folder: PathBuf, to: &str, from: &str) -> Result<Self, WitnessError> {
        for address in [to, from] {
            let fits = |c: char| c.is_ascii_graphic() && !"<>,;:\\\"()[]".contains(c);
            let whole = address.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && !host.is_empty() && !host.contains('@')
            });
            if !whole || !address.chars().all(fits) {
                return Err(WitnessError::Wrong(format!(
                    "`{address}` is no address of a mailbox"
                )));
            }
        }
        Ok(Self::Spool {
            folder,
            to: to.to_owned(),
            from: from.to_owned(),
        })
    }

    /// Those of the settings.
    ///
    /// # Errors
    /// [`WitnessError::Wrong`], naming the setting.
    pub fn configured(config: &AuditConfig) -> Result<Vec<Self>, WitnessError> {
        let mut all = Vec::new();
        all.extend(config.publish_folder.clone().map(Self::Folder));
        if let Some(url) = &config.publish_webhook {
            all.push(Self::webhook(url)?);
        }
        if let Some(folder) = &config.publish_spool {
            let Some(to) = &config.publish_mail_to else {
                return Err(WitnessError::Wrong(
                    "`audit.publish_spool` needs `audit.publish_mail_to`".into(),
                ));
            };
            all.push(Self::spool(folder.clone(), to, &config.publish_mail_from)?);
        }
        Ok(all)
    }

    /// Its name in the trail; without secrets that a webhook's address may hold.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => format!("folder {}", folder.display()),
            Self::Webhook(url) => {
                let host = url.host_str().unwrap_or_default();
                let port = url
                    .port()
                    .map(|port| format!(":{port}"))
                    .unwrap_or_default();
                format!("webhook {}://{host}{port}", url.scheme())
            }
            Self::Spool { to, .. } => format!("mail {to}"),
        }
    }

    /// Tells a head.
    ///
    /// # Errors
    /// It was not told, or what it knows contradicts this head.
    pub async fn tell(&self, head: &StoredCheckpoint, now: Timestamp) -> Result<(), WitnessError> {
        match self {
            Self::Folder(folder) => keep(folder, head),
            Self::Webhook(url) => post(url, head).await,
            Self::Spool { folder, to, from } => {
                let mail = mail(head, to, from, now);
                let name = format!("{}.clerkwork-{}", now.0, head.size);
                deliver(folder, &name, &mail)
            }
        }
    }
}

fn file(path: &Path, source: std::io::Error) -> WitnessError {
    WitnessError::File {
        path: path.to_owned(),
        source,
    }
}

/// Writes a file that is there whole or not at all.
fn put(draft: &Path, path: &Path, text: &str) -> Result<(), WitnessError> {
    let mut options = OpenOptions::new();
    let opened = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .open(draft);
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(draft, path));
    if moved.is_err() {
        let _ = fs::remove_file(draft);
    }
    moved.map_err(|error| file(path, error))
}

/// A file for each head, whose names sort by size.
fn keep(folder: &Path, head: &StoredCheckpoint) -> Result<(), WitnessError> {
    let name = format!("checkpoint-{:012}", head.size);
    let path = folder.join(&name);
    let listed = fs::read_dir(folder).map_err(|error| file(folder, error))?;
    let mut names: Vec<_> = listed
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|kept| kept.starts_with("checkpoint-"))
        .collect();
    names.sort_unstable();
    if let Some(last) = names.last().filter(|last| **last > name) {
        return Err(WitnessError::Contradicted(folder.join(last)));
    }
    match fs::read_to_string(&path) {
        // The same head may be signed by other keys.
        Ok(kept) if said(&kept) == said(&head.note) => return Ok(()),
        Ok(_) => return Err(WitnessError::Contradicted(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(file(&path, error)),
    }
    put(
        &folder.join(format!(".{name}.{}", std::process::id())),
        &path,
        &head.note,
    )
}

/// What a note says, without its signatures.
fn said(note: &str) -> &str {
    note.split("\n\n").next().unwrap_or(note)
}

async fn post(url: &Url, head: &StoredCheckpoint) -> Result<(), WitnessError> {
    // An error only says that the process has chosen a provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The address may hold a secret: errors are told without it.
    let failed = |error: reqwest::Error| WitnessError::Webhook(error.without_url().to_string());
    let client = reqwest::Client::builder()
        .user_agent(concat!("clerkwork/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let sent = client
        .post(url.clone())
        .header("content-type", "text/plain; charset=utf-8")
        .body(head.note.clone())
        .send()
        .await
        .map_err(failed)?;
    match sent.status() {
        status if status.is_success() => Ok(()),
        status => Err(WitnessError::Webhook(format!("it answered {status}"))),
    }
}

/// A message (RFC 5322) with the head as its text.
fn mail(head: &StoredCheckpoint, to: &str, from: &str, now: Timestamp) -> String {
    let origin = head.note.lines().next().unwrap_or_default();
    let date = jiff::Timestamp::from_microsecond(now.0).map(|at| {
        let at = at.to_zoned(jiff::tz::TimeZone::UTC);
        jiff::fmt::rfc2822::to_string(&at).unwrap_or_default()
    });
    let host = from.rsplit('@').next().unwrap_or("localhost");
    let date = date.unwrap_or_default();
    let mut text = format!(
        "From: <{from}>\r\nTo: <{to}>\r\nDate: {date}\r\nMessage-ID: <{}.{}@{host}>\r\n\
         Subject: checkpoint of {origin}, {} entries\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
        now.0, head.size, head.size
    );
    for line in head.note.lines() {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text
}

/// Into a Maildir: written in `tmp`, moved to `new` when it is whole.
fn deliver(folder: &Path, name: &str, mail: &str) -> Result<(), WitnessError> {
    for part in ["tmp", "new", "cur"] {
        let part = folder.join(part);
        if !part.is_dir() {
            let source = std::io::ErrorKind::NotADirectory.into();
            return Err(file(&part, source));
        }
    }
    put(
        &folder.join("tmp").join(name),
        &folder.join("new").join(name),
        mail,
    )
}

#[cfg(test)]
mod tests {
    use clerkwork_core::Digest;

    use super::*;

    fn head(size: u64, root: &str) -> StoredCheckpoint {
        StoredCheckpoint {
            size,
            root: Digest([1; 32]),
            at: Timestamp(1_772_352_000_000_000),
            note: format!("tax.example/log\n{size}\n{root}\n\n— tax.example/log signature\n"),
        }
    }

    async fn told(witness: &Witness, head: &StoredCheckpoint) -> Result<(), WitnessError> {
        witness.tell(head, Timestamp(1_772_352_000_000_000)).await
    }

    #[tokio::test]
    async fn a_folder_keeps_every_head_and_notices_a_log_that_was_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let witness = Witness::Folder(folder.path().to_owned());
        told(&witness, &head(9, "a")).await.unwrap();
        told(&witness, &head(10, "b")).await.unwrap();
        told(&witness, &head(10, "b")).await.unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["checkpoint-000000000009", "checkpoint-000000000010"]
        );
        for contradicts in [head(9, "a"), head(10, "c")] {
            let refused = told(&witness, &contradicts).await;
            assert!(matches!(refused, Err(WitnessError::Contradicted(_))));
        }
        let nowhere = Witness::Folder(folder.path().join("nowhere"));
        let refused = told(&nowhere, &head(11, "d")).await.unwrap_err();
        assert!(refused.to_string().contains("nowhere"), "{refused}");
    }

    #[tokio::test]
    async fn a_spool_gets_a_whole_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let spool = Witness::spool(path.clone(), "audit@example.org", "cw@tax.example").unwrap();
        assert!(told(&spool, &head(9, "a")).await.is_err(), "no Maildir yet");
        for part in ["tmp", "new", "cur"] {
            fs::create_dir(path.join(part)).unwrap();
        }
        told(&spool, &head(9, "a")).await.unwrap();
        let mail = fs::read_dir(path.join("new"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let mail = fs::read_to_string(mail).unwrap();
        insta::assert_snapshot!(mail.replace("\r\n", "\n"));
        assert_eq!(mail.matches('\n').count(), mail.matches("\r\n").count());
        for wrong in ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b>\r\nBcc: <c@d"] {
            assert!(
                Witness::spool(path.clone(), wrong, "cw@tax.example").is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_webhook_over_the_network_is_encrypted_and_its_secret_is_not_shown() {
        for wrong in [
            "",
            "hook",
            "ftp://a/b",
            "http://example.org/hook",
            "http://10.0.0.1/",
        ] {
            assert!(Witness::webhook(wrong).is_err(), "{wrong}");
        }
        for fine in [
            "http://127.0.0.1:8080/x",
            "http://[::1]/x",
            "http://localhost/x",
        ] {
            assert!(Witness::webhook(fine).is_ok(), "{fine}");
        }
        let secret =
            Witness::webhook("https://user:pw@hooks.example.org:8443/T0/secret?k=v").unwrap();
        assert_eq!(secret.shown(), "webhook https://hooks.example.org:8443");
    }
}
